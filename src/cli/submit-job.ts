import { Backoff, pause } from '../client/backoff.ts';
import type { Job } from '../client/client.ts';
import { isPassing, LifelineConnectionError } from '../client/errors.ts';
import { AnswerTimeoutError } from './connection.ts';
import { networkCodeOf } from './failure.ts';

/** How long a server that took a request and gave no answer is asked again. */
const PATIENCE_MS = 60_000;
/** There was a connection, and it broke: the request may have arrived. */
const BROKEN_CONNECTION: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/**
 * Makes a job by a request that carries a request id, so that asking again gives the same job. It is asked again where a
 * server was there and went away over it; where none answers at all, that is told at once.
 * @throws as `request`; the signal's reason when it aborts
 */
export async function submitJob(request: () => Promise<Job>, signal?: AbortSignal): Promise<Job> {
  const backoff = new Backoff();
  const endMs = performance.now() + PATIENCE_MS;
  for (let wasThere = false; ;) {
    try {
      return await request();
    } catch (error) {
      signal?.throwIfAborted();
      wasThere ||= mayHaveArrived(error);
      if (!wasThere || !isPassing(error) || performance.now() > endMs) throw error;
    }
    await pause(backoff.nextDelayMs(), signal ?? AbortSignal.timeout(PATIENCE_MS));
    signal?.throwIfAborted();
  }
}

function mayHaveArrived(error: unknown): boolean {
  if (!(error instanceof LifelineConnectionError)) return isPassing(error);
  if (error instanceof AnswerTimeoutError) return true;
  if (error.status !== undefined) return error.status >= 500;
  return BROKEN_CONNECTION.has(networkCodeOf(error) ?? '');
}
