import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  changeDatabase,
  changeIdentity,
  identityOf,
  jobFile,
  reconciled,
  reconciliation,
} from './harness/between-lives.ts';
import {
  cancelJob,
  findJob,
  followJob,
  lastSeqOf,
  programPath,
  readWholeLog,
  startJob,
  startScript,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { isRunning, signal } from './harness/processes.ts';
import { sequenceOf } from './harness/sequence-of.ts';
import { untilTrue } from './harness/until-true.ts';

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

/** Starts a job that says `up` and waits for a word. @returns its id, its pid, and how to say the word */
async function startWaiting(
  input: Readonly<Record<string, unknown>> = {},
  exitCode = 7,
): Promise<{ jobId: string; pid: number; go: () => void }> {
  const word = server.scratch.file(`word-${String(Math.random())}`);
  const script = `echo up; until [ -e ${word} ]; do sleep 0.02; done; echo down; exit ${String(exitCode)}`;
  const jobId = await startJob(server, { script, ...input });
  const { pid } = await untilStatus(server, jobId, 'RUNNING');
  using stream = await followJob(server, jobId);
  await untilTrue(() => lastSeqOf(stream) === 1);
  return {
    jobId,
    pid: pid!,
    go: () => {
      writeFileSync(word, '');
    },
  };
}

function exitRecordMs(jobId: string): number {
  return Math.trunc(statSync(jobFile(server, jobId, 'exit')).mtimeMs);
}

describe('a directory without a row', () => {
  it('of a running job makes the row anew, and the job goes on as if nothing had been', async () => {
    const { jobId, pid, go } = await startWaiting({ requestId: 'r', labels: ['a', 'b'], timeoutMs: 600_000 });
    const before = await findJob(server, jobId);
    await server.end('SIGKILL');
    changeDatabase(server, `DELETE FROM Job WHERE id = ${jobId}`);
    await server.launch();
    expect(await reconciled(server, jobId)).toEqual({
      jobId,
      verdict: 'ADOPTED',
      imported: true,
      evidence: `Its row was missing and was made from its directory; pid ${String(pid)} with its start time is alive.`,
      job: { id: jobId, status: 'RUNNING' },
    });
    expect(await findJob(server, jobId)).toEqual({ ...before, durationMs: expect.any(Number) as number });
    go();
    const { lines, job } = await readWholeLog(server, jobId);
    expect(lines.map(({ text }) => text)).toEqual(['up', 'down']);
    expect(sequenceOf(lines)).toBe('1..2 once');
    expect(job).toMatchObject({ status: 'FAILED', exitCode: 7, pid });
    const { jobs } = await server.ask<{ jobs: { edges: { node: { id: string } }[] } }>(
      '{ jobs(where: { labels: ["b"] }) { edges { node { id } } } }',
    );
    expect(jobs.edges.map(({ node }) => node.id)).toEqual([jobId]);
  });

  it('of a job that had ended is history again, with the same outcome, report and log', async () => {
    const failed = await startScript(server, 'echo said; exit 3');
    await untilOver(server, failed);
    const { jobId: cancelled } = await startWaiting();
    await cancelJob(server, cancelled, 0);
    await untilOver(server, cancelled);
    const before = await Promise.all([failed, cancelled].map(async (jobId) => readWholeLog(server, jobId)));
    await server.end('SIGKILL');
    changeDatabase(server, 'DELETE FROM Job');
    await server.launch();
    expect(await reconciliation(server)).toMatchObject({ imported: 3, adopted: 0, finished: 0, ignored: 0 });
    expect((await reconciled(server, failed)).evidence).toBe(
      'Its row was missing and was made from its directory; it had ended as FAILED.',
    );
    const after = await Promise.all([failed, cancelled].map(async (jobId) => readWholeLog(server, jobId)));
    expect(after).toEqual(before);
    expect(after[1]?.job.cancellation?.processes.length).toBeGreaterThan(0);
    await server.restart('SIGKILL');
    expect(await reconciliation(server)).toMatchObject({ imported: 0, jobs: [] });
  });

  it('of a queued job waits again, in its place', async () => {
    await server[Symbol.asyncDispose]();
    server = await LifelineServer.start({ args: ['--max-running', '1'] });
    const { go, jobId: first } = await startWaiting();
    const order = server.scratch.file('order');
    const waiting: string[] = [];
    for (const place of [1, 2, 3])
      waiting.push(await startScript(server, `echo ${String(place)} >>${order}`));
    await server.end('SIGKILL');
    changeDatabase(server, `DELETE FROM Job WHERE id = ${waiting[1]!}`);
    await server.launch();
    const { jobs, ...counts } = await reconciliation(server);
    expect(counts).toMatchObject({ adopted: 1, requeued: 2, imported: 1 });
    expect(jobs.map(({ jobId, verdict }) => [jobId, verdict])).toEqual([
      [first, 'ADOPTED'],
      [waiting[0], 'REQUEUED'],
      [waiting[1], 'IMPORTED'],
      [waiting[2], 'REQUEUED'],
    ]);
    expect(jobs[2]?.evidence).toMatch(/keeps its place in the queue\.$/);
    go();
    for (const jobId of waiting) expect((await untilOver(server, jobId)).status).toBe('SUCCEEDED');
    expect(readFileSync(order, 'utf8')).toBe('1\n2\n3\n');
  });

  it('that cannot be read is left as it is and named with the reason, at each start', async () => {
    await server.end('SIGTERM');
    const write = (jobId: string, spec: string | null): void => {
      mkdirSync(jobFile(server, jobId));
      if (spec !== null) writeFileSync(jobFile(server, jobId, 'spec.json'), spec);
    };
    write('100', null);
    write('101', '{"format":2}');
    write('102', '{"format":1,"jobId":');
    write('103', readFileSync(jobFile(server, '1', 'spec.json'), 'utf8'));
    write('104', readFileSync(jobFile(server, '1', 'spec.json'), 'utf8').replace('"jobId":1', '"jobId":104'));
    writeFileSync(jobFile(server, '105'), 'a file');
    for (let start = 0; start < 2; start += 1) {
      await server.launch();
      const { jobs, ignored } = await reconciliation(server);
      expect(ignored).toBe(6);
      const because = 'Its directory has no row and was left as it is, because';
      expect(jobs).toEqual(
        [
          ['100', 'it has no specification'],
          ['101', 'it has format 2, and this version of Lifeline reads 1'],
          ['102', 'its specification is damaged'],
          ['103', 'its specification is that of job 1'],
          ['104', 'it has no transition that can be read'],
          ['105', 'its specification cannot be read (ENOTDIR)'],
        ].map(([jobId, reason]) => ({
          jobId,
          verdict: 'IGNORED',
          imported: false,
          evidence: `${because} ${reason!}.`,
          job: null,
        })),
      );
      const { server: page } = await server.ask<{
        server: { lastReconciliation: { jobs: { jobId: string }[]; none: unknown[] } };
      }>(
        '{ server { lastReconciliation { jobs(first: 2, after: "101") { jobId } none: jobs(verdicts: [LOST]) { jobId } } } }',
      );
      expect(page.lastReconciliation).toEqual({ jobs: [{ jobId: '102' }, { jobId: '103' }], none: [] });
      await server.end('SIGTERM');
    }
    expect(readFileSync(jobFile(server, '101', 'spec.json'), 'utf8')).toBe('{"format":2}');
    await server.launch();
    expect(Number(await startScript(server, 'exit 0'))).toBeGreaterThan(105);
  });
});

describe('a row without its directory', () => {
  it('is adopted where its program lives, and can be cancelled', async () => {
    const { jobId, pid } = await startWaiting();
    await server.end('SIGKILL');
    rmSync(jobFile(server, jobId), { recursive: true });
    await server.launch();
    expect(await reconciled(server, jobId)).toMatchObject({
      verdict: 'ADOPTED',
      evidence:
        `Pid ${String(pid)} with its start time is alive; its exit record and its log are gone, so it goes on without them ` +
        'and its end cannot be known; its directory was gone.',
    });
    await cancelJob(server, jobId, 0);
    expect((await readWholeLog(server, jobId)).job).toMatchObject({ status: 'CANCELLED', exitCode: null });
    expect(isRunning(pid)).toBe(false);
  });

  it('whose program ends after that is LOST, and says why', async () => {
    const { jobId, go } = await startWaiting();
    await server.end('SIGKILL');
    rmSync(jobFile(server, jobId), { recursive: true });
    await server.launch();
    go();
    const { job } = await readWholeLog(server, jobId);
    expect(job).toMatchObject({ status: 'LOST', reason: 'IDENTITY_GONE', exitCode: null });
    expect(job.message).toContain('directory of the job was removed');
  });

  it('is LOST where its program is gone, cannot be launched where it waited, and stays where it had ended', async () => {
    await server[Symbol.asyncDispose]();
    server = await LifelineServer.start({ args: ['--max-running', '1'] });
    const { jobId } = await startWaiting();
    const waiting = await startScript(server, 'exit 0');
    await server.end('SIGKILL');
    for (const { pid } of server.jobProcesses()) signal(pid, 'SIGKILL');
    await untilTrue(() => server.jobProcesses().length === 0);
    for (const id of ['1', jobId, waiting]) rmSync(jobFile(server, id), { recursive: true });
    await server.launch();
    const { evidence, verdict } = await reconciled(server, jobId);
    expect(verdict).toBe('LOST');
    expect(evidence).toMatch(
      /^Pid \d+ is gone; its exit record and its log are gone, too; its directory was gone\.$/,
    );
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'LOST', reason: 'IDENTITY_GONE' });
    expect((await reconciled(server, waiting)).verdict).toBe('FAILED');
    expect(await untilOver(server, waiting)).toMatchObject({ status: 'FAILED', reason: 'LAUNCH_FAILED' });
    expect((await findJob(server, '1')).status).toBe('SUCCEEDED');
  });
});

