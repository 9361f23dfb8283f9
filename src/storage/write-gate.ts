import { setTimeout as delay } from 'node:timers/promises';
import { passUnwatched, type PassCheckpoint } from '../domain/checkpoint.ts';
import { asToldOfDisk, isDiskFull } from './disk-full.ts';
import type { PrismaClient } from './generated/client.ts';
import { type Prisma } from './generated/client.ts';

/** How long a write is tried again while something else holds the database's lock. */
const BUSY_LIMIT_MS = 10_000;

/** How many that wait are committed together. */
const MOST_TOGETHER = 64;

interface Waiting {
  readonly work: (tx: Prisma.TransactionClient) => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Settled = { readonly result: unknown } | { readonly error: unknown };

/**
 * The one way to write: every write and transaction passes here, one after the other.
 *
 * Why: Prisma shares one SQLite connection between callers. A write that is acknowledged while another caller's
 * transaction is open disappears when that one rolls back (prototype: 900 of 1,800; behind this gate 0 of 1,200).
 * A foreign lock (a backup tool) is waited for without holding up the event loop.
 *
 * Those that wait while others are being written are committed together, in their order, each in a savepoint of its own: a commit
 * waits for the disk, and 500 services that start make 4,000 of them. Nobody is answered before the commit.
 */
export class WriteGate {
  readonly #client: PrismaClient;
  readonly #pass: PassCheckpoint;
  #waiting: Waiting[] = [];
  #writing: Promise<void> = Promise.resolve();

  constructor(client: PrismaClient, pass = passUnwatched) {
    this.#client = client;
    this.#pass = pass;
  }

  /**
   * Runs `work` alone in a transaction; a rejection rolls everything of it back. Where the disk is full that is a DiskLowError. It must not wait for anything but the
   * database, and may be run again where the database was locked.
   */
  async transaction<T>(work: (tx: Prisma.TransactionClient) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // What `work` gives is a T, and comes back here alone.
      const entry = { work, resolve: resolve as (result: unknown) => void, reject };
      this.#waiting.push(entry);
      if (this.#waiting.length === 1) this.#writing = this.#writing.then(() => this.#writeWaiting());
    });
  }

  /** Waits until everything that has entered is done. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0) await this.#writing;
    await this.#writing;
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#waiting.slice(0, MOST_TOGETHER);
      await this.#commit(together);
      this.#waiting = this.#waiting.slice(together.length);
    }
  }

  async #commit(together: readonly Waiting[]): Promise<void> {
    let settled: readonly Settled[];
    try {
      settled = await retryWhileBusy(() =>
        this.#client.$transaction((tx) => runAll(tx, together), { maxWait: 5_000, timeout: 20_000 }),
      );
      this.#pass('DATABASE_COMMITTED');
    } catch (error) {
      const told = asToldOfDisk(error);
      for (const { reject } of together) reject(told);
      return;
    }
    for (const [at, { resolve, reject }] of together.entries()) {
      const end = settled[at];
      if (end !== undefined && 'result' in end) resolve(end.result);
      else reject(end?.error);
    }
  }
}

/** Each in a savepoint; one alone needs none. @throws where the whole has to be rolled back */
async function runAll(
  tx: Prisma.TransactionClient,
  together: readonly Waiting[],
): Promise<readonly Settled[]> {
  const [first, ...others] = together;
  if (first !== undefined && others.length === 0) return [{ result: await first.work(tx) }];
  const settled: Settled[] = [];
  for (const { work } of together) {
    await tx.$executeRaw`SAVEPOINT entry`;
    try {
      settled.push({ result: await work(tx) });
    } catch (error) {
      // Nothing of it can be written while somebody else holds the lock, nor where SQLite has rolled all of it back by itself.
      if (isBusy(error) || isDiskFull(error)) throw error;
      await tx.$executeRaw`ROLLBACK TO entry`;
      settled.push({ error });
    }
    await tx.$executeRaw`RELEASE entry`;
  }
  return settled;
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
