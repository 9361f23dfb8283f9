import type { RestartRules } from './service-definition.ts';

/** How far from its middle a delay may be, so that what failed together does not come back together. */
const JITTER = 0.2;

/**
 * Milliseconds to wait before the next try: the first delay, doubled for each failure in a row after the first, give or
 * take a fifth; never above the longest.
 * @param failures how many there were in a row, from 1
 * @param random gives numbers from 0 to 1
 */
export function retryDelayMs(
  { firstDelayMs, maxDelayMs }: Pick<RestartRules, 'firstDelayMs' | 'maxDelayMs'>,
  failures: number,
  random: () => number,
): number {
  const middleMs = Math.min(maxDelayMs, firstDelayMs * 2 ** (failures - 1));
  return Math.min(maxDelayMs, Math.round(middleMs * (1 - JITTER + 2 * JITTER * random())));
}
