import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { Checkpoint } from '../../src/domain/checkpoint.ts';
import { jobFile } from './harness/between-lives.ts';
import {
  cancelJob,
  doneOf,
  downloadLog,
  findJob,
  followJob,
  lastSeqOf,
  linesOf,
  logEvents,
  startJob,
  tryStartJob,
  untilOver,
  untilStatus,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { checkedRanges, diskBytes, logBounds, untilBounds } from './harness/log-bounds.ts';
import { ScratchDirectory } from './harness/scratch-directory.ts';
import { ServerControl } from './harness/server-control.ts';
import { untilTrue } from './harness/until-true.ts';

const MIB = 1024 * 1024;
/** What may be on the disk beside the cap: what is written before a flood is noticed, and before a trim has come to its end. */
const OVERSHOOT_BYTES = 96 * MIB;
/** The same of one of several floods, which the server sees later: each could write as much in a second, and writes for many. */
const SHARED_OVERSHOOT_BYTES = 1_024 * MIB;
/** Writes its numbers as fast as it can. */
const FLOOD = { command: ['seq', '1', '1000000000'], maxLogBytes: MIB };
const QUIET = { script: 'i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done' };

let server: LifelineServer;
afterEach(async () => {
  await using _ = server;
  await server.assertNothingIsLeft();
});

describe('a job that writes more than its log may hold', () => {
  it('loses its oldest lines, beside a quiet one that loses none; readers are told, across a death of the server', async () => {
    server = await LifelineServer.start();
    const quiet = await startJob(server, QUIET);
    const flood = await startJob(server, FLOOD);
    using quietReader = await followJob(server, quiet);
    using stayed = await followJob(server, flood);
    await untilBounds(server, flood, ({ heldBack }) => heldBack, 'a flood that is held back');
    const before = await untilBounds(server, flood, ({ keptFromSeq }) => keptFromSeq > 500_000, 'a trim');
    await untilTrue(() => lastSeqOf(quietReader) >= 20, { what: 'the lines of the quiet job' });
    expect(diskBytes(server, flood)).toBeLessThan(MIB + OVERSHOOT_BYTES);
    expect(statSync(jobFile(server, flood, 'stdout')).size).toBeGreaterThan(MIB);
    checkedRanges(logEvents(stayed));
    checkedRanges(logEvents(quietReader));

    await server.restart('SIGKILL');
    expect((await logBounds(server, flood)).keptFromSeq).toBeGreaterThanOrEqual(before.keptFromSeq);
    using late = await followJob(server, flood);
    // What a reader gets between two trims depends on who is quicker.
    await untilTrue(
      () => lastSeqOf(late) > before.lastSeq + 100_000 && checkedRanges(logEvents(late)).lineCount > 10_000,
      { what: 'lines after the restart' },
    );
    const told = checkedRanges(logEvents(late));
    expect(told.gaps[0]?.[0]).toBe(1);
    expect(told.gaps[0]?.[1]).toBeGreaterThanOrEqual(before.keptFromSeq - 1);
    expect(await findJob(server, quiet)).toMatchObject({ status: 'RUNNING' });

    await cancelJob(server, flood, 1_000);
    expect(await untilOver(server, flood)).toMatchObject({ status: 'CANCELLED', signal: 'SIGTERM' });
    const after = await logBounds(server, flood);
    expect(after).toMatchObject({ heldBack: false, problem: null });
    expect(after.keptBytes).toBeLessThanOrEqual(MIB);
    expect(diskBytes(server, flood)).toBeLessThanOrEqual(MIB + 3 * 4_096);
    await cancelJob(server, quiet, 1_000);
    await untilOver(server, quiet);
    using replay = await followJob(server, quiet);
    await replay.untilEnded();
    expect(checkedRanges(logEvents(replay)).gaps).toEqual([]);
  });

  it('shares the disk with three others and a quiet one; each keeps to its own cap', async () => {
    server = await LifelineServer.start();
    const quiet = await startJob(server, QUIET);
    const flood = () => startJob(server, { command: ['yes'], maxLogBytes: MIB });
    const floods = [await flood(), await flood(), await flood(), await flood()] as const;
    using quietReader = await followJob(server, quiet);
    using first = await followJob(server, floods[0]);
    using second = await followJob(server, floods[1]);
    using third = await followJob(server, floods[2]);
    using fourth = await followJob(server, floods[3]);
    for (const jobId of floods) {
      await untilBounds(server, jobId, ({ keptFromSeq }) => keptFromSeq > 1_000_000, 'trims');
      expect(diskBytes(server, jobId)).toBeLessThan(MIB + SHARED_OVERSHOOT_BYTES);
    }
    const seenBefore = lastSeqOf(quietReader);
    await untilTrue(() => lastSeqOf(quietReader) >= seenBefore + 20, { what: 'the lines of the quiet job' });

    for (const jobId of [...floods, quiet]) await cancelJob(server, jobId, 0);
    for (const [index, reader] of [first, second, third, fourth].entries()) {
      const jobId = floods[index]!;
      await untilOver(server, jobId);
      expect(diskBytes(server, jobId)).toBeLessThanOrEqual(MIB + 3 * 4_096);
      await reader.untilEnded();
      const told = checkedRanges(logEvents(reader), 0, isOfYes);
      expect(told.lastSeq).toBe((await logBounds(server, jobId)).lastSeq);
      expect(doneOf(logEvents(reader)).lastSeq).toBe(told.lastSeq);
    }
    await quietReader.untilEnded();
    expect(checkedRanges(logEvents(quietReader)).gaps).toEqual([]);
  });

  it('is read by page, tail, events and downloads as far as it is kept', async () => {
    server = await LifelineServer.start();
    const jobId = await startJob(server, { ...FLOOD, command: ['seq', '1', '600000'] });
    await untilOver(server, jobId);
    const { keptFromSeq, lastSeq, keptBytes, stdoutBytes } = await logBounds(server, jobId);
    expect(lastSeq).toBe(600_000);
    expect(keptFromSeq).toBeGreaterThan(400_000);
    expect(keptBytes).toBeLessThanOrEqual(MIB);
    expect(diskBytes(server, jobId)).toBeLessThanOrEqual(MIB + 3 * 4_096);

    const gap = { fromSeq: 1, toSeq: keptFromSeq - 1, reason: 'TRIMMED' };
    const { job } = await server.ask<{ job: { log: { first: unknown; last: unknown } } }>(
      `query ($id: ID!) { job(id: $id) { log {
         first: lines(first: 2) { nodes { seq text } gaps { fromSeq toSeq reason } pageInfo { hasPreviousPage } }
         last: lines(last: 1) { nodes { seq text } gaps { fromSeq toSeq reason } } } } }`,
      { id: jobId },
    );
    const line = (seq: number): object => ({ seq, text: String(seq) });
    expect(job.log).toEqual({
      first: {
        nodes: [line(keptFromSeq), line(keptFromSeq + 1)],
        gaps: [gap],
        pageInfo: { hasPreviousPage: false },
      },
      last: { nodes: [line(600_000)], gaps: [] },
    });

    using whole = await followJob(server, jobId);
    await whole.untilEnded();
    expect(checkedRanges(logEvents(whole))).toEqual({
      gaps: [[1, keptFromSeq - 1]],
      lineCount: 600_000 - keptFromSeq + 1,
      lastSeq: 600_000,
    });
    using tail = await followJob(server, jobId, { tail: 3 });
    await tail.untilEnded();
    expect(checkedRanges(logEvents(tail), 599_997)).toMatchObject({ gaps: [], lineCount: 3 });
    using longTail = await followJob(server, jobId, { tail: 600_000 - keptFromSeq + 6 });
    await longTail.untilEnded();
    expect(checkedRanges(logEvents(longTail), keptFromSeq - 6).gaps).toEqual([
      [keptFromSeq - 5, keptFromSeq - 1],
    ]);
    using events = await server.events(`/events?job_id=${jobId}&after=0`);
    await events.untilEnded();
    expect(events.events[0]).toMatchObject({ event: 'log.gap', id: String(keptFromSeq - 1) });
    expect(events.events.filter(({ event }) => event === 'log.line')).toHaveLength(600_000 - keptFromSeq + 1);

    const jsonl = (await server.call({ path: `/jobs/${jobId}/log?format=jsonl` })).text.split('\n');
    expect(JSON.parse(jsonl[0] ?? '')).toEqual({ gap });
    expect(JSON.parse(jsonl[1] ?? '')).toMatchObject(line(keptFromSeq));
    const text = (await server.call({ path: `/jobs/${jobId}/log` })).text;
    expect(
      text.startsWith(`[lifeline: lines 1 to ${String(keptFromSeq - 1)} are gone]\n${String(keptFromSeq)}\n`),
    ).toBe(true);

    const raw = await server.call({ path: `/jobs/${jobId}/log?stream=stdout` });
    const keptFrom = Number(raw.headers['lifeline-kept-from']);
    expect(raw.status).toBe(200);
    expect(raw.body.length).toBe(stdoutBytes - keptFrom);
    expect(raw.text.startsWith(`${String(keptFromSeq)}\n`)).toBe(true);
    const range = async (value: string) =>
      server.call({ path: `/jobs/${jobId}/log?stream=stdout`, headers: { range: value } });
    const kept = await range(`bytes=${String(keptFrom)}-${String(keptFrom + 5)}`);
    expect([kept.status, kept.text]).toEqual([206, String(keptFromSeq)]);
    expect(kept.headers['content-range']).toBe(
      `bytes ${String(keptFrom)}-${String(keptFrom + 5)}/${String(stdoutBytes)}`,
    );
    const gone = await range(`bytes=${String(keptFrom - 1)}-`);
    expect(gone.status).toBe(416);
    expect(gone.headers).toMatchObject({
      'lifeline-kept-from': String(keptFrom),
      'content-range': `bytes */${String(stdoutBytes)}`,
    });
    expect((await range('bytes=-7')).text).toBe('600000\n');
    expect((await range('bytes=-999999999')).body.equals(raw.body)).toBe(true);
  });

  it('is ended instead, where it was asked to be', async () => {
    server = await LifelineServer.start();
    const jobId = await startJob(server, { ...FLOOD, logOverflow: 'CANCEL', gracePeriodMs: 2_000 });
    const job = await untilOver(server, jobId);
    expect(job).toMatchObject({
      status: 'CANCELLED',
      reason: 'LOG_LIMIT',
      message: 'The job wrote more than its log may hold and was ended.',
      cancellation: { reason: 'LOG_LIMIT', requestedBy: null },
    });
    expect(await logBounds(server, jobId)).toMatchObject({ keptFromSeq: 1 });
  });

  it('is held to the cap of the server, where it says none', async () => {
    server = await LifelineServer.start({ args: ['--max-log-bytes', '2MiB'] });
    const jobId = await startJob(server, { command: ['seq', '1', '900000'] });
    await untilOver(server, jobId);
    const { keptBytes, keptFromSeq } = await logBounds(server, jobId);
    expect(keptBytes).toBeLessThanOrEqual(2 * MIB);
    expect(keptBytes).toBeGreaterThan(MIB);
    expect(keptFromSeq).toBeGreaterThan(1);
    const { errors } = await tryStartJob(server, { ...FLOOD, maxLogBytes: MIB - 1 });
    expect(errors[0]).toMatchObject({
      message: 'maxLogBytes must be a whole number of bytes of 1048576 (1 MiB) or more.',
      extensions: { code: 'INVALID_INPUT' },
    });
  });

  it('goes on beyond it where the file system makes no holes, and says so', async () => {
    using programs = new ScratchDirectory();
    mkdirSync(programs.file('bin'));
    const fallocate = programs.file('bin/fallocate');
    writeFileSync(
      fallocate,
      '#!/bin/sh\necho "fallocate: fallocate failed: Operation not supported" >&2\nexit 1\n',
    );
    chmodSync(fallocate, 0o755);
    const path = `${programs.file('bin')}:${process.env['PATH'] ?? ''}`;
    server = await LifelineServer.start({ env: { PATH: path } });
    const script = 'seq 1 200000; until [ -e go ]; do sleep 0.05; done; seq 200001 400000';
    const jobId = await startJob(server, { script, cwd: server.scratch.path, maxLogBytes: MIB });
    const { problem } = await untilBounds(server, jobId, (log) => log.problem !== null, 'the problem');
    expect(problem).toBe(
      'The beginning of a log cannot be given back: the file system of the data directory makes no holes (fallocate: fallocate failed: Operation not supported).',
    );
    writeFileSync(server.scratch.file('go'), '');
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'SUCCEEDED' });
    const { keptFromSeq, keptBytes } = await logBounds(server, jobId);
    expect(keptFromSeq).toBe(1);
    expect(keptBytes).toBeGreaterThan(2 * MIB);
    expect((await downloadLog(server, jobId, 'stdout')).length).toBeGreaterThan(2 * MIB);
    expect(server.stderr.split('\n').filter((line) => line.includes('NOT_TRIMMED'))).toHaveLength(1);
  });
});

