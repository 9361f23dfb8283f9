import { createClient } from 'graphql-sse';
import { Backoff, pause } from '../../../src/client/backoff.ts';
import { codedErrorIn, isPassing, LifelineConnectionError } from '../../../src/client/errors.ts';
import type { TypedDocument } from '../../../src/client/client.ts';
import type { WatchedFetch } from './own-fetch.ts';

/** The server writes a comment every 10 s where it has nothing to say. */
const SILENCE_MS = 25_000;

export interface LiveSink<TResult> {
  readonly onEvent: (event: TResult) => void;
  /** Whether events can be expected to come; false from the break of a connection to the next event. */
  readonly onConnected: (isConnected: boolean) => void;
  /** A refusal that asking again does not change. */
  readonly onRefused: (error: Error) => void;
}

export interface Following<TResult> {
  readonly signal: AbortSignal;
  /** Brings the connections. */
  readonly fetchWith: WatchedFetch;
  readonly sink: LiveSink<TResult>;
}

/**
 * Follows a subscription whose every connection begins with the whole state, such as `jobsChanged` and `jobChanged`, over
 * any number of connections, until it completes, is refused for good, or the signal aborts.
 *
 *   (connecting → reading → waiting →)… → ended
 *
 * Silence: a connection without a byte for 25 s is taken for dead. Release: the signal, at once.
 */
export async function followLive<TResult, TVariables extends Record<string, unknown>>(
  document: TypedDocument<TResult, TVariables>,
  variables: TVariables,
  { signal, fetchWith, sink }: Following<TResult>,
): Promise<void> {
  const backoff = new Backoff();
  while (!signal.aborted) {
    try {
      await oneConnection(document, variables, { signal, fetchWith }, (event) => {
        backoff.reset();
        sink.onConnected(true);
        sink.onEvent(event);
      });
      return;
    } catch (error) {
      // The signal may have aborted meanwhile, whatever the compiler knows of it.
      if ((signal as { aborted: boolean }).aborted) return;
      sink.onConnected(false);
      if (!isPassing(error)) {
        sink.onRefused(error instanceof Error ? error : new Error('The server refused.', { cause: error }));
        return;
      }
      await pause(backoff.nextDelayMs(), signal);
    }
  }
}

/** Resolves when the server completes. @throws what ended it otherwise */
function oneConnection<TResult, TVariables extends Record<string, unknown>>(
  document: TypedDocument<TResult, TVariables>,
  variables: TVariables,
  { signal, fetchWith }: Pick<Following<TResult>, 'signal' | 'fetchWith'>,
  onEvent: (event: TResult) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let watchdog: ReturnType<typeof setTimeout> | undefined;
    const end = (error?: Error): void => {
      clearTimeout(watchdog);
      signal.removeEventListener('abort', onAbort);
      if (error === undefined) resolve();
      else reject(error);
      leave();
    };
    const onAbort = (): void => end();
    const onBytes = (): void => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => end(new LifelineConnectionError('The connection is silent.')), SILENCE_MS);
    };
    const client = createClient({
      url: '/graphql',
      // A retry of its own would not know of silence, nor of refusals that pass.
      retryAttempts: 0,
      fetchFn: fetchWith(onBytes),
    });
    let leave = (): void => undefined;
    onBytes();
    leave = client.subscribe<TResult>(
      { query: document.toString(), variables },
      {
        next: (result) => {
          const refusal = codedErrorIn(result);
          if (refusal !== undefined) end(refusal);
          else if (result.data != null) onEvent(result.data);
        },
        error: (cause) =>
          end(
            codedErrorIn({ errors: cause }) ??
              new LifelineConnectionError('The connection broke.', { cause }),
          ),
        complete: () => end(),
      },
    );
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}
