import { writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createLifelineClient,
  type FollowJobLogsOptions,
  type JobLogEvent,
} from '../../src/client/client.ts';
import {
  downloadLog,
  JOB_LOGS,
  startScript,
  untilStatus,
  type LogEventView,
} from '../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { sequenceOf } from '../end-to-end/harness/sequence-of.ts';
import { SseStream, type SseEvent } from '../end-to-end/harness/sse-stream.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { startBehind } from './behind-proxy.ts';
import { HostileProxy, PASS, type Behaviour } from './hostile-proxy.ts';

interface Reading {
  /** Everything that came, in the order in which it came: nothing is dropped here. */
  readonly lines: { readonly seq: number; readonly text: string }[];
  exitCode: number | null;
}

function emptyReading(): Reading {
  return { lines: [], exitCode: null };
}

function take(reading: Reading, event: JobLogEvent | LogEventView): void {
  if (event.__typename === 'LogLines') reading.lines.push(...event.lines);
  if (event.__typename === 'LogDone') reading.exitCode = event.job.exitCode;
}

/** Lifeline's client, told of a connection by `proxy` alone. */
async function readWithOurClient(
  server: LifelineServer,
  proxy: HostileProxy,
  jobId: string,
  options: FollowJobLogsOptions = {},
  reading = emptyReading(),
): Promise<Reading> {
  const client = createLifelineClient({ url: proxy.url, token: server.token });
  for await (const event of client.followJobLogs(jobId, options)) take(reading, event);
  return reading;
}

/** One connection of a raw reader; what breaks it is not an error. */
async function readRaw(proxy: HostileProxy, open: () => Promise<SseStream>): Promise<readonly SseEvent[]> {
  let stream: SseStream;
  try {
    stream = await open();
  } catch {
    return [];
  }
  using reader = stream;
  await reader.untilEnded({ what: `the end of connection ${proxy.connections}`, limitMs: 200_000 });
  expect(reader.status).toBe(200);
  return reader.events;
}

/** A reader of /events that keeps all whole events of all connections, duplicates included. */
async function readEventsRaw(server: LifelineServer, proxy: HostileProxy, jobId: string): Promise<Reading> {
  const reading = emptyReading();
  const port = Number(new URL(proxy.url).port);
  for (let lastId = '0'; ;) {
    const headers = { ...server.authorization, 'last-event-id': lastId };
    const events = await readRaw(proxy, () =>
      SseStream.open(port, { path: `/events?job_id=${jobId}`, headers }),
    );
    for (const { event, data, id } of events) {
      lastId = id ?? lastId;
      const { seq, line, exit_code } = JSON.parse(data) as { seq: number; line: string; exit_code: number };
      if (event === 'log.line') reading.lines.push({ seq, text: line });
      if (event === 'log.done') return { ...reading, exitCode: exit_code };
    }
  }
}

/** The same over GraphQL. */
async function readGraphqlRaw(server: LifelineServer, proxy: HostileProxy, jobId: string): Promise<Reading> {
  const reading = emptyReading();
  const port = Number(new URL(proxy.url).port);
  for (let after = 0; ;) {
    const body = JSON.stringify({ query: JOB_LOGS, variables: { jobId, after } });
    const headers = { ...server.authorization, 'content-type': 'application/json' };
    const events = await readRaw(proxy, () =>
      SseStream.open(port, { method: 'POST', path: '/graphql', headers, body }),
    );
    for (const { event, data } of events) {
      if (event !== 'next') continue;
      const { jobLogs } = (JSON.parse(data) as { data: { jobLogs: LogEventView } }).data;
      take(reading, jobLogs);
      if (jobLogs.__typename === 'LogDone') return reading;
      if (jobLogs.__typename !== 'LogGap') after = jobLogs.lastSeq;
    }
  }
}

