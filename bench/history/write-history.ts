import { closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- a year of history is written behind the server's back
import BetterSqlite3 from 'better-sqlite3';
import { searchTextOf } from '../../src/storage/search-text.ts';

const YEAR_MS = 365 * 86_400_000;
const BLOCK = Buffer.alloc(512, 0x2e);

export interface HistorySize {
  readonly jobs: number;
  /** Apparent length of each log; all but its first block is a hole. */
  readonly logBytes: number;
}

/**
 * Writes finished jobs into the data directory of a server that is not running: rows with their transitions and labels, and
 * directories with their files, evenly over the last year. The newest ended a minute ago.
 */
export function writeHistory(dataDirectory: string, { jobs, logBytes }: HistorySize): void {
  const database = new BetterSqlite3(join(dataDirectory, 'lifeline.db'));
  try {
    const insertJob = database.prepare(
      `INSERT INTO "Job" ("id", "status", "reason", "message", "command", "cwd", "env", "labels", "gracePeriodMs", "onEnd",
        "exitCode", "queuedAt", "startedAt", "finishedAt", "allocatedBytes")
       VALUES (?, ?, 'EXITED', ?, ?, '/srv/app', ?, ?, 10000, 'KILL_TREE', ?, ?, ?, ?, ?)`,
    );
    const insertStep = database.prepare(
      `INSERT INTO "JobTransition" ("jobId", "number", "from", "to", "at", "reason") VALUES (?, ?, ?, ?, ?, ?)`,
    );
    const insertSearchText = database.prepare(`INSERT INTO "JobSearchText" ("jobId", "text") VALUES (?, ?)`);
    const insertLabel = database.prepare(`INSERT INTO "JobLabel" ("jobId", "label") VALUES (?, ?)`);
    const firstId = Number(database.prepare('SELECT COALESCE(MAX("id"), 0) FROM "Job"').pluck().get()) + 1;
    const env = JSON.stringify([{ name: 'CONFIG', value: 'x'.repeat(400) }]);
    const endMs = Date.now() - 60_000;
    database.transaction(() => {
      for (let index = 0; index < jobs; index++) {
        const id = firstId + index;
        const finishedMs = endMs - YEAR_MS + Math.round(((index + 1) * YEAR_MS) / jobs);
        const at = (beforeMs: number): string =>
          new Date(finishedMs - beforeMs).toISOString().replace('Z', '+00:00');
        const hasFailed = index % 10 === 0;
        const status = hasFailed ? 'FAILED' : 'SUCCEEDED';
        const command = [
          '/usr/bin/python3',
          `/srv/app/jobs/task-${String(index % 500)}.py`,
          '--day',
          String(index),
        ];
        const labels = [`team-${String(index % 7)}`, ...(index % 1_000 === 0 ? ['rare'] : [])];
        const message = hasFailed ? 'The program ended with exit code 1.' : null;
        insertJob.run(
          ...[id, status, message, JSON.stringify(command), env, JSON.stringify(labels)],
          ...[hasFailed ? 1 : 0, at(60_000), at(59_000), at(0), 16_384],
        );
        const life = [null, 'QUEUED', 'STARTING', 'RUNNING', status];
        for (let step = 1; step < life.length; step++)
          insertStep.run(
            id,
            step,
            life[step - 1],
            life[step],
            at(60_000 - step),
            step === 4 ? 'EXITED' : 'NONE',
          );
        for (const label of labels) insertLabel.run(id, label);
        insertSearchText.run(id, searchTextOf(command));
      }
    })();
    for (let index = 0; index < jobs; index++)
      writeFiles(join(dataDirectory, 'jobs', String(firstId + index)), logBytes);
  } finally {
    database.close();
  }
}

function writeFiles(path: string, logBytes: number): void {
  mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(path, 'spec.json'), BLOCK);
  writeFileSync(join(path, 'transitions.jsonl'), BLOCK);
  writeFileSync(join(path, 'exit'), BLOCK);
  const descriptor = openSync(join(path, 'stdout'), 'w', 0o600);
  try {
    writeSync(descriptor, BLOCK);
    ftruncateSync(descriptor, logBytes);
  } finally {
    closeSync(descriptor);
  }
}
