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
    const store = new AuditStore(database.read, database.gate);
    await store.append(
      [1, 2, 3].map((number) => ({ ...ENTRY, subject: `job ${String(number)}`, result: 'OK' })),
    );

    const attack = (forgeries: readonly string[]): void => {
      const intruder = new BetterSqlite3(directory.databasePath);
      try {
        for (const forgery of forgeries)
          expect(() => intruder.prepare(forgery).run(), forgery).toThrow(/append-only/);
      } finally {
        intruder.close();
      }
    };
    attack([
      "UPDATE AuditEntry SET who = 'nobody'",
      'DELETE FROM AuditEntry',
      'UPDATE OR REPLACE AuditEntry SET id = 1 WHERE id = 2',
    ]);
    // By retention the oldest go, and a row that stays says so; one that is forged lets nothing go that it does not cover.
    const dayMs = 86_400_000;
    expect(await store.trim({ maxAgeMs: null, maxEntries: 3 }, Date.now())).toBe(0);
    expect(await store.trim({ maxAgeMs: null, maxEntries: 2 }, Date.now())).toBe(1);
    expect(await store.trim({ maxAgeMs: null, maxEntries: 1 }, Date.now())).toBe(0);
    expect(await store.trim({ maxAgeMs: null, maxEntries: 1 }, Date.now() + dayMs)).toBe(1);
    const trims = await database.read.auditTrim.findMany({ orderBy: { id: 'asc' } });
    expect(trims).toMatchObject([
      { lastId: 1, count: 1, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
      { lastId: 2, count: 1 },
    ]);
    expect(trims[0]?.digest).not.toBe(trims[1]?.digest);
    attack([
      'DELETE FROM AuditTrim',
      'UPDATE AuditTrim SET count = 0',
      "INSERT INTO AuditTrim (at, lastId, count, digest) VALUES ('2026-01-01', 1, 1, '')",
      "INSERT INTO AuditEntry (id, at, who, address, action, result, count) VALUES (1, '2026-01-01', '', '', '', '', 1)",
      'DELETE FROM AuditEntry',
    ]);
    const rows = await database.read.auditEntry.findMany({ orderBy: { id: 'asc' } });
    expect(rows.map(({ subject }) => subject)).toEqual(['job 3']);
  });
});
