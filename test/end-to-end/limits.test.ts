import { afterEach, describe, expect, it } from 'vitest';
import { cancelJob, followJob, startJob, tryStartJob, untilOver, untilStatus } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';

let server: LifelineServer;
afterEach(async () => {
  await using _ = server;
  await server.assertNothingIsLeft();
});

const SLEEP = { command: ['sleep', '600'] };

async function refusal(input: Readonly<Record<string, unknown>>): Promise<string> {
  const { data, errors } = await tryStartJob(server, input);
  expect(data).toBeNull();
  expect(errors.map(({ extensions }) => extensions?.code)).toEqual(['LIMIT_EXCEEDED']);
  return errors[0]!.message;
}

function next(jobId: string, by: number): string {
  return String(Number(jobId) + by);
}

/** Starts a job with another token. */
async function startWith(token: string, input: Readonly<Record<string, unknown>>): Promise<string> {
  const { text } = await server.call({
    method: 'POST',
    path: '/graphql',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      query: 'mutation ($input: StartJobInput!) { startJob(input: $input) { id } }',
      variables: { input },
    }),
  });
  return text;
}

describe('the jobs of a token that have not ended', () => {
  it('are so many, waiting ones and those of before a restart among them; a repeat finds its job all the same', async () => {
    server = await LifelineServer.start({ args: ['--max-jobs-per-token', '2', '--max-running', '1'] });
    const running = await startJob(server, { ...SLEEP, requestId: 'first' });
    const waiting = await startJob(server, SLEEP);
    await untilStatus(server, running, 'RUNNING');
    const message =
      'This token has 2 jobs that have not ended, the most that --max-jobs-per-token allows. Try again when some have.';
    expect(await refusal(SLEEP)).toBe(message);
    expect(await refusal({ ...SLEEP, requestId: 'second' })).toBe(message);
    expect(await startJob(server, { ...SLEEP, requestId: 'first' })).toBe(running);
    const rerun = await server.graphql(`mutation { rerunJob(jobId: ${running}) { id } }`);
    expect(rerun.errors[0]?.extensions?.code).toBe('LIMIT_EXCEEDED');

    const { createToken } = await server.ask<{ createToken: { secret: string } }>(
      'mutation { createToken(input: { name: "other", scope: EXEC }) { secret } }',
    );
    const others = [await startWith(createToken.secret, SLEEP), await startWith(createToken.secret, SLEEP)];
    // Each refused one had taken no id.
    const idsOfOthers = others.map((text) => /"id":"(\d+)"/.exec(text)?.[1] ?? '');
    expect(idsOfOthers).toEqual([next(waiting, 1), next(waiting, 2)]);
    expect(await startWith(createToken.secret, SLEEP)).toContain('LIMIT_EXCEEDED');

    await server.restart('SIGKILL');
    expect(await refusal(SLEEP)).toBe(message);
    expect(await startWith(createToken.secret, SLEEP)).toContain('LIMIT_EXCEEDED');
    expect(await startJob(server, { ...SLEEP, requestId: 'first' })).toBe(running);

    await cancelJob(server, waiting);
    await untilOver(server, waiting);
    const fifth = await startJob(server, { ...SLEEP, requestId: 'second' });
    expect(fifth).toBe(next(waiting, 3));
    await cancelJob(server, running, 0);
    await untilOver(server, running);
    const sixth = await startJob(server, SLEEP);
    expect(await refusal(SLEEP)).toBe(message);
    for (const jobId of [...idsOfOthers, fifth, sixth]) {
      await cancelJob(server, jobId, 0);
      await untilOver(server, jobId);
    }
    await untilOver(server, await startJob(server, { command: ['true'] }));
  });

  it('are given back by each that fails to start, and take nothing where the input is bad', async () => {
    server = await LifelineServer.start({ args: ['--max-jobs-per-token', '1'] });
    for (let n = 0; n < 3; n += 1) {
      const { errors } = await tryStartJob(server, { command: ['no-such-program'] });
      expect(errors[0]?.extensions?.code).toBe('COMMAND_NOT_FOUND');
    }
    for (let n = 0; n < 3; n += 1) await untilOver(server, await startJob(server, { script: 'exit 3' }));
  });
});

describe('the starts of a token in a minute', () => {
  it('are so many; repeats and what is refused for itself are none', async () => {
    // One of them the server has used to get warm.
    server = await LifelineServer.start({ args: ['--max-starts-per-minute', '4'] });
    const quick = { command: ['true'] };
    const first = await startJob(server, { ...quick, requestId: 'first' });
    for (let n = 0; n < 5; n += 1)
      expect(await startJob(server, { ...quick, requestId: 'first' })).toBe(first);
    await tryStartJob(server, { command: ['no-such-program'] });
    const others = [await startJob(server, quick), await startJob(server, quick)];
    expect(await refusal(quick)).toMatch(
      /^This token starts more than 4 jobs a minute, the most that --max-starts-per-minute allows\. Try again in \d+ s\.$/,
    );
    for (const jobId of [first, ...others]) await untilOver(server, jobId);
  });
});

describe('the age of a stream', () => {
  it('is bounded as it was said: the stream is cut without complete', async () => {
    server = await LifelineServer.start({ args: ['--max-stream-age', '1s'] });
    const jobId = await startJob(server, SLEEP);
    using stream = await followJob(server, jobId);
    expect(await stream.untilEnded()).toBe('cut');
    expect(stream.events.map(({ event }) => event)).not.toContain('complete');
    await cancelJob(server, jobId, 0);
    await untilOver(server, jobId);
  });

  it('that makes no sense is refused before anything starts', async () => {
    const starting = LifelineServer.start({ args: ['--max-stream-age', '20ms'] });
    await expect(starting).rejects.toThrow('Give a duration from 1s to 24d');
    server = await LifelineServer.start({ env: { LIFELINE_MAX_STALL: '0' } });
  });
});

describe('the limits', () => {
  it('are told by the server', async () => {
    const args = ['--max-streams', '11', '--max-streams-per-token', '12'];
    server = await LifelineServer.start({
      args: [...args, '--max-jobs-per-token', '13', '--max-stream-age', '1.5h', '--max-stall', '0'],
      env: { LIFELINE_MAX_STARTS_PER_MINUTE: '14' },
    });
    const query =
      '{ server { limits { maxStreams maxStreamsPerToken maxJobsPerToken maxStartsPerMinute maxStreamAgeMs maxStallMs } } }';
    expect(await server.ask(query)).toEqual({
      server: {
        limits: {
          maxStreams: 11,
          maxStreamsPerToken: 12,
          maxJobsPerToken: 13,
          maxStartsPerMinute: 14,
          maxStreamAgeMs: 5_400_000,
          maxStallMs: null,
        },
      },
    });
  });
});
