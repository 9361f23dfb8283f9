import { cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- a test looks at what a killed server has left
import BetterSqlite3 from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHECKPOINTS_OF_A_MIGRATION } from '../../src/domain/checkpoint.ts';
import { migrationNames } from '../../src/storage/migration-files.ts';
import { reconciliation } from './harness/between-lives.ts';
import { startScript, untilOver, untilStatus, cancelJob, findJob } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { makeOldest } from './harness/oldest-format.ts';
import { processesMentioning, signal } from './harness/processes.ts';
import { ServerControl } from './harness/server-control.ts';
import { untilTrue } from './harness/until-true.ts';

/** So many starts are killed, at times that are spread over what a migration takes. */
const KILLS = 6;
const NAMES = migrationNames();

let control: ServerControl;
let server: LifelineServer;
/** Of the jobs in the database: two that have ended, and one that runs. */
let jobIds: string[];

beforeEach(async () => {
  control = new ServerControl();
  server = await LifelineServer.start(control.options);
  jobIds = [];
  for (const script of ['exit 0', 'exit 3', 'exec sleep 1000'])
    jobIds.push(await startScript(server, script));
  for (const jobId of jobIds.slice(0, 2)) await untilOver(server, jobId);
  await untilStatus(server, jobIds[2]!, 'RUNNING');
  await server.end('SIGKILL');
  makeOldest(server.dataDirectory);
});
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
    control[Symbol.dispose]();
  }
});

function copies(): string[] {
  return readdirSync(server.dataDirectory).filter((name) => name.startsWith('migrating-'));
}

/** The migrations that the database has had, which is whole and has all jobs. */
function lookAtDatabase(): string[] {
  const database = new BetterSqlite3(join(server.dataDirectory, 'lifeline.db'), { readonly: true });
  try {
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(database.prepare('SELECT id FROM Job ORDER BY id').pluck().all().map(String)).toEqual(
      expect.arrayContaining(jobIds),
    );
    return database
      .prepare('SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL ORDER BY 1')
      .pluck()
      .all() as string[];
  } finally {
    database.close();
  }
}

/** A start that is not disturbed. */
async function startInPeace(): Promise<void> {
  await server.launch();
  expect(await reconciliation(server)).toMatchObject({ adopted: 1, lost: 0, imported: 0, ignored: 0 });
  expect(copies()).toEqual([]);
  expect(lookAtDatabase()).toEqual(NAMES);
  expect(await findJob(server, jobIds[1]!)).toMatchObject({ status: 'FAILED', exitCode: 3 });
  await cancelJob(server, jobIds[2]!, 0);
  await untilOver(server, jobIds[2]!);
  await untilTrue(() => processesMentioning(join(server.dataDirectory, 'migrating-')).length === 0, {
    what: 'the end of the processes of migrations',
  });
}

describe('a start that is killed while it migrates', () => {
  it.each(CHECKPOINTS_OF_A_MIGRATION)('at %s leaves the old database or the new one', async (checkpoint) => {
    control.killAt(checkpoint);
    await expect(server.launch()).rejects.toThrow('ended before it was ready');
    expect(control.kills).toEqual([checkpoint]);
    expect(lookAtDatabase()).toEqual(checkpoint === 'DATABASE_REPLACED' ? NAMES : NAMES.slice(0, 1));
    await startInPeace();
  });

  it('in a new data directory, at every passage, is followed by one that works', async () => {
    await startInPeace();
    await server.end('SIGTERM');
    for (const checkpoint of CHECKPOINTS_OF_A_MIGRATION) {
      rmSync(server.dataDirectory, { recursive: true });
      control.killAt(checkpoint);
      await expect(server.launch()).rejects.toThrow('ended before it was ready');
    }
    expect(control.kills).toEqual(CHECKPOINTS_OF_A_MIGRATION);
    await server.launch();
    expect(copies()).toEqual([]);
    await untilOver(server, await startScript(server, 'exit 0'));
  });

  it('at any time leaves the old database or the new one, whole, and another start migrates', async () => {
    const data = server.dataDirectory;
    const kept = server.scratch.file('kept');
    cpSync(join(data, 'lifeline.db'), kept);
    const makeOldAgain = (): void => {
      for (const suffix of ['-wal', '-shm', '-journal'])
        rmSync(join(data, `lifeline.db${suffix}`), { force: true });
      cpSync(kept, join(data, 'lifeline.db'));
    };
    const seen = { old: 0, new: 0 };
    let spanMs = 0;
    // The first is let come to its new database, which says how long that takes.
    for (let round = 0; round <= KILLS; round += 1) {
      const former = new Set(copies());
      const launching = server.launch().catch(() => undefined);
      await untilTrue(() => copies().some((name) => !former.has(name)), { what: 'a copy' });
      const beganMs = performance.now();
      const hasRun = (): boolean =>
        round === 0 ? copies().length === 0 : performance.now() - beganMs >= (spanMs * round) / KILLS;
      await untilTrue(hasRun, { what: 'the moment of its death' });
      if (round === 0) spanMs = performance.now() - beganMs;
      await server.end('SIGKILL');
      await launching;
      const names = lookAtDatabase();
      expect([NAMES, NAMES.slice(0, 1)]).toContainEqual(names);
      seen[names.length === 1 ? 'old' : 'new'] += 1;
      if (names.length > 1) makeOldAgain();
    }
    expect(seen.old).toBeGreaterThan(0);
    expect(seen.new).toBeGreaterThan(0);
    await startInPeace();
  });

  it('and one whose process of the migrations is killed refuses, and changes nothing', async () => {
    const launching = server.launch().catch((error: unknown) => error);
    const worker = await untilTrue(
      () => processesMentioning(join(server.dataDirectory, 'migrating-'))[0]?.pid ?? false,
      { what: 'the process of the migrations' },
    );
    signal(worker, 'SIGKILL');
    expect(String(await launching)).toMatch(
      /could not be brought to this version: the process of the migrations ended with SIGKILL/,
    );
    expect(lookAtDatabase()).toEqual(NAMES.slice(0, 1));
    expect(copies()).toEqual([]);
    await startInPeace();
  });
});