describe('a pid that is recorded', () => {
  it.each([
    [
      'another boot',
      { bootId: 'b0' },
      "bootId = 'b0'",
      'HOST_REBOOTED',
      /^The machine was restarted: it ran in boot b0/,
    ],
    [
      'another pid namespace',
      { pidNamespace: 'pid:[1]' },
      "pidNamespace = 'pid:[1]'",
      'IDENTITY_GONE',
      /^It ran in pid:\[1\], another pid namespace/,
    ],
  ])(
    'in %s is nobody’s now: the job is LOST, and who has it is not signalled',
    async (_where, host, column, reason, evidence) => {
      const { jobId, pid, go } = await startWaiting();
      await server.end('SIGKILL');
      changeDatabase(server, `UPDATE ActiveJob SET ${column} WHERE jobId = ${jobId}`);
      changeIdentity(server, jobId, (identity) => Object.assign(identity.host, host));
      await server.launch();
      const found = await reconciled(server, jobId);
      expect(found.verdict).toBe('LOST');
      expect(found.evidence).toMatch(evidence);
      expect((await readWholeLog(server, jobId)).job).toMatchObject({ status: 'LOST', reason });
      expect(isRunning(pid)).toBe(true);
      go();
      await untilTrue(() => server.jobProcesses().length === 0);
    },
  );

  it('and belongs to a stranger by now is told apart from one that is gone; the stranger is not signalled', async () => {
    // Without a holder and its cookie, nothing but its pid ties it to the job.
    await server[Symbol.asyncDispose]();
    server = await LifelineServer.start({ args: ['--containment', 'none'] });
    const jobId = await startScript(server, 'exec env -i sleep 1000');
    const pid = (await untilStatus(server, jobId, 'RUNNING')).pid!;
    await untilTrue(() => server.jobProcesses().every((process) => process.pid !== pid));
    await server.end('SIGKILL');
    changeDatabase(
      server,
      `UPDATE ActiveJob SET programStartTicks = 1, shimStartTicks = 1 WHERE jobId = ${jobId}`,
    );
    await server.launch();
    expect(await reconciled(server, jobId)).toMatchObject({
      verdict: 'LOST',
      evidence: `Pid ${String(pid)} belongs to another process now, which started at another time, and its exit record does not say how it ended.`,
    });
    expect((await untilOver(server, jobId)).reason).toBe('IDENTITY_GONE');
    expect(isRunning(pid)).toBe(true);
    signal(-pid, 'SIGKILL');
    await untilTrue(() => server.jobProcesses().length === 0);
  });
});

