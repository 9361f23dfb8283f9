import { setTimeout as delay } from 'node:timers/promises';
import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import type { PrismaClient } from './generated/client.ts';
import { type Prisma } from './generated/client.ts';

/** How long a write is tried again while something else holds the database's lock. */
const BUSY_LIMIT_MS = 10_000;

/**
 * The one way to write: every write and transaction passes here, one after the other.
 *
 * Why: Prisma shares one SQLite connection between callers. A write that is acknowledged while another caller's
 * transaction is open disappears when that one rolls back (prototype: 900 of 1,800; behind this gate 0 of 1,200).
 * A foreign lock (a backup tool) is waited for without holding up the event loop.
 */
export class WriteGate {
  readonly #client: PrismaClient;
  readonly #pass: PassCheckpoint;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(client: PrismaClient, pass = passUnwatched) {
    this.#client = client;
    this.#pass = pass;
  }

  /** Runs `work` alone in a transaction; a rejection rolls everything of it back. It must not wait for anything but the database. */
  async transaction<T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
    const result = await this.#enter(() =>
      this.#client.$transaction(work, { maxWait: 5_000, timeout: 20_000 }),
    );
    this.#pass('DATABASE_COMMITTED');
    return result;
  }

  /** Waits until everything that has entered is done. */
  async idle(): Promise<void> {
    await this.#tail;
  }

  async #enter<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(() => retryWhileBusy(write));
    this.#tail = turn.catch(() => undefined);
    return turn;
  }
}

async function retryWhileBusy<T>(write: () => Promise<T>): Promise<T> {
  const startedAtMs = performance.now();
  for (let pauseMs = 10; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    try {
      return await write();
    } catch (error) {
      if (!isBusy(error) || performance.now() - startedAtMs > BUSY_LIMIT_MS) throw error;
      await delay(pauseMs);
    }
  }
}

/** P1008 is Prisma's socket timeout, which is what SQLITE_BUSY becomes in this adapter. */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'P1008';
}
