import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lifeline } from '../cli/lifeline-command.ts';
import { changeDatabase, reconciliation } from './harness/between-lives.ts';
import { filesOf } from './harness/files-of.ts';
import {
  cancelJob,
  findJob,
  readWholeLog,
  startJob,
  startScript,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { makeOldest } from './harness/oldest-format.ts';

let server: LifelineServer;
beforeEach(async () => {
  server = await LifelineServer.start();
});
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

describe('a data directory of the first version', () => {
  it('is carried over: its jobs go on, its history stays, its database is backed up', async () => {
    const over = await startJob(server, { script: 'echo said; exit 3', labels: ['a'], requestId: 'r' });
    await untilOver(server, over);
    const word = server.scratch.file('word');
    const running = await startScript(
      server,
      `echo up; until [ -e ${word} ]; do sleep 0.1; done; echo down; exit 7`,
    );
    const { pid } = await untilStatus(server, running, 'RUNNING');
    const before = [await findJob(server, over), await readWholeLog(server, over)];
    await server.end('SIGKILL');
    makeOldest(server.dataDirectory);
    await server.launch();
    expect(await reconciliation(server)).toMatchObject({ adopted: 1, lost: 0, imported: 0, ignored: 0 });
    expect([await findJob(server, over), await readWholeLog(server, over)]).toEqual(before);
    expect(await startJob(server, { script: 'echo said; exit 3', labels: ['a'], requestId: 'r' })).toBe(over);
    writeFileSync(word, '');
    const { lines, job } = await readWholeLog(server, running);
    expect(lines.map(({ text }) => text)).toEqual(['up', 'down']);
    expect(job).toMatchObject({ status: 'FAILED', exitCode: 7, pid });
    expect(readFileSync(join(server.dataDirectory, 'format'), 'utf8')).toBe('2\n');
    expect(readdirSync(join(server.dataDirectory, 'backups'))).toHaveLength(1);
  });
});

describe('what a newer version has written', () => {
  it('is refused with a sentence and stays as it is, byte for byte, jobs that run included', async () => {
    const jobId = await startScript(server, 'exec sleep 1000');
    await untilStatus(server, jobId, 'RUNNING');
    await server.end('SIGTERM');
    const format = join(server.dataDirectory, 'format');
    writeFileSync(format, '99\n');
    const newer = filesOf(server.dataDirectory);
    await expect(server.launch()).rejects.toThrow(
      /newer version of Lifeline \(it has format 99.*Nothing was changed/s,
    );
    const place = ['--data-dir', server.dataDirectory];
    for (const command of [
      ['rebuild', '--force'],
      ['backup', server.scratch.file('backup')],
    ])
      expect(await lifeline(server, [...command, ...place])).toMatchObject({
        code: 125,
        stderr: expect.stringContaining('newer version') as string,
      });
    expect(filesOf(server.dataDirectory)).toEqual(newer);
    expect(existsSync(server.scratch.file('backup'))).toBe(false);
    writeFileSync(format, '2\n');

    const note =
      "INSERT INTO _prisma_migrations VALUES ('x', '', 1, '29990101000000_future', NULL, NULL, 1, 1)";
    changeDatabase(server, note);
    const newerDatabase = filesOf(server.dataDirectory);
    await expect(server.launch()).rejects.toThrow(/newer version of Lifeline \(it has 29990101000000_future/);
    expect(filesOf(server.dataDirectory)).toEqual(newerDatabase);
    changeDatabase(server, "DELETE FROM _prisma_migrations WHERE id = 'x'");
    await server.launch();
    await cancelJob(server, jobId, 0);
    await untilOver(server, jobId);
  });
});