describe('a job whose shim died alone', () => {
  it('goes on, is adopted as such, is LOST at its end, and says that the shim was gone', async () => {
    const { jobId, pid } = await startWaiting();
    const { shim } = identityOf(server, jobId);
    await server.end('SIGKILL');
    signal(-shim.pid, 'SIGKILL');
    await untilTrue(() => !isRunning(shim.pid));
    await server.launch();
    expect(await reconciled(server, jobId)).toMatchObject({
      verdict: 'ADOPTED',
      evidence: `Pid ${String(pid)} with its start time is alive; its shim (pid ${String(shim.pid)}) is gone, and its exit code cannot be known.`,
    });
    expect((await findJob(server, jobId)).status).toBe('RUNNING');
    signal(pid, 'SIGKILL');
    const job = await untilOver(server, jobId);
    expect(job).toMatchObject({ status: 'LOST', reason: 'IDENTITY_GONE', exitCode: null, pid });
    expect(job.message).toContain('its shim was gone');
    expect(Date.parse(job.finishedAt!)).toBeGreaterThan(Date.parse(job.startedAt!));
  });

  it('under a running server goes on, and can still be cancelled', async () => {
    const { jobId, pid } = await startWaiting();
    const { shim } = identityOf(server, jobId);
    signal(-shim.pid, 'SIGKILL');
    await untilTrue(() => !isRunning(shim.pid));
    expect((await findJob(server, jobId)).status).toBe('RUNNING');
    await cancelJob(server, jobId, 0);
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'CANCELLED', pid });
    expect(isRunning(pid)).toBe(false);
  });

  it('but for the subshell that records the end has its true exit code', async () => {
    const { jobId, pid, go } = await startWaiting();
    const { shim } = identityOf(server, jobId);
    await server.end('SIGKILL');
    signal(shim.pid, 'SIGKILL');
    await untilTrue(() => !isRunning(shim.pid));
    await server.launch();
    const { verdict, evidence } = await reconciled(server, jobId);
    expect(verdict).toBe('ADOPTED');
    expect(evidence).toMatch(/is gone, and what it left can still record the exit code\.$/);
    go();
    const { job, lines } = await readWholeLog(server, jobId);
    expect(job).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 7, pid });
    expect(lines.map(({ text }) => text)).toEqual(['up', 'down']);
  });
});

