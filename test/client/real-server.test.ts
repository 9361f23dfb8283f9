import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createLifelineClient,
  FindJobDocument,
  type FollowState,
  type JobLogEvent,
} from '../../src/client/client.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';

type LogLine = Extract<JobLogEvent, { __typename: 'LogLines' }>['lines'][number];

function linesOf(event: JobLogEvent): readonly LogLine[] {
  return event.__typename === 'LogLines' ? event.lines : [];
}

/** A job that counts to `last`, says every tenth number on standard error too, and ends with 3. */
function counter(last: number, pauseSeconds: number): string {
  return `i=0; while [ $i -lt ${last} ]; do i=$((i + 1)); echo $i; [ $((i % 10)) -ne 0 ] || echo "ten $i" >&2; sleep ${pauseSeconds}; done; exit 3`;
}

describe('the typed client and a real server', () => {
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

  function client() {
    return createLifelineClient({ url: server.url, token: server.token });
  }

  it('gives every line once while the server is killed and started again and again', async () => {
    const job = await client().startJob({ script: counter(200, 0.03) });
    const lines: LogLine[] = [];
    const killAt = [20, 70, 120];
    let last: JobLogEvent | undefined;
    let restarts = Promise.resolve();
    for await (const event of client().followJobLogs(job.id)) {
      last = event;
      lines.push(...linesOf(event));
      if (lines.length < (killAt[0] ?? Infinity)) continue;
      killAt.shift();
      restarts = restarts.then(() => server.restart('SIGKILL'));
    }
    await restarts;
    expect(killAt).toEqual([]);
    expect(lines.map(({ seq }) => seq)).toEqual(Array.from({ length: 220 }, (_, index) => index + 1));
    expect(lines.filter(({ stream }) => stream === 'STDOUT').map(({ text }) => Number(text))).toEqual(
      Array.from({ length: 200 }, (_, index) => index + 1),
    );
    expect(last).toMatchObject({
      __typename: 'LogDone',
      lastSeq: 220,
      job: { status: 'FAILED', exitCode: 3 },
    });
  });

  it('replays a long log and filters streams', async () => {
    const job = await client().startJob({ script: 'seq 1 100000; seq 1 100 >&2' });
    let next = 1;
    for await (const event of client().followJobLogs(job.id)) {
      for (const { seq } of linesOf(event)) expect(seq).toBe(next++);
    }
    expect(next).toBe(100_101);

    const errors: string[] = [];
    for await (const event of client().followJobLogs(job.id, { streams: ['STDERR'] })) {
      errors.push(...linesOf(event).map(({ text }) => text));
    }
    expect(errors).toEqual(Array.from({ length: 100 }, (_, index) => String(index + 1)));
  });

  it('stays on one connection while a job is silent, kept alive by heartbeats, and ends with its cancel', async () => {
    const job = await client().startJob({ command: ['sleep', '60'] });
    const states: FollowState['state'][] = [];
    let heartbeats = 0;
    const listening = createLifelineClient({
      url: server.url,
      token: server.token,
      fetch: async (...request) => {
        const response = await fetch(...request);
        const counted = response.body!.pipeThrough(
          new TransformStream<Uint8Array, Uint8Array>({
            transform(chunk, controller) {
              heartbeats += Buffer.from(chunk).toString().split('LogHeartbeat').length - 1;
              controller.enqueue(chunk);
            },
          }),
        );
        return new Response(counted, response);
      },
    });
    const events = listening.followJobLogs(job.id, {
      heartbeatMs: 100,
      onStateChange: ({ state }) => states.push(state),
    });
    const pending = events.next();
    // Three missed ones would have ended it.
    await untilTrue(() => heartbeats >= 8);
    const cancelled = await client().cancelJob(job.id, { gracePeriodMs: 500 });
    expect(['CANCELLING', 'CANCELLED']).toContain(cancelled.status);
    await expect(pending).resolves.toMatchObject({
      value: { __typename: 'LogDone', job: { status: 'CANCELLED', signal: 'SIGTERM' } },
    });
    expect(states).toEqual(['CONNECTING', 'CONNECTED']);
    await expect(client().execute(FindJobDocument, { jobId: job.id })).resolves.toMatchObject({
      job: { status: 'CANCELLED', reason: 'CANCEL_REQUESTED' },
    });
  });

  it('leaves the server at once', async () => {
    const job = await client().startJob({ command: ['sleep', '60'] });
    const reader = new AbortController();
    const pending = client().followJobLogs(job.id, { signal: reader.signal }).next();
    await untilTrue(async () => (await server.counters()).subscribers === 1);
    reader.abort();
    await expect(pending).resolves.toEqual({ done: true, value: undefined });
    await untilTrue(async () => (await server.counters()).subscribers === 0);
    await client().cancelJob(job.id, { gracePeriodMs: 0 });
  });

  it('throws what the server refuses', async () => {
    await expect(client().followJobLogs('999').next()).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    await expect(client().cancelJob('999')).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    await expect(client().startJob({ command: ['no-such-program'] })).rejects.toMatchObject({
      code: 'COMMAND_NOT_FOUND',
    });
    const stranger = createLifelineClient({ url: server.url, token: 'not-the-token' });
    await expect(stranger.startJob({ command: ['true'] })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(stranger.followJobLogs('1').next()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