describe('a server that is killed', () => {
  const END = 1_000_000;
  // It is there for a while after each part: a writer that has ended cannot be held back.
  const PARTS = Array.from({ length: 5 }, (_, part) => {
    const first = (part * END) / 5;
    return `seq ${String(first + 1)} ${String(first + END / 5)}; sleep 0.5`;
  });
  const INPUT = { script: `${PARTS.join('; ')}; exit 3`, maxLogBytes: MIB };

  it.each<Checkpoint>(['LOG_MARKED', 'LOG_TRIMMED', 'SINKS_STOPPED'])(
    'at %s: the next one goes on with the log and the job as if nothing had been',
    async (checkpoint) => {
      using control = new ServerControl();
      server = await LifelineServer.start(control.options);
      control.killAt(checkpoint);
      await control.report(server);
      const jobId = await startJob(server, INPUT);
      await untilTrue(() => !server.running, { what: 'the death of the server' });
      expect(control.kills).toEqual([checkpoint]);
      if (checkpoint === 'SINKS_STOPPED') expect(stoppedSinks(server, jobId)).toBe(2);
      await server.launch();
      expect(await untilOver(server, jobId)).toMatchObject({
        status: 'FAILED',
        reason: 'EXITED',
        exitCode: 3,
      });
      const { keptFromSeq, keptBytes, lastSeq } = await logBounds(server, jobId);
      expect(keptBytes).toBeLessThanOrEqual(MIB);
      expect(diskBytes(server, jobId)).toBeLessThanOrEqual(MIB + 3 * 4_096);
      using whole = await followJob(server, jobId);
      await whole.untilEnded();
      const events = logEvents(whole);
      expect(events[0]).toMatchObject({ __typename: 'LogGap', fromSeq: 1, toSeq: keptFromSeq - 1 });
      expect(doneOf(events).lastSeq).toBe(lastSeq);
      // A line whose beginning waited for a second, while its sink was stopped, has two numbers.
      const [, first, ...others] = linesOf(events)
        .map(({ text, continued }) => (continued ? text : `${text}\n`))
        .join('')
        .trimEnd()
        .split('\n')
        .map(Number);
      expect(others).toEqual(others.map((_, index) => first! + 1 + index));
      expect(others.at(-1)).toBe(END);
    },
  );

  it('lets a job that it had held back end by a cancel', async () => {
    server = await LifelineServer.start();
    const jobId = await startJob(server, FLOOD);
    await untilStatus(server, jobId, 'RUNNING');
    await untilTrue(() => stoppedSinks(server, jobId) > 0, { what: 'stopped sinks' });
    await server.end('SIGKILL');
    await server.launch();
    await cancelJob(server, jobId, 5_000);
    expect(await untilOver(server, jobId)).toMatchObject({ status: 'CANCELLED', signal: 'SIGTERM' });
  });
});

/** Of a line whose beginning waited for a second, while its sink was stopped, a part is empty. */
function isOfYes(_seq: number, text: string): boolean {
  return text === 'y' || text === '';
}

/** How many of the sinks that are on file are stopped, by the kernel's word. */
function stoppedSinks({ dataDirectory }: LifelineServer, jobId: string): number {
  try {
    const sinks = JSON.parse(readFileSync(`${dataDirectory}/jobs/${jobId}/sinks.json`, 'utf8')) as {
      pid: number;
    }[];
    return sinks.filter(({ pid }) => readFileSync(`/proc/${String(pid)}/stat`, 'latin1').includes(' T '))
      .length;
  } catch {
    return 0;
  }
}