describe('a job that ended while no server was there', () => {
  it('by itself, or killed from outside with its whole group, has its true exit code and end', async () => {
    const ends = await startWaiting();
    const killed = await startWaiting();
    await server.end('SIGKILL');
    ends.go();
    signal(-killed.pid, 'SIGKILL');
    await untilTrue(() => server.jobProcesses().length === 0);
    await server.launch();
    for (const [{ jobId }, outcome] of [
      [ends, { status: 'FAILED', reason: 'EXITED', exitCode: 7 }],
      [killed, { status: 'FAILED', reason: 'KILLED_FROM_OUTSIDE', exitCode: 137 }],
    ] as const) {
      const job = await untilOver(server, jobId);
      expect(job).toMatchObject(outcome);
      const endedAt = new Date(exitRecordMs(jobId)).toISOString();
      expect(job.finishedAt).toBe(endedAt);
      expect(await reconciled(server, jobId)).toMatchObject({
        verdict: 'FINISHED',
        evidence: `Its exit record says ${String(outcome.exitCode)}, written at ${endedAt}.`,
      });
    }
  });
});

describe('a row that is behind its directory', () => {
  const BACK_TO = {
    QUEUED: (jobId: string) => [
      `UPDATE Job SET status = 'QUEUED', reason = 'NONE', pid = NULL, startedAt = NULL WHERE id = ${jobId}`,
      `DELETE FROM JobTransition WHERE jobId = ${jobId} AND number > 1`,
      `DELETE FROM ActiveJob WHERE jobId = ${jobId}`,
    ],
    'STARTING, without the identity': (jobId: string) => [
      `UPDATE Job SET status = 'STARTING', reason = 'NONE', pid = NULL, startedAt = NULL WHERE id = ${jobId}`,
      `DELETE FROM JobTransition WHERE jobId = ${jobId} AND number > 2`,
      `UPDATE ActiveJob SET shimPid = NULL, shimStartTicks = NULL, programPid = NULL, programStartTicks = NULL WHERE jobId = ${jobId}`,
    ],
    STARTING: (jobId: string) => [
      `UPDATE Job SET status = 'STARTING', reason = 'NONE', pid = NULL, startedAt = NULL WHERE id = ${jobId}`,
      `DELETE FROM JobTransition WHERE jobId = ${jobId} AND number > 2`,
    ],
  } as const;

  it.each(Object.entries(BACK_TO))(
    'at %s is brought forward, and its program is not started twice',
    async (_at, back) => {
      const { jobId, pid, go } = await startWaiting();
      const before = await findJob(server, jobId);
      await server.end('SIGKILL');
      changeDatabase(server, ...back(jobId));
      // As a write that was cut short leaves it.
      appendFileSync(jobFile(server, jobId, 'transitions.jsonl'), '{"number":4,"from":"RUNN');
      await server.launch();
      expect(await reconciled(server, jobId)).toMatchObject({ verdict: 'ADOPTED', imported: false });
      expect(await findJob(server, jobId)).toEqual({ ...before, durationMs: expect.any(Number) as number });
      go();
      const { job, lines } = await readWholeLog(server, jobId);
      expect(lines.map(({ text }) => text)).toEqual(['up', 'down']);
      expect(job).toMatchObject({ status: 'FAILED', exitCode: 7, pid });
      // The torn line did not take the next one with it.
      await server.end('SIGKILL');
      changeDatabase(server, `DELETE FROM Job WHERE id = ${jobId}`);
      await server.launch();
      expect((await readWholeLog(server, jobId)).job).toEqual(job);
    },
  );

  it('at RUNNING has the end, or the intent to end it, that its directory has', async () => {
    const ended = await startWaiting();
    ended.go();
    const over = await untilOver(server, ended.jobId);
    const ignoring = 'trap "" TERM; echo up; while :; do sleep 0.05; done';
    const cancelled = { jobId: await startJob(server, { script: ignoring, gracePeriodMs: 600_000 }) };
    using stream = await followJob(server, cancelled.jobId);
    await untilTrue(() => lastSeqOf(stream) === 1);
    await cancelJob(server, cancelled.jobId);
    await server.end('SIGKILL');
    for (const { jobId } of [ended, cancelled]) {
      const { host, cookie } = JSON.parse(readFileSync(jobFile(server, jobId, 'identity.json'), 'utf8')) as {
        host: { bootId: string; pidNamespace: string };
        cookie: string;
      };
      changeDatabase(
        server,
        `UPDATE Job SET status = 'RUNNING', reason = 'NONE', finishedAt = NULL, exitCode = NULL, message = NULL WHERE id = ${jobId}`,
        `DELETE FROM JobTransition WHERE jobId = ${jobId} AND number > 3`,
        `DELETE FROM Cancellation WHERE jobId = ${jobId}`,
        `INSERT OR IGNORE INTO ActiveJob (jobId, cookie, bootId, pidNamespace) VALUES (${jobId}, '${cookie}', '${host.bootId}', '${host.pidNamespace}')`,
      );
    }
    await server.launch();
    expect(await reconciled(server, ended.jobId)).toMatchObject({
      verdict: 'FINISHED',
      evidence: 'Its directory says FAILED, and its row still said RUNNING.',
    });
    expect(await findJob(server, ended.jobId)).toEqual(over);
    const { evidence, job } = await reconciled(server, cancelled.jobId);
    expect(evidence).toMatch(/is alive; its row was behind its directory, at RUNNING\.$/);
    expect(job?.status).toBe('CANCELLING');
    await cancelJob(server, cancelled.jobId, 0);
    expect(await untilOver(server, cancelled.jobId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'CANCEL_REQUESTED',
    });
  });
});

