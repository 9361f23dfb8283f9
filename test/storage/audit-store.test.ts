import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { AuditStore } from '../../src/storage/audit-store.ts';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { Database } from '../../src/storage/database.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const ENTRY = { at: new Date(), who: 'the API token', address: '127.0.0.1', action: 'startJob', count: 1 };

describe('the audit log’s table', () => {
  it('keeps its rows as they are, whoever writes to the database', async () => {
    using scratch = new ScratchDirectory();
    const directory = DataDirectory.prepare(scratch.file('data'));
    await using database = await Database.open(directory);
    const store = new AuditStore(database.gate);
    await store.append(
      [1, 2, 3].map((number) => ({ ...ENTRY, subject: `job ${String(number)}`, result: 'OK' })),
    );

    const intruder = new BetterSqlite3(directory.databasePath);
    try {
      for (const forgery of [
        "UPDATE AuditEntry SET who = 'nobody'",
        'DELETE FROM AuditEntry',
        'UPDATE OR REPLACE AuditEntry SET id = 1 WHERE id = 2',
      ])
        expect(() => intruder.prepare(forgery).run()).toThrow(/append-only/);
    } finally {
      intruder.close();
    }
    const rows = await database.read.auditEntry.findMany({ orderBy: { id: 'asc' } });
    expect(rows.map(({ subject }) => subject)).toEqual(['job 1', 'job 2', 'job 3']);
  });
});
