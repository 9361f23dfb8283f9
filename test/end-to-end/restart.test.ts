import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cancelJob,
  doneOf,
  findJob,
  followJob,
  lastSeqOf,
  linesOf,
  logEvents,
  nodeProgram,
  programPath,
  readWholeLog,
  startJob,
  startScript,
  untilOver,
  untilStatus,
  type LineView,
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

async function reconciliation(): Promise<Record<string, number>> {
  const answer = await server.ask<{ server: { lastReconciliation: Record<string, number> } }>(
    '{ server { lastReconciliation { adopted finished lost failed requeued } } }',
  );
  return answer.server.lastReconciliation;
}

describe('a job whose server is stopped and started again', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'by %s goes on, and its reader resumes without a gap',
    async (stop) => {
      const gates = [1, 2].map((part) => server.scratch.file(`gate-${String(part)}`));
      const jobId = await startJob(server, {
        command: nodeProgram(
          'count.mjs',
          20_000,
          1_000,
          ...gates.flatMap((gate, index) => ['--gate', `${String((index + 1) * 5_000)}=${gate}`]),
          '--exit',
          9,
        ),
      });
      const lines: LineView[] = [];
      for (const gate of gates) {
        using stream = await followJob(server, jobId, { after: lines.length });
        await untilTrue(() => existsSync(`${gate}.reached`));
        await untilTrue(() => lastSeqOf(stream) >= 5_005 * (gates.indexOf(gate) + 1));
        await server.end(stop);
        expect(await stream.untilEnded()).toBe('cut');
        expect(stream.events.filter(({ event }) => event === 'complete')).toEqual([]);
        lines.push(...linesOf(logEvents(stream)));
        writeFileSync(gate, '');
        const next = gates[gates.indexOf(gate) + 1];
        if (next !== undefined) await untilTrue(() => existsSync(`${next}.reached`));
        await server.launch();
      }
      using stream = await followJob(server, jobId, { after: lines.length });
      expect(await stream.untilEnded()).toBe('end');
      lines.push(...linesOf(logEvents(stream)));
      expect(sequenceOf(lines)).toBe('1..20020 once');
      expect(
        lines
          .filter(({ stream: from }) => from === 'STDOUT')
          .every(({ text }, index) => text === String(index + 1)),
      ).toBe(true);
      const { job } = doneOf(logEvents(stream));
      expect(job).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 9 });
      expect(job.transitions.map(({ to }) => to)).toEqual(['QUEUED', 'STARTING', 'RUNNING', 'FAILED']);
      expect((await readWholeLog(server, jobId)).lines).toEqual(lines);
      expect(server.stderr).not.toContain('"level":50');
    },
  );

  it('at any moment keeps its pid, and its lines are 1..N once', { timeout: 120_000 }, async () => {
    const stop = server.scratch.file('stop');
    const jobId = await startScript(
      server,
      `i=0; until [ -e ${stop} ]; do i=$((i+1)); echo $i; [ $((i % 50)) = 0 ] && sleep 0.01; done; exit 3`,
    );
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    for (let round = 0; round < 8; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
      await server.end('SIGKILL');
      await server.launch();
      expect(await findJob(server, jobId)).toMatchObject({ status: 'RUNNING', pid });
      expect(await reconciliation()).toMatchObject({ adopted: 1, lost: 0, failed: 0, finished: 0 });
    }
    writeFileSync(stop, '');
    const { lines, job } = await readWholeLog(server, jobId);
    expect(sequenceOf(lines)).toBe(`1..${String(lines.length)} once`);
    expect(lines.every(({ text, seq }) => text === String(seq))).toBe(true);
    expect(job).toMatchObject({ status: 'FAILED', exitCode: 3, pid });
  });

  it('that ends meanwhile has its true exit code, its true end and all its lines', async () => {
    const word = server.scratch.file('end');
    const jobId = await startJob(server, {
      command: nodeProgram('count.mjs', 2_000, 1_000, '--gate', `1000=${word}`, '--exit', 42),
    });
    await untilTrue(() => existsSync(`${word}.reached`));
    await server.end('SIGKILL');
    writeFileSync(word, '');
    await untilTrue(() => server.jobProcesses().length === 0);
    const endedBeforeMs = Date.now();
    await server.launch();
    const { lines, job } = await readWholeLog(server, jobId);
    expect(job).toMatchObject({ status: 'FAILED', reason: 'EXITED', exitCode: 42 });
    expect(Date.parse(job.finishedAt!)).toBeLessThanOrEqual(endedBeforeMs);
    expect(sequenceOf(lines)).toBe('1..2002 once');
    expect(lines.at(-1)?.atApproximate).toBe(true);
    expect(await reconciliation()).toMatchObject({ finished: 1, adopted: 0, lost: 0 });
  });

  it('and whose shim and program are gone without a trace is LOST, and its readers get their end', async () => {
    const jobId = await startScript(server, 'echo here; exec sleep 1000');
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    using stream = await followJob(server, jobId);
    await untilTrue(() => lastSeqOf(stream) === 1);
    await server.end('SIGKILL');
    for (const process of server.jobProcesses()) signal(process.pid, 'SIGKILL');
    await untilTrue(() => server.jobProcesses().length === 0);
    await server.launch();
    const { job, lines } = await readWholeLog(server, jobId);
    expect(job).toMatchObject({ status: 'LOST', reason: 'IDENTITY_GONE', exitCode: null, pid });
    expect(lines.map(({ text }) => text)).toEqual(['here']);
    expect(await reconciliation()).toMatchObject({ lost: 1, adopted: 0, finished: 0 });
  });

  it('keeps its place in the queue, and the queue its order', async () => {
    await server[Symbol.asyncDispose]();
    server = await LifelineServer.start({ args: ['--max-running', '1'] });
    const order = server.scratch.file('order');
    const word = server.scratch.file('go');
    const jobIds = [
      await startScript(server, `until [ -e ${word} ]; do sleep 0.02; done; echo 0 >>${order}`),
    ];
    for (let place = 1; place <= 5; place += 1)
      jobIds.push(await startScript(server, `echo ${String(place)} >>${order}`));
    await server.restart('SIGKILL');
    expect(await server.counters()).toMatchObject({ activeJobs: 1, queuedJobs: 5, openChannels: 6 });
    expect(await reconciliation()).toMatchObject({ adopted: 1, requeued: 5 });
    using stream = await followJob(server, jobIds[5]!);
    writeFileSync(word, '');
    expect(await stream.untilEnded()).toBe('end');
    for (const jobId of jobIds) expect((await untilOver(server, jobId)).status).toBe('SUCCEEDED');
    expect(readFileSync(order, 'utf8')).toBe('0\n1\n2\n3\n4\n5\n');
  });

  it('while it is being cancelled is cancelled to the end', async () => {
    const jobId = await startJob(server, {
      command: [programPath('ignores-term.sh')],
      gracePeriodMs: 600_000,
    });
    using stream = await followJob(server, jobId);
    await untilTrue(() => lastSeqOf(stream) === 1);
    await cancelJob(server, jobId);
    await server.restart('SIGKILL');
    expect((await findJob(server, jobId)).status).toBe('CANCELLING');
    await cancelJob(server, jobId, 0);
    expect(await untilOver(server, jobId)).toMatchObject({
      status: 'CANCELLED',
      reason: 'CANCEL_REQUESTED',
      exitCode: 137,
    });
  });

  it('ends with it where the server was told so', async () => {
    await server[Symbol.asyncDispose]();
    server = await LifelineServer.start({ args: ['--on-exit', 'cancel'] });
    const jobId = await startScript(server, 'echo up; exec sleep 1000');
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    expect(await server.end('SIGTERM')).toBe(0);
    expect(isRunning(pid!)).toBe(false);
    await server.launch();
    expect(await findJob(server, jobId)).toMatchObject({ status: 'CANCELLED', reason: 'SERVER_STOPPED' });
  });

  it('by Ctrl-C or a hang-up of its terminal, which reach the server’s whole group, is untouched', async () => {
    const jobId = await startScript(server, 'exec sleep 1000');
    const { pid } = await untilStatus(server, jobId, 'RUNNING');
    for (const name of ['SIGINT', 'SIGHUP'] as const) {
      signal(-server.pid, name);
      await untilTrue(() => !server.running);
      expect(isRunning(pid!)).toBe(true);
      await server.launch();
    }
    await cancelJob(server, jobId, 0);
    expect((await untilOver(server, jobId)).status).toBe('CANCELLED');
  });
});
