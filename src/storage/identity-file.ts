import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { HostIdentity, ProcessIdentity } from '../domain/process-identity.ts';
import type { JobDirectory } from './job-directory.ts';
import { writeWhole } from './write-whole.ts';

/** Who the processes of a job are, and where that means something. */
export interface StoredIdentity {
  /** A random word in the program's environment, by which strays are known. */
  readonly cookie: string;
  readonly host: HostIdentity;
  readonly shim: ProcessIdentity;
  readonly program: ProcessIdentity;
}

const processIdentity = z.object({ pid: z.int().positive(), startTicks: z.int().nonnegative() });
const identity = z.object({
  cookie: z.string(),
  host: z.object({ bootId: z.string(), pidNamespace: z.string() }),
  shim: processIdentity,
  program: processIdentity,
}) satisfies z.ZodType<StoredIdentity>;

/** Called before the database hears of it, and before the gate opens. Whole or not there. */
export function writeIdentity(directory: JobDirectory, stored: StoredIdentity): void {
  writeWhole(directory.identityPath, `${JSON.stringify(stored)}\n`);
}

/** `null` where there is none that can be read: the gate of the program never opened, or the directory was removed. */
export function readIdentity(directory: JobDirectory): StoredIdentity | null {
  try {
    return identity.parse(JSON.parse(readFileSync(directory.identityPath, 'utf8')));
  } catch {
    return null;
  }
}
