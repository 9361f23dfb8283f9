import { fork } from 'node:child_process';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { Database } from '../../src/storage/database.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

let scratch: ScratchDirectory;
let directory: DataDirectory;
let database: Database;
beforeEach(async () => {
  scratch = new ScratchDirectory();
  directory = DataDirectory.prepare(scratch.file('data'));
  database = await Database.open(directory);
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
  scratch[Symbol.dispose]();
});

function row(id: number) {
  return {
    id,
    status: 'QUEUED',
    reason: 'NONE',
    command: '[]',
    cwd: '/',
    env: '[]',
    labels: '[]',
    gracePeriodMs: 0,
    onEnd: 'WAIT',
    queuedAt: new Date(),
  };
}

describe('the gate that every write passes', () => {
  it('loses none of 600 acknowledged writes beside as many transactions that fail', async () => {
    const acknowledged: number[] = [];
    const failures = await Promise.allSettled(
      Array.from({ length: 1_200 }, async (_, index) => {
        await database.gate.transaction(async (tx) => {
          await tx.job.create({ data: row(index + 1) });
          await tx.jobTransition.create({
            data: { jobId: index + 1, number: 1, to: 'QUEUED', at: new Date(), reason: 'NONE' },
          });
          if (index % 2 === 1) throw new Error('on purpose');
        });
        acknowledged.push(index + 1);
      }),
    );
    expect(failures.filter(({ status }) => status === 'rejected')).toHaveLength(600);
    const rows = await database.read.job.findMany({ select: { id: true }, orderBy: { id: 'asc' } });
    expect(rows.map(({ id }) => id)).toEqual(acknowledged.sort((a, b) => a - b));
    expect(acknowledged).toHaveLength(600);
    expect(await database.read.jobTransition.count()).toBe(600);
  });

  it('runs one after the other in the order of arrival', async () => {
    const order: number[] = [];
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) =>
        database.gate.transaction(async (tx) => {
          order.push(index);
          await tx.job.create({ data: row(index + 1) });
          order.push(index);
        }),
      ),
    );
    expect(order).toEqual(Array.from({ length: 40 }, (_, index) => Math.floor(index / 2)));
  });

  it('commits together what waits together, and answers nobody before', async () => {
    let commits = 0;
    const other = DataDirectory.prepare(scratch.file('other'));
    await using counted = await Database.open(other, (checkpoint) => {
      if (checkpoint === 'DATABASE_COMMITTED') commits += 1;
    });
    const seen = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        await counted.gate.transaction((tx) => tx.job.create({ data: row(index + 1) }));
        return counted.read.job.findUnique({ where: { id: index + 1 }, select: { id: true } });
      }),
    );
    expect(seen.map((found) => found?.id)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
    expect(commits).toBeLessThan(20);
  });

  it('waits for a foreign lock without holding up the event loop, and loses nothing', async () => {
    const program = `
      const Sqlite = require('better-sqlite3');
      const database = new Sqlite(process.argv[1]);
      database.exec('BEGIN IMMEDIATE');
      process.send('locked');
      process.on('message', () => { database.exec('ROLLBACK'); process.exit(0); });`;
    const locker = fork('-e', [], { execArgv: ['-e', program, directory.databasePath], stdio: 'inherit' });
    try {
      await new Promise((resolve) => locker.once('message', resolve));
      const write = database.gate.transaction(async (tx) => tx.job.create({ data: row(1) }));
      let turns = 0;
      const timer = setInterval(() => (turns += 1), 10);
      // The busy timeout of one attempt is 250 ms; the loop turns between the attempts.
      while (turns < 5) await new Promise((resolve) => setImmediate(resolve));
      clearInterval(timer);
      expect(await database.read.job.count()).toBe(0);
      locker.send('release');
      await write;
      expect(await database.read.job.count()).toBe(1);
    } finally {
      locker.kill('SIGKILL');
    }
  });
});

describe('the database', () => {
  it('refuses writes of the client for queries', async () => {
    await expect(database.read.job.create({ data: row(1) })).rejects.toThrow();
  });

  it('is kept in write-ahead mode with foreign keys, and is whole', () => {
    const file = new Sqlite(directory.databasePath, { readonly: true });
    try {
      expect(file.pragma('journal_mode', { simple: true })).toBe('wal');
      expect(file.pragma('integrity_check', { simple: true })).toBe('ok');
    } finally {
      file.close();
    }
  });

  it('keeps a foreign key: a transition without its job is refused', async () => {
    await expect(
      database.gate.transaction(async (tx) =>
        tx.jobTransition.create({
          data: { jobId: 99, number: 1, to: 'QUEUED', at: new Date(), reason: 'NONE' },
        }),
      ),
    ).rejects.toThrow();
  });
});
