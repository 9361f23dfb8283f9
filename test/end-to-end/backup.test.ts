import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lifeline, type CommandResult } from '../cli/lifeline-command.ts';
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
import { isRunning, signal } from './harness/processes.ts';
import { sequenceOf } from './harness/sequence-of.ts';
import { findService, orderService, saveService, stopAll, untilState } from './harness/services.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
let backup: string;
beforeEach(async () => {
  server = await LifelineServer.start();
  backup = server.scratch.file('backup');
});
afterEach(async () => {
  try {
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

async function command(...words: readonly string[]): Promise<CommandResult> {
  return lifeline(server, [...words, '--data-dir', server.dataDirectory]);
}

interface Finding {
  readonly check: string;
  readonly level: string;
  readonly what: string;
  readonly todo: string | null;
}

async function doctor(): Promise<{ code: number | null; of: (check: string) => Finding[] }> {
  const { code, stdout } = await command('doctor', '--json');
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return { code, of: (check) => findings.filter((finding) => finding.check === check) };
}

describe('a backup', () => {
  it('of a server that runs and whose jobs write is whole, and restored: what had ended as it was, what ran is LOST', async () => {
    const over = await startJob(server, { script: 'echo said; exit 3', requestId: 'r', labels: ['a'] });
    await untilOver(server, over);
    await saveService(server, { name: 'api', script: 'exec sleep 1000' });
    await orderService(server, 'startService', 'api');
    const { currentJob } = await findService(server, 'api');
    const writing = await startScript(server, 'while :; do echo line; sleep 0.005; done');
    const { pid } = await untilStatus(server, writing, 'RUNNING');
    await untilTrue(async () => (await lineCount(writing)) > 200);
    const before = [await findJob(server, over), await readWholeLog(server, over)];

    const made = await command('backup', backup, '--json');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const linesThen = await lineCount(writing);
    const unfinished = [Number(currentJob!.id), Number(writing)];
    expect(JSON.parse(made.stdout)).toMatchObject({ path: backup, unfinished });
    execFileSync('sha256sum', ['--quiet', '--check', 'checksums'], { cwd: backup });
    const modes = Object.values(filesOf(backup)).map((file) => file.split(' ')[0]);
    expect(new Set(modes)).toEqual(new Set(['700', '600']));
    expect(await command('backup', backup)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('not empty') as string,
    });
    expect(await command('restore', backup)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('--replace') as string,
    });
    expect(await command('restore', backup, '--replace')).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('Stop it first') as string,
    });

    await server.end('SIGTERM');
    const restored = await command('restore', backup, '--replace', '--json');
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(restored.stdout)).toMatchObject({ lost: unfinished, wantedUp: ['api'] });
    await server.launch();
    expect(await reconciliation(server)).toMatchObject({ adopted: 0, imported: 0, ignored: 0 });
    expect([await findJob(server, over), await readWholeLog(server, over)]).toEqual(before);
    expect(await startJob(server, { script: 'echo said; exit 3', requestId: 'r', labels: ['a'] })).toBe(over);
    // The process of the other directory goes on, and nobody here takes it for his own.
    expect(isRunning(pid!)).toBe(true);
    const { lines, job } = await readWholeLog(server, writing);
    expect(job).toMatchObject({
      status: 'LOST',
      reason: 'IDENTITY_GONE',
      message: expect.stringContaining('backup of') as string,
    });
    expect(sequenceOf(lines)).toBe(`1..${String(lines.length)} once`);
    expect(lines.length).toBeGreaterThan(200);
    expect(lines.length).toBeLessThanOrEqual(linesThen);
    expect((await untilState(server, 'api', 'READY')).currentJob?.id).not.toBe(currentJob!.id);
    await stopAll(server);
    for (const id of [pid!, currentJob!.pid!]) signal(id, 'SIGKILL');
  });

  it('that is damaged is refused, and half of a restore is no data directory; a backup is none either', async () => {
    await untilOver(server, await startScript(server, 'echo said'));
    expect((await command('backup', backup)).code).toBe(0);
    await server.end('SIGTERM');
    await expect(startOn(backup)).rejects.toThrow(/is a backup.*lifeline restore/s);
    writeFileSync(join(backup, 'jobs/2/stdout'), 'Said\n');
    const target = server.scratch.file('target');
    const into = ['restore', backup, '--data-dir', target];
    expect(await lifeline(server, into)).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('jobs/2/stdout') as string,
    });
    await expect(startOn(target)).rejects.toThrow(/was interrupted.*--replace/s);
    writeFileSync(join(backup, 'jobs/2/stdout'), 'said\n');
    expect((await lifeline(server, [...into, '--replace'])).code).toBe(0);
    const unfinished = server.scratch.file('unfinished');
    mkdirSync(unfinished);
    expect(await lifeline(server, ['restore', unfinished, '--data-dir', target])).toMatchObject({
      code: 125,
      stderr: expect.stringContaining('no backup') as string,
    });
    await server.launch();
  });

  async function startOn(dataDirectory: string): Promise<void> {
    await using other = await LifelineServer.start({ args: ['--data-dir', dataDirectory] });
    throw new Error(`it runs at ${other.url}`);
  }

  async function lineCount(jobId: string): Promise<number> {
    const query = 'query ($id: ID!) { job(id: $id) { log { lastSeq } } }';
    return (await server.ask<{ job: { log: { lastSeq: number } } }>(query, { id: jobId })).job.log.lastSeq;
  }
});

