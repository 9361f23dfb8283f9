import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { checkAfterRound, openDatabase } from '../chaos/after-round.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { descriptorCount, residentBytes } from '../end-to-end/harness/processes.ts';
import type { ServerControl } from '../end-to-end/harness/server-control.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';

/** What a server takes that has nothing to do. */
export interface Rest {
  /** Of this life of the server. */
  readonly pid: number;
  readonly heldBytes: number;
  readonly residentBytes: number;
  readonly descriptors: number;
}

/** Once nothing runs. @throws Error where something is left: a counter, a descriptor, a timer, a process, a row of the active map */
export async function atRest(
  server: LifelineServer,
  control: ServerControl,
  quiet: Readonly<Record<string, number>>,
): Promise<Rest> {
  await checkAfterRound(server, control, [], quiet);
  const { heldBytes } = await control.report(server);
  const { pid } = server;
  return { pid, heldBytes, residentBytes: residentBytes(pid), descriptors: descriptorCount(pid) };
}

/** What a data directory holds once retention has done its work. */
export interface History {
  readonly rows: Readonly<Record<string, number>>;
  readonly databaseBytes: number;
  readonly jobDirectories: number;
}

/** The audit log has bounds of its own, of a million entries. */
const WITHOUT_BOUND_HERE = ['AuditEntry'];

/** Starts the server again, so that it looks at its history at once. */
export async function historyAfterRestart(server: LifelineServer, retainedJobs: number): Promise<History> {
  await server.restart();
  await untilTrue(
    async () => {
      const { retention } = (
        await server.ask<{ server: { retention: { lastRunAt: string | null; kept: { jobs: number } } } }>(
          '{ server { retention { lastRunAt kept { jobs } } } }',
        )
      ).server;
      return retention.lastRunAt !== null && retention.kept.jobs <= retainedJobs;
    },
    { what: 'a history within its bound' },
  );
  return {
    rows: rowsOf(server),
    databaseBytes: ['lifeline.db', 'lifeline.db-wal']
      .map((name) => join(server.dataDirectory, name))
      .reduce((sum, path) => sum + (existsSync(path) ? statSync(path).size : 0), 0),
    jobDirectories: readdirSync(join(server.dataDirectory, 'jobs')).length,
  };
}

function rowsOf(server: LifelineServer): Record<string, number> {
  const database = openDatabase(server, { readonly: true });
  try {
    const tables = database
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all() as string[];
    return Object.fromEntries(
      tables
        .filter((table) => !WITHOUT_BOUND_HERE.includes(table))
        .map((table) => [table, Number(database.prepare(`SELECT count(*) FROM "${table}"`).pluck().get())]),
    );
  } finally {
    database.close();
  }
}
