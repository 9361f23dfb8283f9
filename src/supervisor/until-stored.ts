import { setTimeout as delay } from 'node:timers/promises';
import { TransitionConflictError } from '../storage/job-records.ts';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Writes until it works. A step that was decided cannot be taken back, and what it fails for (a full disk, a want of
 * descriptors) passes; the steps after it wait.
 * @param released aborts when the server lets go of its jobs
 * @param onDelay called with the first error
 * @throws TransitionConflictError at once; any other error when the server lets go
 */
export async function untilStored(
  write: () => void | Promise<void>,
  released: AbortSignal,
  onDelay: (error: unknown) => void,
): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      await write();
      return;
    } catch (error) {
      if (error instanceof TransitionConflictError || released.aborted) throw error;
      if (pauseMs === FIRST_PAUSE_MS) onDelay(error);
      await delay(pauseMs, undefined, { signal: released }).catch(() => undefined);
    }
  }
}