describe('the doctor', () => {
  it('finds nothing wrong with a directory, whether its server runs or not, and then each thing that is', async () => {
    const jobs = [await startScript(server, 'true'), await startScript(server, 'true')];
    for (const jobId of jobs) await untilOver(server, jobId);
    const healthy = async (): Promise<void> => {
      const { of } = await doctor();
      for (const check of ['format', 'permissions', 'database', 'orphans', 'versions', 'tools'])
        expect(of(check).map(({ level }) => level)).toEqual(['OK']);
    };
    await healthy();
    expect((await doctor()).of('server')[0]?.what).toContain(`pid ${String(server.pid)}`);
    await server.end('SIGTERM');
    await healthy();
    expect((await doctor()).of('server')[0]?.what).toContain('No server runs');

    const path = (name: string): string => join(server.dataDirectory, name);
    chmodSync(path('token'), 0o644);
    changeDatabase(server, `DELETE FROM Job WHERE id = ${jobs[0]!}`);
    rmSync(path(`jobs/${jobs[1]!}`), { recursive: true });
    mkdirSync(path('jobs/77'));
    mkdirSync(path('jobs/mine'));
    const { code, of } = await doctor();
    expect(code).toBe(1);
    expect(of('permissions')).toMatchObject([
      { level: 'PROBLEM', what: expect.stringContaining('token') as string },
    ]);
    expect(of('orphans').map(({ what }) => what.replace(/^.*: /, ''))).toEqual([
      `${jobs[0]!}.`,
      '77.',
      `${jobs[1]!}.`,
      'mine.',
    ]);
    for (const { todo } of of('orphans')) expect(todo).toMatch(/\.$/);
    chmodSync(path('token'), 0o600);
    for (const name of ['jobs/77', 'jobs/mine']) rmSync(path(name), { recursive: true });

    const bytes = readFileSync(path('lifeline.db'));
    writeFileSync(path('lifeline.db'), Buffer.alloc(8192, 'x'));
    expect((await doctor()).of('database')).toMatchObject([
      { level: 'PROBLEM', todo: expect.stringContaining('lifeline rebuild') as string },
    ]);
    writeFileSync(path('lifeline.db'), bytes);
    await server.launch();
    await cancelJob(server, jobs[0]!);
  });
});
