import type { Clock } from '../domain/clock.ts';
import { LongTimer } from './long-timer.ts';

/** The clocks of this machine. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, work) => new LongTimer(delayMs, work),
};
