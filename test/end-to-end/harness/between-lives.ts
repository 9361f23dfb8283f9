import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- a test damages the database behind the server's back
import BetterSqlite3 from 'better-sqlite3';
import type { LifelineServer } from './lifeline-server.ts';

/** One entry of the list that the server gives of its start. */
export interface ReconciledView {
  readonly jobId: string;
  readonly verdict: string;
  readonly imported: boolean;
  readonly evidence: string;
  readonly job: { readonly id: string; readonly status: string } | null;
}

export interface ReconciliationView {
  readonly adopted: number;
  readonly finished: number;
  readonly lost: number;
  readonly failed: number;
  readonly requeued: number;
  readonly imported: number;
  readonly ignored: number;
  readonly jobs: readonly ReconciledView[];
}

/** What the server says of its last start. */
export async function reconciliation(server: LifelineServer): Promise<ReconciliationView> {
  const answer = await server.ask<{ server: { lastReconciliation: ReconciliationView } }>(
    `{ server { lastReconciliation { adopted finished lost failed requeued imported ignored
       jobs { jobId verdict imported evidence job { id status } } } } }`,
  );
  return answer.server.lastReconciliation;
}

/** What it says of one job. @throws Error where it says nothing */
export async function reconciled(server: LifelineServer, jobId: string): Promise<ReconciledView> {
  const found = (await reconciliation(server)).jobs.filter((job) => job.jobId === jobId);
  if (found.length !== 1) throw new Error(`${String(found.length)} entries for job ${jobId}`);
  return found[0]!;
}

/** Changes the database of a server that is not running. */
export function changeDatabase(server: LifelineServer, ...statements: readonly string[]): void {
  const database = new BetterSqlite3(join(server.dataDirectory, 'lifeline.db'));
  try {
    database.pragma('foreign_keys = ON');
    for (const statement of statements) database.exec(statement);
  } finally {
    database.close();
  }
}

/** A path in the directory of a job. */
export function jobFile(server: LifelineServer, jobId: string, name = ''): string {
  return join(server.dataDirectory, 'jobs', jobId, name);
}

/** The processes of a job as its directory names them. */
export function identityOf(
  server: LifelineServer,
  jobId: string,
): { shim: { pid: number }; program: { pid: number } } {
  return JSON.parse(readFileSync(jobFile(server, jobId, 'identity.json'), 'utf8')) as {
    shim: { pid: number };
    program: { pid: number };
  };
}

/** Changes what is on file of a job's identity. */
export function changeIdentity(
  server: LifelineServer,
  jobId: string,
  change: (identity: {
    host: { bootId: string; pidNamespace: string };
    shim: { pid: number; startTicks: number };
    program: { pid: number; startTicks: number };
  }) => void,
): void {
  const path = jobFile(server, jobId, 'identity.json');
  const identity = JSON.parse(readFileSync(path, 'utf8')) as Parameters<typeof change>[0];
  change(identity);
  writeFileSync(path, JSON.stringify(identity));
}
