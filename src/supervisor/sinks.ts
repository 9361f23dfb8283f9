import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import type { ProcessIdentity } from '../domain/process-identity.ts';
import type { OutputBrake } from '../logs/backlog-bound.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { writeWhole } from '../storage/write-whole.ts';
import { isAlive, readProcess, type ProcessEntry } from './process-table.ts';
import { signalProcess } from './process-tree.ts';

/** What a sink is called: see shim.sh. */
const SINK_NAME = 'cat';
const identities = z.array(z.object({ pid: z.int().positive(), startTicks: z.int().nonnegative() }));

/**
 * The sinks of one job as a brake: while they are stopped the program waits in its next write. The program itself is never
 * stopped.
 *
 * Who they are is on file before they are stopped for the first time, so that the next server can let them go on. Nobody is
 * signalled whose pid and start time do not match.
 * Known gap: sinks that a server stopped which was killed, and that no server comes back to, stay stopped.
 */
export class Sinks implements OutputBrake {
  readonly #directory: JobDirectory;
  readonly #shim: ProcessIdentity;
  readonly #pass: PassCheckpoint;
  #found: readonly ProcessIdentity[] = [];

  constructor(directory: JobDirectory, shim: ProcessIdentity, pass: PassCheckpoint = passUnwatched) {
    this.#directory = directory;
    this.#shim = shim;
    this.#pass = pass;
  }

  /** Lets go on what a former server may have stopped. For a job of this boot and pid namespace alone. */
  static releaseFormer(directory: JobDirectory): void {
    for (const sink of readSinks(directory)) signalProcess(sink, 'SIGCONT');
  }

  hold(): boolean {
    if (this.#found.length === 0 && !this.#find()) return false;
    const stopped = this.#found.filter((sink) => signalProcess(sink, 'SIGSTOP'));
    if (stopped.length > 0) this.#pass('SINKS_STOPPED');
    return stopped.length > 0;
  }

  release(): void {
    for (const sink of this.#found) signalProcess(sink, 'SIGCONT');
  }

  #find(): boolean {
    const found = sinksOf(this.#shim).map(({ pid, startTicks }) => ({ pid, startTicks }));
    if (found.length === 0) return false;
    try {
      writeWhole(this.#directory.sinksPath, JSON.stringify(found));
    } catch {
      // A full disk: nobody is stopped whom the next server would not know.
      return false;
    }
    this.#found = found;
    return true;
  }
}

/** The sinks are below the shim and in its session, where the program never is once it runs. */
function sinksOf(shim: ProcessIdentity): ProcessEntry[] {
  if (!isAlive(shim)) return [];
  const below: ProcessEntry[] = [];
  const pending = [shim.pid];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    for (const child of childrenOf(pid)) {
      if (child.sessionId !== shim.pid || child.startTicks < shim.startTicks) continue;
      below.push(child);
      pending.push(child.pid);
    }
  }
  return below.filter(({ name }) => name === SINK_NAME);
}

/** Source: proc_tid_children(5). Nobody where the kernel does not tell. */
function childrenOf(pid: number): ProcessEntry[] {
  try {
    return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, 'latin1')
      .split(' ')
      .filter((text) => text !== '')
      .flatMap((text) => readProcess(Number(text)) ?? []);
  } catch {
    return [];
  }
}

function readSinks(directory: JobDirectory): readonly ProcessIdentity[] {
  try {
    return identities.parse(JSON.parse(readFileSync(directory.sinksPath, 'utf8')));
  } catch {
    return [];
  }
}
