import BetterSqlite3 from 'better-sqlite3';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import type { ServerControl } from '../end-to-end/harness/server-control.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import type { CountingJob, ProcessNote } from './counting-job.ts';

/** Opens the database beside the server; the caller closes it. */
export function openDatabase(server: LifelineServer, options: BetterSqlite3.Options = {}) {
  return new BetterSqlite3(join(server.dataDirectory, 'lifeline.db'), { timeout: 5_000, ...options });
}

/** What the event loop of a server holds when it has nothing to do: the base line for later looks. */
export async function quietResources(
  server: LifelineServer,
  control: ServerControl,
): Promise<Readonly<Record<string, number>>> {
  await server.assertNothingIsLeft();
  return (await control.report(server)).resources;
}

/**
 * What must hold after every round, held against what was not the server's to say: its counters are zero and so are its
 * surplus descriptors and children; its timers and watches are those of a server that does nothing; no process that a
 * fixture wrote down lives; the database is whole and its active map empty.
 */
export async function checkAfterRound(
  server: LifelineServer,
  control: ServerControl,
  jobs: readonly CountingJob[],
  quiet: Readonly<Record<string, number>>,
): Promise<void> {
  await server.assertNothingIsLeft();
  const left = jobs.flatMap((job) => job.processes.filter(isAlive));
  assert.deepEqual(left, [], 'processes of the jobs that still live');
  let surplus: unknown;
  await untilTrue(
    async () => {
      const { resources } = await control.report(server);
      const found = Object.entries(resources).filter(([name, count]) => count > (quiet[name] ?? 0));
      surplus = found;
      return found.length === 0;
    },
    { what: 'an idle event loop', limitMs: 20_000 },
  ).catch((error: unknown) => {
    throw new Error(`the event loop still holds ${JSON.stringify(surplus)}`, { cause: error });
  });
  const database = openDatabase(server, { readonly: true });
  try {
    assert.equal(database.pragma('integrity_check', { simple: true }), 'ok');
    assert.deepEqual(database.pragma('foreign_key_check'), []);
    assert.deepEqual(database.prepare('SELECT * FROM ActiveJob').all(), []);
  } finally {
    database.close();
  }
}

export function isAlive({ pid, startTicks }: ProcessNote): boolean {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return false;
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] !== 'Z' && fields[0] !== 'X' && Number(fields[19]) === startTicks;
}
