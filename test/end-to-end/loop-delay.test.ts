import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LoopDelay } from '../../src/graphql/services.ts';
import { LoopDelayWatch } from '../../src/loop-delay.ts';
import { LifelineServer } from './harness/lifeline-server.ts';
import { signal } from './harness/processes.ts';
import { untilTrue } from './harness/until-true.ts';

/** Work without a pause. */
function hold(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('the watch of the event loop', () => {
  it('sees what held the loop, and forgets it once the window has passed', async () => {
    using watch = new LoopDelayWatch({ windowMs: 400, onBad: () => undefined });
    await untilTrue(() => watch.read().p50Ms < 50);
    hold(300);
    await untilTrue(() => watch.read().maxMs >= 200);
    await untilTrue(() => watch.read().maxMs < 200);
  });

  it('tells of a loop that stays late, and not again at once', async () => {
    const told: LoopDelay[] = [];
    using _watch = new LoopDelayWatch({ windowMs: 400, onBad: (delay) => told.push(delay) });
    for (let turn = 0; turn < 10; turn++) {
      hold(250);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(told).toHaveLength(1);
    expect(told[0]?.p99Ms).toBeGreaterThan(100);
  });
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
