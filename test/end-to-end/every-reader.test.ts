import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  doneOf,
  downloadLog,
  followJob,
  lastSeqOf,
  linesOf,
  logEvents,
  nodeProgram,
  readWholeLog,
  startJob,
  startScript,
  untilOver,
  type LineView,
} from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { sequenceOf } from './harness/sequence-of.ts';
import type { SseStream } from './harness/sse-stream.ts';
import { untilTrue } from './harness/until-true.ts';

let server: LifelineServer;
beforeAll(async () => {
  server = await LifelineServer.start();
});
afterEach(async () => {
  await server.assertNothingIsLeft();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const COUNT = 100_000;
const EVERY = 1_000;
const TOTAL = COUNT + COUNT / EVERY;

interface PlainLine {
  readonly seq: number;
  readonly stream: string;
  readonly text: string;
}

interface WireLine {
  readonly seq: number;
  readonly stream: string;
  readonly line: string;
}

/** What a reader got, in one form for all doors, with its end. */
interface Reading {
  readonly lines: readonly PlainLine[];
  readonly exitCode: number | null;
}

function graphqlReading(stream: SseStream): Reading {
  const events = logEvents(stream);
  expect(stream.events.filter(({ event }) => event === 'complete')).toHaveLength(1);
  expect(stream.events.at(-1)?.event).toBe('complete');
  const lines = linesOf(events).map(({ seq, stream: from, text }: LineView) => ({ seq, stream: from, text }));
  return { lines, exitCode: doneOf(events).job.exitCode };
}

function eventsReading(stream: SseStream): Reading {
  const done = stream.events.filter(({ event }) => event === 'log.done');
  expect(done).toHaveLength(1);
  expect(stream.events.at(-1)).toBe(done[0]);
  expect(done[0]?.id).toBe(`${String(TOTAL)}/done`);
  const lines = stream.events.slice(0, -1).map(({ event, id, data }) => {
    const { seq, stream: from, line } = JSON.parse(data) as WireLine;
    if (event !== 'log.line' || id !== String(seq)) throw new Error(`${event} ${String(id)} ${data}`);
    return { seq, stream: from.toUpperCase(), text: line };
  });
  return { lines, exitCode: (JSON.parse(done[0]!.data) as { exit_code: number }).exit_code };
}

describe('a job that prints 1..100000 and a marker every 1,000', () => {
  it(
    'is read by every reader through each door as 1..100100 once, in the same order, then one end',
    { timeout: 120_000 },
    async () => {
      const [first, middle] = [server.scratch.file('first'), server.scratch.file('middle')];
      const jobId = await startJob(server, {
        command: nodeProgram(
          'count.mjs',
          COUNT,
          EVERY,
          '--gate',
          `1=${first}`,
          '--gate',
          `50000=${middle}`,
          '--exit',
          7,
        ),
      });
      const streams = new Map<string, SseStream>();
      try {
        const open = async (name: string, opening: Promise<SseStream>): Promise<SseStream> => {
          const stream = await opening;
          streams.set(name, stream);
          return stream;
        };
        const early = await open('GraphQL, before', followJob(server, jobId));
        await open('events, before', server.events(`/events?job_id=${jobId}&after=0`));
        const stalled = await open('GraphQL, stalled', followJob(server, jobId));
        stalled.pause();
        const stalledEvents = await open('events, stalled', server.events(`/events?job_id=${jobId}&after=0`));
        stalledEvents.pause();
        writeFileSync(first, '');
        await untilTrue(() => lastSeqOf(early) >= 50_000, { what: 'the middle' });
        await open('GraphQL, during', followJob(server, jobId));
        await open('events, during', server.events(`/events?job_id=${jobId}&after=0`));
        await open('GraphQL, with heartbeats', followJob(server, jobId, { heartbeatMs: 100 }));
        writeFileSync(middle, '');
        await early.untilEnded();
        stalled.resume();
        stalledEvents.resume();
        await open('GraphQL, after', followJob(server, jobId));
        await open('events, after', server.events(`/events?job_id=${jobId}&after=0`));
        for (const [name, stream] of streams)
          expect([name, await stream.untilEnded()]).toEqual([name, 'end']);

        const reference = graphqlReading(early);
        expect(sequenceOf(reference.lines)).toBe(`1..${String(TOTAL)} once`);
        expect(reference.exitCode).toBe(7);
        const texts = (from: string) =>
          reference.lines.flatMap(({ stream, text }) => (stream === from ? [text] : []));
        expect(texts('STDOUT').every((text, index) => text === String(index + 1))).toBe(true);
        expect(texts('STDERR')).toEqual(
          Array.from({ length: COUNT / EVERY }, (_, index) => `marker ${String((index + 1) * EVERY)}`),
        );
        const expected = JSON.stringify(reference);
        for (const [name, stream] of streams) {
          const reading = name.startsWith('GraphQL') ? graphqlReading(stream) : eventsReading(stream);
          expect([name, sequenceOf(reading.lines)]).toEqual([name, `1..${String(TOTAL)} once`]);
          expect([name, JSON.stringify(reading) === expected]).toEqual([name, true]);
        }
        const merged = (await server.call({ path: `/jobs/${jobId}/log?format=jsonl` })).text
          .trimEnd()
          .split('\n');
        const plain = merged
          .map((line) => JSON.parse(line) as LineView)
          .map(({ seq, stream, text }) => ({ seq, stream: stream.toUpperCase(), text }));
        expect(JSON.stringify(plain) === JSON.stringify(reference.lines)).toBe(true);
        const text = (await server.call({ path: `/jobs/${jobId}/log?format=text` })).text;
        expect(text === reference.lines.map((line) => `${line.text}\n`).join('')).toBe(true);
        expect(
          (await downloadLog(server, jobId, 'stdout')).toString() ===
            texts('STDOUT')
              .map((line) => `${line}\n`)
              .join(''),
        ).toBe(true);
      } finally {
        for (const stream of streams.values()) stream[Symbol.dispose]();
      }
    },
  );
});

describe('a follower of a log', () => {
  it('gets the rest after its cursor, also beyond the end of a finished log', async () => {
    const jobId = await startScript(server, 'seq 1 1000; seq 1 10 >&2');
    const { lines } = await readWholeLog(server, jobId);
    for (const after of [0, 1, 499, 1009, 1010, 5000]) {
      using stream = await followJob(server, jobId, { after });
      expect(await stream.untilEnded()).toBe('end');
      expect(linesOf(logEvents(stream))).toEqual(lines.slice(after));
      expect(doneOf(logEvents(stream)).lastSeq).toBe(1010);
    }
  });

  it('gets the last lines of the streams that it asked for', async () => {
    const jobId = await startScript(server, 'for i in 1 2 3 4 5; do echo "out $i"; echo "err $i" >&2; done');
    await untilOver(server, jobId);
    using stream = await followJob(server, jobId, { tail: 2, streams: ['STDERR'] });
    await stream.untilEnded();
    expect(linesOf(logEvents(stream)).map(({ text }) => text)).toEqual(['err 4', 'err 5']);
    expect(doneOf(logEvents(stream)).lastSeq).toBe(10);
  });

  it.each([{ after: 1, tail: 1 }, { after: -1 }, { tail: -1 }])(
    'with %o is refused with one coded error',
    async (variables) => {
      const jobId = await startScript(server, 'exit 0');
      await untilOver(server, jobId);
      using stream = await followJob(server, jobId, variables);
      expect(await stream.untilEnded()).toBe('end');
      expect(stream.status).toBe(200);
      expect(stream.events.map(({ event }) => event)).toEqual(['next', 'complete']);
      expect(stream.events[0]?.data).toContain('"code":"INVALID_INPUT"');
    },
  );

  it.each(['999999', '0', '-1', 'x', '1e3', '00001', '9007199254740993'])(
    'of a job %s that does not exist gets one coded error and an end',
    async (jobId) => {
      using stream = await followJob(server, jobId);
      expect(await stream.untilEnded()).toBe('end');
      expect(stream.status).toBe(200);
      expect(stream.events.map(({ event }) => event)).toEqual(['next', 'complete']);
      expect(stream.events[0]?.data).toContain('"code":"JOB_NOT_FOUND"');
    },
  );

  it('that is one of many gets exactly one end, and a job without any ends just as well', async () => {
    const word = server.scratch.file('go');
    const jobId = await startScript(server, `until [ -e ${word} ]; do sleep 0.02; done; echo done; exit 4`);
    const streams = await Promise.all(Array.from({ length: 20 }, () => followJob(server, jobId)));
    writeFileSync(word, '');
    for (const stream of streams) {
      expect(await stream.untilEnded()).toBe('end');
      expect(graphqlReading(stream)).toEqual({
        lines: [{ seq: 1, stream: 'STDOUT', text: 'done' }],
        exitCode: 4,
      });
    }
    const alone = await startScript(server, 'echo nobody listens; exit 5');
    expect((await untilOver(server, alone)).exitCode).toBe(5);
  });

  it('is told heartbeats only where it asked for them', async () => {
    const jobId = await startScript(server, 'echo one; exec sleep 1000');
    using silent = await followJob(server, jobId);
    using beating = await followJob(server, jobId, { heartbeatMs: 100 });
    await untilTrue(
      () => logEvents(beating).filter(({ __typename }) => __typename === 'LogHeartbeat').length >= 2,
    );
    expect(logEvents(beating).at(-1)).toEqual({ __typename: 'LogHeartbeat', lastSeq: 1 });
    expect(logEvents(silent).map(({ __typename }) => __typename)).toEqual(['LogLines']);
    await server.ask('mutation ($id: ID!) { cancelJob(jobId: $id, gracePeriodMs: 0) { id } }', { id: jobId });
    expect(await silent.untilEnded()).toBe('end');
    expect(await beating.untilEnded()).toBe('end');
  });

  it('of a job’s changes gets its state at once, each change, and an end after the final one', async () => {
    const word = server.scratch.file('changed');
    const jobId = await startScript(server, `until [ -e ${word} ]; do sleep 0.02; done; exit 6`);
    const query = 'subscription ($id: ID!) { jobChanged(jobId: $id) { status exitCode } }';
    using stream = await server.subscribe(query, { id: jobId });
    await stream.untilEvent(({ data }) => data.includes('RUNNING'));
    writeFileSync(word, '');
    expect(await stream.untilEnded()).toBe('end');
    expect(stream.events.at(-2)?.data).toContain('{"status":"FAILED","exitCode":6}');
    expect(stream.events.at(-1)?.event).toBe('complete');
    using late = await server.subscribe(query, { id: jobId });
    expect(await late.untilEnded()).toBe('end');
    expect(late.events.map(({ event }) => event)).toEqual(['next', 'complete']);
    using unknown = await server.subscribe(query, { id: '999999' });
    expect(await unknown.untilEnded()).toBe('end');
    expect(unknown.events[0]?.data).toContain('"code":"JOB_NOT_FOUND"');
    expect(unknown.events.map(({ event }) => event)).toEqual(['next', 'complete']);
  });
});