describe('an adopted job with a timeout', () => {
  it('ends at its first deadline, wherever the wall clock has gone meanwhile', async () => {
    const soon = await startWaiting({ timeoutMs: 3_000 });
    const late = await startWaiting({ timeoutMs: 600_000 });
    await server.end('SIGKILL');
    // As if the clock had been set back, and forward, by an hour.
    const shifted = (jobId: string, byMs: number): string => {
      const steps = readFileSync(jobFile(server, jobId, 'transitions.jsonl'), 'utf8')
        .trim()
        .split('\n');
      const { facts } = JSON.parse(steps[2]!) as { facts: { startedAtMs: number } };
      return new Date(facts.startedAtMs + byMs).toISOString();
    };
    changeDatabase(
      server,
      `UPDATE Job SET startedAt = '${shifted(soon.jobId, 3_600_000)}' WHERE id = ${soon.jobId}`,
      `UPDATE Job SET startedAt = '${shifted(late.jobId, -3_600_000)}' WHERE id = ${late.jobId}`,
    );
    await server.launch();
    const job = await untilOver(server, soon.jobId);
    expect(job).toMatchObject({ status: 'TIMED_OUT', reason: 'TIMEOUT' });
    expect(job.durationMs).toBeGreaterThanOrEqual(0);
    expect((await findJob(server, late.jobId)).status).toBe('RUNNING');
    late.go();
    expect((await untilOver(server, late.jobId)).status).toBe('FAILED');
  });
});

