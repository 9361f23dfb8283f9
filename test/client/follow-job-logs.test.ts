import fc from 'fast-check';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import {
  createLifelineClient,
  LifelineRequestError,
  type FollowJobLogsOptions,
  type FollowState,
  type JobLogEvent,
} from '../../src/client/client.ts';
import {
  answerJson,
  coded,
  COMPLETE,
  done,
  lines,
  next,
  openStream,
  transcript,
  UnreliableServer,
  wellBehaved,
  type Behaviour,
} from './unreliable-server.ts';

const LAST_SEQ = 20;

function follow(server: UnreliableServer, options: FollowJobLogsOptions = {}) {
  return createLifelineClient({ url: server.url }).followJobLogs('1', options);
}

async function collect(events: AsyncIterable<JobLogEvent>): Promise<JobLogEvent[]> {
  const collected: JobLogEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

function seqsOf(events: readonly JobLogEvent[]): number[] {
  return events.flatMap((event) =>
    event.__typename === 'LogLines' ? event.lines.map(({ seq }) => seq) : [],
  );
}

function upTo(lastSeq: number): number[] {
  return Array.from({ length: lastSeq }, (_, index) => index + 1);
}

/** A stream that hands out so many bytes of what it should, and then does `end`. */
function cutAfter(bytes: number, end: 'destroy' | 'end' | 'complete'): Behaviour {
  return ({ response, variables }) => {
    openStream(response);
    const part = Buffer.from(transcript(variables.after ?? 0, LAST_SEQ)).subarray(0, bytes);
    if (end === 'complete') response.end(next(lines(variables.after! + 1, variables.after! + 1)) + COMPLETE);
    else if (end === 'end') response.end(part);
    else response.write(part, () => response.destroy());
  };
}

const misbehaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  fc
    .tuple(fc.nat(2000), fc.constantFrom('destroy' as const, 'end' as const))
    .map(([bytes, end]) => cutAfter(bytes, end)),
  fc.constantFrom<Behaviour>(
    ({ request }) => void request.socket.destroy(),
    ({ response }) =>
      answerJson(response, 503, { errors: [{ message: 'x', extensions: { code: 'INTERNAL' } }] }),
    ({ response }) => answerJson(response, 404, { message: 'a proxy without a code' }),
    ({ response }) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Sign in</p>'),
    ({ response }) => (openStream(response), void response.end('event: surprise\ndata: {}\n\n')),
    ({ response }) => (openStream(response), void response.end('event: next\ndata: {"data":\n\n')),
    ({ response }) => (openStream(response), void response.end(COMPLETE)),
    // One that forgot the cursor.
    ({ response }) => (openStream(response), void response.end(next(lines(1, 7)) + next(lines(5, 9)))),
  ),
);

