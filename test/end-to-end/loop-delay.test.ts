import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoopDelay } from '../../src/graphql/services.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { signal } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

const HOLDS_ITS_LOOP = fileURLToPath(new URL('../programs/holds-its-loop.ts', import.meta.url));

// A process of its own: in a worker of vitest the histograms stay empty.
it('what held the event loop is seen, told once while it lasts, and forgotten once the window has passed', () => {
  const ended = spawnSync(process.execPath, ['--import', 'tsx', HOLDS_ITS_LOOP], { encoding: 'utf8' });
  const { seenMs, told } = JSON.parse(ended.stdout) as { seenMs: number; told: number[] };
  expect(seenMs).toBeGreaterThan(150);
  expect(told).toHaveLength(1);
  expect(told[0]).toBeGreaterThan(100);
});

describe('a server', () => {
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

  it('says how late it came to what was due', async () => {
    const maxMs = async (): Promise<number> => {
      const { server: answer } = await server.ask<{ server: { eventLoopDelay: LoopDelay } }>(
        '{ server { eventLoopDelay { p50Ms p99Ms maxMs windowMs } } }',
      );
      expect(answer.eventLoopDelay.windowMs).toBe(60_000);
      return answer.eventLoopDelay.maxMs;
    };
    const before = await maxMs();
    signal(server.pid, 'SIGSTOP');
    const stoppedAtMs = performance.now();
    await untilTrue(() => performance.now() - stoppedAtMs > before + 400);
    signal(server.pid, 'SIGCONT');
    await untilTrue(async () => (await maxMs()) >= before + 200);
  });
});
