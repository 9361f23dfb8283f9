import { setTimeout as delay } from 'node:timers/promises';
import { isAbsence } from '../chaos/readers.ts';

/** The code of a server that is there, and wants to be asked again. */
const ASK_AGAIN = '"SERVER_STOPPING"';

/** Asks until a server answers, over its deaths and restarts. @throws Error what `ask` throws otherwise, and when `signal` aborts */
export async function untilAnswered<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!isUnanswered(error)) throw error;
    }
    await delay(50);
  }
}

/** Nobody was there, somebody who stops, or one who died in the midst of the answer. */
export function isUnanswered(error: unknown): boolean {
  return (
    isAbsence(error) ||
    error instanceof SyntaxError ||
    (error instanceof Error && error.message.includes(ASK_AGAIN))
  );
}
