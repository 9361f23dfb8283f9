import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** How long the condition may take to come true, in milliseconds. Default 60,000: generous, and never waited for in vain. */
  readonly limitMs?: number;
  /** What is waited for, for the failure message. */
  readonly what?: string;
}

/** Looks are this far apart at first, and a twentieth of what the wait has taken later: what looks takes time from what is looked at. */
const SHORTEST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 50;

/**
 * Waits for a condition, never for a time.
 * @returns what the condition gave when it was no longer false, null or undefined
 * @throws Error when the limit is over, with the last error of the condition as its cause
 */
export async function untilTrue<T>(
  condition: () => T | Promise<T>,
  { limitMs = 60_000, what = 'the condition' }: WaitOptions = {},
): Promise<Exclude<T, false | null | undefined>> {
  const beganMs = performance.now();
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== false && value !== null && value !== undefined) {
        return value as Exclude<T, false | null | undefined>;
      }
    } catch (error) {
      cause = error;
    }
    const passedMs = performance.now() - beganMs;
    if (passedMs > limitMs) {
      throw new Error(`${what} did not come true within ${String(limitMs)} ms`, { cause });
    }
    await delay(Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, passedMs / 20)));
  }
}