/** Numbers from 0 to 1 that are the same for the same seed. Source: mulberry32, public domain. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const CUTS = 100;

describe('a reader that loses its connection 100 times at random', () => {
  const seed = Number(process.env['LIFELINE_TEST_SEED'] ?? Date.now());

  it(`sees each line of a running job once, and its end (seed ${seed})`, { timeout: 240_000 }, async () => {
    const random = randomNumbers(seed);
    const cutting = (proxy: () => HostileProxy) => (): Behaviour =>
      proxy().cuts < CUTS ? { kind: 'cut-pieces', pieces: Math.floor(random() * 8), part: random() } : PASS;
    const proxies: HostileProxy[] = [];
    for (let index = 0; index < 3; index += 1) {
      proxies.push(await HostileProxy.listen(cutting(() => proxies[index]!)));
    }
    const [ours, events, graphql] = proxies as [HostileProxy, HostileProxy, HostileProxy];
    await using _ours = ours;
    await using _events = events;
    await using _graphql = graphql;
    await using server = await startBehind(proxies);
    const word = server.scratch.file('enough');
    const jobId = await startScript(
      server,
      `i=0; until [ -e ${word} ]; do i=$((i + 1)); echo "line $i"; [ $((i % 20)) -ne 0 ] || sleep 0.02; done; exit 3`,
    );

    const reading = Promise.all([
      readWithOurClient(server, ours, jobId),
      readEventsRaw(server, events, jobId),
      readGraphqlRaw(server, graphql, jobId),
    ]);
    const [readings] = await Promise.all([
      reading,
      untilTrue(() => proxies.every(({ cuts }) => cuts === CUTS), {
        what: 'all cuts',
        limitMs: 200_000,
      }).then(() => writeFileSync(word, '')),
    ]);

    const written = (await downloadLog(server, jobId, 'stdout')).toString().trimEnd().split('\n');
    expect(written.at(-1)).toBe(`line ${written.length}`);
    for (const { lines, exitCode } of readings) {
      expect(sequenceOf(lines)).toBe(`1..${written.length} once`);
      expect(lines.map(({ text }) => text)).toEqual(written);
      expect(exitCode).toBe(3);
    }
    expect(proxies.map(({ cuts }) => cuts)).toEqual([CUTS, CUTS, CUTS]);
    await server.assertNothingIsLeft();
  });
});

describe('a reader whose every connection is cut after 32 kB', () => {
  it('comes to the end of a long log all the same, by small first events', { timeout: 120_000 }, async () => {
    const lines = 10_000;
    const cut = (): Behaviour => ({ kind: 'cut', afterBytes: 32_000 });
    await using ours = await HostileProxy.listen(cut);
    await using graphql = await HostileProxy.listen(cut);
    await using server = await startBehind([ours, graphql]);
    const jobId = await startScript(server, `seq 1 ${lines} | sed 's/$/ of a long log/'; exit 3`);
    await untilStatus(server, jobId, 'FAILED');
    const readings = await Promise.all([
      readWithOurClient(server, ours, jobId),
      readGraphqlRaw(server, graphql, jobId),
    ]);
    for (const reading of readings) {
      expect(sequenceOf(reading.lines)).toBe(`1..${lines} once`);
      expect(reading.exitCode).toBe(3);
    }
    expect(ours.cuts).toBeGreaterThan(20);
    await server.assertNothingIsLeft();
  });
});

describe('Lifeline’s client behind a proxy', { timeout: 60_000 }, () => {
  const LINES = 2_000;

  /** A job that prints half of its lines, waits for a file, and prints the rest. */
  async function startInHalves(server: LifelineServer): Promise<{ jobId: string; goOn: () => void }> {
    const word = server.scratch.file('go-on');
    const half = LINES / 2;
    const wait = `until [ -e ${word} ]; do sleep 0.02; done`;
    const jobId = await startScript(server, `seq 1 ${half}; ${wait}; seq ${half + 1} ${LINES}; exit 3`);
    return { jobId, goOn: () => writeFileSync(word, '') };
  }

  function expectWhole({ lines, exitCode }: Reading): void {
    expect(sequenceOf(lines)).toBe(`1..${LINES} once`);
    expect(lines.every(({ seq, text }) => text === String(seq))).toBe(true);
    expect(exitCode).toBe(3);
  }

  it('that buffers as nginx does sees lines as they come', async () => {
    await using proxy = await HostileProxy.listen(() => ({ kind: 'buffer-unless-told' }));
    await using server = await startBehind([proxy]);
    const { jobId, goOn } = await startInHalves(server);
    const client = createLifelineClient({ url: proxy.url, token: server.token });
    const reading = emptyReading();
    for await (const event of client.followJobLogs(jobId)) {
      take(reading, event);
      // The job goes on only now: had the proxy kept its lines, nobody would be here.
      if (reading.lines.length === LINES / 2) goOn();
    }
    expectWhole(reading);
    expect(proxy.connections).toBe(1);
    // With it go the connections that a client keeps for its next request.
    await proxy[Symbol.asyncDispose]();
    await server.assertNothingIsLeft();
  });

  it('that gives out whole blocks only gets everything all the same', async () => {
    await using proxy = await HostileProxy.listen(() => ({ kind: 'buffer', blockBytes: 4_096 }));
    await using server = await startBehind([proxy]);
    const { jobId, goOn } = await startInHalves(server);
    const reading = readWithOurClient(server, proxy, jobId, { heartbeatMs: 1_000 });
    goOn();
    expectWhole(await reading);
    await proxy[Symbol.asyncDispose]();
    await server.assertNothingIsLeft();
  });

  it('that stalls for a while goes on with the same connection', async () => {
    await using proxy = await HostileProxy.listen(() => ({ kind: 'stall', afterBytes: 5_000 }));
    await using server = await startBehind([proxy]);
    const { jobId, goOn } = await startInHalves(server);
    const reading = readWithOurClient(server, proxy, jobId);
    await untilTrue(() => proxy.stopped === 1);
    goOn();
    proxy.goOn();
    expectWhole(await reading);
    expect(proxy.connections).toBe(1);
    await proxy[Symbol.asyncDispose]();
    await server.assertNothingIsLeft();
  });

  it.each([
    ['stalls for too long', 'stall'],
    ['dies silently', 'die'],
  ] as const)('that %s, before, in and behind the head, comes back and misses nothing', async (_, kind) => {
    const afterBytes = [0, 100, 5_000, 20_000, Infinity];
    await using proxy = await HostileProxy.listen((connection) => {
      const bytes = afterBytes[connection - 1];
      return bytes === undefined ? PASS : { kind, afterBytes: bytes };
    });
    await using server = await startBehind([proxy]);
    const { jobId, goOn } = await startInHalves(server);
    const soFar = emptyReading();
    const reading = readWithOurClient(server, proxy, jobId, { heartbeatMs: 100 }, soFar);
    await untilTrue(() => soFar.lines.length === LINES / 2);
    // Only heartbeats tell this from a silent job.
    proxy.stopAll();
    goOn();
    await untilTrue(() => proxy.connections > afterBytes.length);
    // What was held comes late, where nobody listens any more.
    proxy.goOn();
    expectWhole(await reading);
    await proxy[Symbol.asyncDispose]();
    await server.assertNothingIsLeft();
  });
});
