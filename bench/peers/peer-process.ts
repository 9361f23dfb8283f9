import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Deadline } from '../harness/deadline.ts';
import type { BenchContext } from '../harness/context.ts';
import { deliver, type Delivery, type LineSource, type PreparedLog } from '../harness/line-source.ts';
import type { PeerCommand, PeerMessage, PeerSetup } from './peer-messages.ts';

/** How long a peer may take to be installed and started, and to end. */
const START_MS = 120_000;
const END_MS = 10_000;

/** A peer that cannot be had here; the message says why. */
export class PeerUnavailableError extends Error {
  override readonly name = 'PeerUnavailableError';
}

export interface PeerOptions {
  readonly name: string;
  /** Its script, beside this file. */
  readonly script: string;
  readonly document?: string;
  readonly linesPerEvent?: number;
}

/** A peer's script in a process of its own: started → ready → disposed. */
export class PeerProcess implements LineSource {
  readonly name: string;
  readonly version: string;
  /** For the logs to come; where the peer lets its user choose. */
  linesPerEvent: number;
  readonly #process: ChildProcess;
  readonly #context: BenchContext;

  private constructor(
    { name, linesPerEvent = 1 }: PeerOptions,
    child: ChildProcess,
    ready: PeerMessage & { kind: 'ready' },
    context: BenchContext,
  ) {
    this.name = name;
    this.linesPerEvent = linesPerEvent;
    this.version = ready.version;
    this.#process = child;
    this.#context = context;
  }

  /** @throws PeerUnavailableError where it cannot be had */
  static async open(options: PeerOptions, context: BenchContext): Promise<PeerProcess> {
    const scratch = context.scratchPath('peer');
    mkdirSync(scratch);
    const setup: PeerSetup = {
      linesPath: context.linesPath,
      scratch,
      document: options.document ?? 'all',
    };
    const child = fork(join(import.meta.dirname, options.script), [JSON.stringify(setup)], {
      execArgv: ['--import', 'tsx'],
    });
    try {
      using deadline = new Deadline(START_MS, context.signal);
      const ready = await nextMessage(child, deadline.signal);
      if (ready.kind === 'unavailable') throw new PeerUnavailableError(ready.reason);
      if (ready.kind !== 'ready') throw new Error(`${options.name} said ${ready.kind} before it was ready.`);
      return new PeerProcess(options, child, ready, context);
    } catch (error) {
      await end(child);
      throw error;
    }
  }

  async prepare(readers: number, lines: number): Promise<PreparedLog> {
    this.#tell({ kind: 'prepare', lines, readers, linesPerEvent: this.linesPerEvent });
    const prepared = await nextMessage(this.#process, this.#context.signal);
    if (prepared.kind !== 'prepared') throw new Error(`${this.name} is not prepared.`);
    return {
      ...prepared,
      begin: () => {
        this.#tell({ kind: 'go' });
      },
    };
  }

  async deliver(readers: number, lines: number): Promise<Delivery> {
    const log = await this.prepare(readers, lines);
    return await deliver(log, readers, lines, this.#context);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await end(this.#process);
  }

  #tell(command: PeerCommand): void {
    this.#process.send(command);
  }
}

function nextMessage(child: ChildProcess, signal: AbortSignal): Promise<PeerMessage> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      child.off('message', onMessage);
      child.off('exit', onExit);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onMessage = (message: PeerMessage): void => settle(() => resolve(message));
    const onExit = (): void => settle(() => reject(new Error('The peer ended by itself.')));
    const onAbort = (): void => settle(() => reject(signal.reason as Error));
    child.on('message', onMessage);
    child.on('exit', onExit);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), END_MS);
  await exited;
  clearTimeout(late);
}
