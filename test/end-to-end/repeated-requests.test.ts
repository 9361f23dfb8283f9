import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJob, tryStartJob, untilOver } from './harness/jobs.ts';
import { LifelineServer } from './harness/lifeline-server.ts';

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

describe('a request that is repeated', () => {
  it('under its requestId starts one job, whether at once, later, or after kill -9', async () => {
    const file = server.scratch.file('ran');
    const input = { requestId: 'order-66', script: `echo ran >>${file}` };
    const answers = await Promise.all(Array.from({ length: 10 }, () => startJob(server, input)));
    expect(new Set(answers).size).toBe(1);
    await untilOver(server, answers[0]!);
    await server.restart('SIGKILL');
    expect(await startJob(server, input)).toBe(answers[0]);
    expect(readFileSync(file, 'utf8')).toBe('ran\n');
    const { errors } = await tryStartJob(server, { ...input, script: 'echo other' });
    expect(errors.map(({ extensions }) => extensions?.code)).toEqual(['CONFLICT']);
  });

  it(
    'by a client whose server was killed at any moment runs at most once, and exactly once unless its launch failed',
    { timeout: 120_000 },
    async () => {
      const requests: { input: { requestId: string; script: string }; file: string }[] = [];
      for (let round = 0; round < 6; round += 1) {
        const fresh = Array.from({ length: 4 }, (_, index) => {
          const file = server.scratch.file(`ran-${String(round)}-${String(index)}`);
          return { file, input: { requestId: file, script: `echo ran >>${file}` } };
        });
        requests.push(...fresh);
        const calls = fresh.map(({ input }) => startJob(server, input).catch(() => undefined));
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 60));
        await server.end('SIGKILL');
        await Promise.all(calls);
        await server.launch();
      }
      for (const { input, file } of requests) {
        const { status, reason } = await untilOver(server, await startJob(server, input));
        const ran = existsSync(file) ? readFileSync(file, 'utf8') : '';
        expect([status, reason, ran]).toEqual(
          status === 'SUCCEEDED' ? ['SUCCEEDED', 'EXITED', 'ran\n'] : ['FAILED', 'LAUNCH_FAILED', ''],
        );
      }
      const { jobs } = await server.ask<{ jobs: { edges: { node: { requestId: string | null } }[] } }>(
        '{ jobs(first: 100) { edges { node { requestId } } } }',
      );
      const ids = jobs.edges.flatMap(({ node }) => node.requestId ?? []);
      expect(ids.sort()).toEqual(requests.map(({ input }) => input.requestId).sort());
    },
  );
});