describe('following a log', () => {
  it('gives each line once and in order, then the end, however the connections fail', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(misbehaviour, { maxLength: 6 }), async (failures) => {
        await using server = await UnreliableServer.listen(...failures, wellBehaved(LAST_SEQ));
        const events = await collect(follow(server));
        expect(seqsOf(events)).toEqual(upTo(LAST_SEQ));
        expect(events.map(({ __typename }) => __typename).filter((name) => name === 'LogDone')).toHaveLength(
          1,
        );
        expect(events.at(-1)).toMatchObject({ __typename: 'LogDone', job: { exitCode: 0 } });
      }),
      { numRuns: 25 },
    );
  }, 90_000);

  it('resumes behind the last seq that it passed, filtered lines and heartbeats included', async () => {
    const silent: Behaviour = ({ response }) => {
      openStream(response);
      response.end(
        next({ ...lines(2, 3), lastSeq: 8 } as JobLogEvent) +
          next({ __typename: 'LogHeartbeat', jobId: '1', at: '2026-01-31T12:00:00.000Z', lastSeq: 12 }),
      );
    };
    await using server = await UnreliableServer.listen(silent, wellBehaved(LAST_SEQ));
    const events = await collect(follow(server, { after: 1, streams: ['STDERR'] }));
    expect(server.seen).toEqual([
      { jobId: '1', after: 1, streams: ['STDERR'], heartbeatMs: 10_000 },
      { jobId: '1', after: 12, streams: ['STDERR'], heartbeatMs: 10_000 },
    ]);
    expect(seqsOf(events)).toEqual([2, 3, 13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it('gives a gap once, without the part that was passed', async () => {
    const gap = { __typename: 'LogGap', jobId: '1', fromSeq: 1, toSeq: 5, reason: 'TRIMMED' } as const;
    await using server = await UnreliableServer.listen(({ response }) => {
      openStream(response);
      response.end(next(lines(1, 2)) + next(gap) + next(gap) + next(lines(6, 6)) + next(done(6)) + COMPLETE);
    });
    const events = await collect(follow(server));
    expect(events.filter(({ __typename }) => __typename === 'LogGap')).toEqual([{ ...gap, fromSeq: 3 }]);
    expect(seqsOf(events)).toEqual([1, 2, 6]);
  });

  it('takes a stream that completes without LogDone for interrupted', async () => {
    await using server = await UnreliableServer.listen(cutAfter(0, 'complete'), wellBehaved(LAST_SEQ));
    expect(seqsOf(await collect(follow(server)))).toEqual(upTo(LAST_SEQ));
    expect(server.seen.map(({ after }) => after)).toEqual([0, 1]);
  });

  it('leaves a connection that has gone silent, also before its headers', async () => {
    const mute: Behaviour = () => undefined;
    const muteAfterALine: Behaviour = ({ response }) => {
      openStream(response);
      response.write(next(lines(1, 1)));
    };
    await using server = await UnreliableServer.listen(mute, muteAfterALine, wellBehaved(LAST_SEQ));
    expect(seqsOf(await collect(follow(server, { heartbeatMs: 20 })))).toEqual(upTo(LAST_SEQ));
    expect(server.seen).toHaveLength(3);
  });

  it('stays on a connection whose only signs of life are comments', async () => {
    await using server = await UnreliableServer.listen(async ({ response, variables }) => {
      openStream(response);
      // Longer than three heartbeats in all, and never three heartbeats between two of them.
      for (let beat = 0; beat < 15; beat += 1) {
        response.write(':\n\n');
        await new Promise((resolve) => setTimeout(resolve, 40));
      }
      response.end(transcript(variables.after ?? 0, LAST_SEQ));
    });
    expect(seqsOf(await collect(follow(server, { heartbeatMs: 100 })))).toEqual(upTo(LAST_SEQ));
    expect(server.seen).toHaveLength(1);
  });

  it('reads no further than its reader takes', async () => {
    const total = 500;
    let sent = 0;
    // A network that is always ready: whatever is asked for is there at once.
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          sent += 1;
          controller.enqueue(
            Buffer.from(sent <= total ? next(lines(sent, sent)) : next(done(total)) + COMPLETE),
          );
          if (sent > total) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = { 'content-type': 'text/event-stream' };
    const events = createLifelineClient({
      url: 'http://lifeline.invalid',
      fetch: () => Promise.resolve(new Response(body, { headers })),
    }).followJobLogs('1');
    for (let taken = 1; taken <= 3; taken += 1) {
      await expect(events.next()).resolves.toMatchObject({ value: { lastSeq: taken } });
      for (let turn = 0; turn < 100; turn += 1) await setImmediate();
      expect(sent).toBeLessThanOrEqual(taken + 1);
    }
    expect(seqsOf(await collect(events))).toEqual(upTo(total).slice(3));
  });
});

describe('a coded refusal', () => {
  const refusals: [string, Behaviour][] = [
    [
      'in the stream',
      ({ response }) => (openStream(response), void response.end(coded('JOB_NOT_FOUND') + COMPLETE)),
    ],
    ['as JSON at 200', ({ response }) => answerJson(response, 200, codedBody('JOB_NOT_FOUND'))],
    ...[400, 401, 403, 404, 405, 413, 415].map((status): [string, Behaviour] => [
      `as HTTP ${status}`,
      ({ response }) => answerJson(response, status, codedBody('JOB_NOT_FOUND')),
    ]),
    [
      'of another door',
      ({ response }) => answerJson(response, 401, { error: { code: 'JOB_NOT_FOUND', message: 'No.' } }),
    ],
  ];

  it.each(refusals)('is thrown and final %s', async (_, behaviour) => {
    await using server = await UnreliableServer.listen(behaviour);
    const events = follow(server);
    const refusal = events.next();
    await expect(refusal).rejects.toBeInstanceOf(LifelineRequestError);
    await expect(refusal).rejects.toMatchObject({ code: 'JOB_NOT_FOUND', message: 'No.' });
    await expect(events.next()).resolves.toEqual({ done: true, value: undefined });
    expect(server.seen).toHaveLength(1);
  });

  it('comes after the lines that arrived before it', async () => {
    await using server = await UnreliableServer.listen(({ response }) => {
      openStream(response);
      response.end(next(lines(1, 2)) + coded('FORBIDDEN') + COMPLETE);
    });
    const events = follow(server);
    await expect(events.next()).resolves.toMatchObject({ value: { lastSeq: 2 } });
    await expect(events.next()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('is a reason to wait where it says that the server is on its way down', async () => {
    const stopping: Behaviour = ({ response }) => answerJson(response, 200, codedBody('SERVER_STOPPING'));
    await using server = await UnreliableServer.listen(stopping, wellBehaved(LAST_SEQ));
    expect(seqsOf(await collect(follow(server)))).toEqual(upTo(LAST_SEQ));
  });
});

describe('leaving', () => {
  const quiet: Behaviour = ({ response }) => openStream(response);

  async function untilAttached(server: UnreliableServer): Promise<void> {
    await vi.waitFor(() => expect(server.seen.length).toBeGreaterThan(0));
  }

  it('by the signal ends a pending next() and the connection', async () => {
    await using server = await UnreliableServer.listen(quiet);
    const reader = new AbortController();
    const pending = follow(server, { signal: reader.signal }).next();
    await untilAttached(server);
    reader.abort();
    await expect(pending).resolves.toEqual({ done: true, value: undefined });
    await vi.waitFor(() => expect(server.openAnswers).toBe(0));
  });

  it('by return() ends a pending next() and the connection, however often it is called', async () => {
    await using server = await UnreliableServer.listen(quiet);
    const events = follow(server);
    const pending = events.next();
    await untilAttached(server);
    const ended = { done: true, value: undefined };
    await expect(
      Promise.all([events.return?.(), events.return?.(), pending, events.next()]),
    ).resolves.toEqual([ended, ended, ended, ended]);
    await vi.waitFor(() => expect(server.openAnswers).toBe(0));
  });

  it('by break ends the connection', async () => {
    await using server = await UnreliableServer.listen(({ response }) => {
      openStream(response);
      response.write(next(lines(1, 1)));
    });
    for await (const event of follow(server)) {
      expect(event.__typename).toBe('LogLines');
      break;
    }
    await vi.waitFor(() => expect(server.openAnswers).toBe(0));
  });

  it('while it waits to connect again is at once, too', async () => {
    await using server = await UnreliableServer.listen(({ request }) => void request.socket.destroy());
    const reader = new AbortController();
    const onStateChange = ({ state }: FollowState) => {
      if (state === 'WAITING') reader.abort();
    };
    await expect(collect(follow(server, { signal: reader.signal, onStateChange }))).resolves.toEqual([]);
    expect(server.seen).toHaveLength(1);
  });

  it('before the first next() has nothing to release, and an aborted signal connects to nothing', async () => {
    await using server = await UnreliableServer.listen(quiet);
    const abandoned = follow(server);
    await expect(abandoned.return?.()).resolves.toEqual({ done: true, value: undefined });
    await expect(abandoned.next()).resolves.toEqual({ done: true, value: undefined });
    await expect(collect(follow(server, { signal: AbortSignal.abort() }))).resolves.toEqual([]);
    expect(server.seen).toEqual([]);
  });

  it('takes its listener off the signal, which may live longer', async () => {
    await using server = await UnreliableServer.listen(wellBehaved(LAST_SEQ));
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    await collect(follow(server, { signal }));
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed).toHaveBeenCalledWith('abort', added.mock.calls[0]![1]);
  });
});

describe('the state of a follow', () => {
  it('is told: connecting, connected, waiting with the cause', async () => {
    await using server = await UnreliableServer.listen(cutAfter(0, 'complete'), wellBehaved(LAST_SEQ));
    const states: FollowState[] = [];
    await collect(follow(server, { onStateChange: (state) => states.push(state) }));
    expect(states).toEqual([
      { state: 'CONNECTING', after: 0 },
      { state: 'CONNECTED' },
      { state: 'WAITING', delayMs: expect.any(Number) as number, cause: expect.any(Error) as Error },
      { state: 'CONNECTING', after: 1 },
      { state: 'CONNECTED' },
    ]);
  });

  it('ends the follow where telling it throws, since a bug is not the network', async () => {
    await using server = await UnreliableServer.listen(wellBehaved(LAST_SEQ));
    const bug = new Error('bug in the reader');
    const events = follow(server, {
      onStateChange: () => {
        throw bug;
      },
    });
    await expect(events.next()).rejects.toBe(bug);
    await expect(events.next()).resolves.toEqual({ done: true, value: undefined });
  });
});

function codedBody(code: string) {
  return { errors: [{ message: 'No.', extensions: { code } }] };
}
