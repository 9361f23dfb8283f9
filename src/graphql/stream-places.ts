import { Places } from '../domain/places.ts';

export interface StreamLimitOptions {
  readonly maxStreams: number;
  readonly maxStreamsPerToken: number;
}

/**
 * The places of streams that are open at once: each subscription, each reserved event stream and each `GET /events` takes one
 * before anything is opened for it. By the id of the stored token, `null` for the server's own; sessions count for theirs.
 */
export type StreamPlaces = Places<number | null>;

export function createStreamPlaces({ maxStreams, maxStreamsPerToken }: StreamLimitOptions): StreamPlaces {
  return new Places({
    inAll: {
      most: maxStreams,
      refusal: `The server has ${String(maxStreams)} streams open, the most that --max-streams allows. Try again when others have closed theirs.`,
    },
    each: {
      most: maxStreamsPerToken,
      refusal: `This token has ${String(maxStreamsPerToken)} streams open, the most that --max-streams-per-token allows. Close some, then try again.`,
    },
  });
}

/**
 * Takes the place of one stream until `signal` aborts: when its client has gone, when the server closes, and after its end.
 * @throws LimitExceededError; then nothing was taken
 */
export function holdStreamPlace(places: StreamPlaces, tokenId: number | null, signal: AbortSignal): void {
  if (signal.aborted) return;
  const place = places.take(tokenId);
  const release = (): void => {
    place[Symbol.dispose]();
  };
  signal.addEventListener('abort', release, { once: true });
}
