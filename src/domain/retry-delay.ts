import type { RestartRules } from './service-definition.ts';

/** How far a delay is spread, so that what failed together is not tried together. */
const JITTER = 0.2;

/**
 * Milliseconds before the next try: the first delay, doubled with each further end in a row, spread by 20 % to either
 * side, and never above the longest.
 * @param failures ends in a row so far, at least 1
 * @param random from 0 to 1
 */
export function retryDelayMs(
  { firstDelayMs, maxDelayMs }: Pick<RestartRules, 'firstDelayMs' | 'maxDelayMs'>,
  failures: number,
  random: number,
): number {
  // Beyond 2^40 every delay is above the longest; a larger power is no whole number any more.
  const doubledMs = firstDelayMs * 2 ** Math.min(failures - 1, 40);
  return Math.round(
    Math.min(maxDelayMs, Math.min(doubledMs, maxDelayMs) * (1 - JITTER + 2 * JITTER * random)),
  );
}