describe('an adopted job that was being cancelled', () => {
  it('has what is left of its grace period, wherever the wall clock has gone meanwhile', async () => {
    const [over, left] = [await startStubborn(), await startStubborn()];
    for (const jobId of [over, left]) await cancelJob(server, jobId);
    await server.end('SIGKILL');
    const shift = (jobId: string, byMs: number): string =>
      `UPDATE Cancellation SET requestedAt = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '${String(byMs / 1_000)} seconds') WHERE jobId = ${jobId}`;
    changeDatabase(server, shift(over, 3_600_000), shift(left, -3_600_000));
    // By the clock of the boot, an hour has gone by for one of them.
    const path = jobFile(server, over, 'transitions.jsonl');
    const text = readFileSync(path, 'utf8').replace(/(?<="requestedUptimeMs":)[\d.]+/, (uptimeMs) =>
      String(Number(uptimeMs) - 3_600_000),
    );
    writeFileSync(path, text);
    await server.launch();
    expect(await untilOver(server, over)).toMatchObject({ status: 'CANCELLED', exitCode: 137 });
    expect(await findJob(server, left)).toMatchObject({
      status: 'CANCELLING',
      cancellation: { killedAt: null },
    });
    await cancelJob(server, left, 0);
    expect(await untilOver(server, left)).toMatchObject({ status: 'CANCELLED', exitCode: 137 });
  });

  it('has it by the wall clock where its directory does not say more', async () => {
    const jobId = await startStubborn();
    await cancelJob(server, jobId);
    await server.end('SIGKILL');
    changeDatabase(
      server,
      `UPDATE Cancellation SET requestedAt = '${new Date(Date.now() - 3_600_000).toISOString()}' WHERE jobId = ${jobId}`,
    );
    rmSync(jobFile(server, jobId, 'transitions.jsonl'));
    await server.launch();
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'CANCELLED', exitCode: 137 });
  });

  async function startStubborn(): Promise<string> {
    const command = [programPath('ignores-term.sh')];
    const jobId = await startJob(server, { command, gracePeriodMs: 600_000 });
    using stream = await followJob(server, jobId);
    await untilTrue(() => lastSeqOf(stream) === 1);
    return jobId;
  }
});

describe('a start that is killed in the middle', () => {
  it('comes to the same result at the next', { timeout: 120_000 }, async () => {
    const alive = await startWaiting();
    const ended = await startWaiting();
    const unknown = await startWaiting();
    const history = await startScript(server, 'exit 4');
    await untilOver(server, history);
    await server.end('SIGKILL');
    ended.go();
    await untilTrue(() => readFileSync(jobFile(server, ended.jobId, 'exit'), 'utf8').includes('drained'));
    changeDatabase(server, `DELETE FROM Job WHERE id IN (${unknown.jobId}, ${history})`);
    for (let round = 0; round < 8; round += 1) {
      const launched = server.launch().catch(() => undefined);
      const pid = server.pid;
      await new Promise((resolve) => setTimeout(resolve, 250 + Math.random() * 700));
      signal(pid, 'SIGKILL');
      await launched;
      await untilTrue(() => !server.running);
    }
    await server.launch();
    expect(await findJob(server, alive.jobId)).toMatchObject({ status: 'RUNNING', pid: alive.pid });
    expect(await findJob(server, unknown.jobId)).toMatchObject({ status: 'RUNNING', pid: unknown.pid });
    expect(await untilOver(server, ended.jobId)).toMatchObject({ status: 'FAILED', exitCode: 7 });
    expect(await findJob(server, history)).toMatchObject({ status: 'FAILED', exitCode: 4 });
    expect(await reconciliation(server)).toMatchObject({ adopted: 2, lost: 0, failed: 0, ignored: 0 });
    expect(existsSync(jobFile(server, unknown.jobId, 'identity.json'))).toBe(true);
    for (const { go, jobId } of [alive, unknown]) {
      go();
      const { lines, job } = await readWholeLog(server, jobId);
      expect(lines.map(({ text }) => text)).toEqual(['up', 'down']);
      expect(job.transitions.map(({ to }) => to)).toEqual(['QUEUED', 'STARTING', 'RUNNING', 'FAILED']);
    }
  });
});
