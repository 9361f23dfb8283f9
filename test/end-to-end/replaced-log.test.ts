import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jobFile, reconciled } from './harness/between-lives.ts';
import {
  cancelJob,
  doneOf,
  findJob,
  followJob,
  lastSeqOf,
  logEvents,
  startScript,
  untilOver,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { untilTrue } from './harness/until-true.ts';

const SECRET = 'secret\n'.repeat(1_000);

let server: LifelineServer;
beforeEach(async () => {
  server = await LifelineServer.start();
  writeFileSync(server.scratch.file('secret'), SECRET);
});
afterEach(async () => {
  try {
    expect(readFileSync(server.scratch.file('secret'), 'utf8')).toBe(SECRET);
    await server.assertNothingIsLeft();
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

/** Starts a job that says two lines, waits for a word, and says one on standard error. @returns its id, and how to say the word */
async function startWaiting(): Promise<{ jobId: string; go: () => void }> {
  const word = server.scratch.file('word');
  const script = `echo one; echo two; until [ -e ${word} ]; do sleep 0.02; done; echo three; echo four >&2; exit 7`;
  const jobId = await startScript(server, script);
  using stream = await followJob(server, jobId);
  await untilTrue(() => lastSeqOf(stream) === 2);
  return {
    jobId,
    go: () => {
      writeFileSync(word, '');
    },
  };
}

/** The server dies, a file of the job is replaced, the next server adopts the job. */
async function replaceWhileAway(
  jobId: string,
  file: 'stdout' | 'index',
  kind = 'symbolic link',
): Promise<void> {
  await server.end('SIGKILL');
  const path = jobFile(server, jobId, file);
  renameSync(path, `${path}.away`);
  if (kind === 'symbolic link') symlinkSync(server.scratch.file('secret'), path);
  if (kind === 'FIFO') execFileSync('mkfifo', [path]);
  if (kind === 'directory') mkdirSync(path);
  await server.launch();
  expect(await reconciled(server, jobId)).toMatchObject({ verdict: 'ADOPTED' });
}

function anomalies(): unknown[] {
  return server.stderr
    .split('\n')
    .filter((line) => line.includes('something is wrong with the log files'))
    .map((line) => JSON.parse(line) as unknown);
}

describe('a running job whose log is replaced', () => {
  it.each(['symbolic link', 'FIFO', 'directory'])(
    'by a %s while no server is there goes on: its lines are told as gone, its end is true',
    async (kind) => {
      const { jobId, go } = await startWaiting();
      await replaceWhileAway(jobId, 'stdout', kind);
      using live = await followJob(server, jobId);
      await untilTrue(() => live.events.length > 0);
      expect(await findJob(server, jobId)).toMatchObject({ status: 'RUNNING' });
      go();
      await live.untilEnded();
      using replay = await followJob(server, jobId);
      await replay.untilEnded();
      for (const stream of [live, replay]) {
        const events = logEvents(stream);
        expect(events).toMatchObject([
          { __typename: 'LogGap', fromSeq: 1, toSeq: 2, reason: 'DAMAGED' },
          { __typename: 'LogLines', lines: [{ seq: 3, stream: 'STDERR', text: 'four' }] },
          { __typename: 'LogDone', lastSeq: 3 },
        ]);
        expect(doneOf(events).job).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 7 });
      }
      expect(anomalies()).toMatchObject([
        { level: 40, jobId: Number(jobId), kind: 'REFUSED', stream: 'STDOUT' },
      ]);
    },
  );

  it('can be cancelled', async () => {
    const { jobId } = await startWaiting();
    await replaceWhileAway(jobId, 'stdout');
    await cancelJob(server, jobId);
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'CANCELLED', signal: 'SIGTERM' });
  });

  it('and whose index is replaced goes on without a log: its readers get an error, its end is true', async () => {
    const { jobId, go } = await startWaiting();
    await replaceWhileAway(jobId, 'index');
    using stream = await followJob(server, jobId);
    expect(await stream.untilEnded()).toBe('end');
    expect(stream.events.map(({ data }) => data).join()).toContain('INTERNAL');
    expect(await findJob(server, jobId)).toMatchObject({ status: 'RUNNING' });
    go();
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 7 });
    expect(anomalies()).toMatchObject([{ level: 40, jobId: Number(jobId), kind: 'UNAVAILABLE' }]);
  });
});
