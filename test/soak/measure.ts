import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { descriptorCount } from '../end-to-end/harness/processes.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';

/** What a server takes that has nothing to do. */
export interface Measure {
  readonly residentBytes: number;
  readonly descriptors: number;
  readonly databaseBytes: number;
}

/** How long a server is left alone before it is measured, so that V8 gives back what it has no use for. */
const SETTLE_MS = 3_000;

/** Once nothing runs. @throws Error where something is left: a counter, a descriptor, a process */
export async function measureQuiet(server: LifelineServer): Promise<Measure> {
  await server.assertNothingIsLeft();
  await delay(SETTLE_MS);
  const root = `/proc/${String(server.pid)}`;
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`${root}/status`, 'latin1'))?.[1];
  return {
    residentBytes: Number(resident) * 1024,
    descriptors: descriptorCount(server.pid),
    databaseBytes: statSync(join(`${root}/root${server.dataDirectory}`, 'lifeline.db')).size,
  };
}
