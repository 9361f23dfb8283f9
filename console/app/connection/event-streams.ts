import { type WatchedFetch, watchedFetch } from './own-fetch.ts';
import { SharedStreams } from './shared-streams.ts';
import { whileVisible } from './while-visible.ts';

/** Follows something until it ends or the signal aborts; may be begun again behind what it has seen. */
export type Follow = (signal: AbortSignal, fetchWith: WatchedFetch) => Promise<void>;

/**
 * Where a page has its event streams from: the one that all tabs of the browser share, and where there is none, or not any
 * more, connections of its own while it can be seen. Lives as long as the page.
 */
export class EventStreams {
  readonly #shared: Promise<SharedStreams | undefined> = SharedStreams.connect();

  /** Resolves when `follow` has come to its end by itself, or the signal has aborted. */
  async use(signal: AbortSignal, follow: Follow): Promise<void> {
    const shared = await this.#shared;
    if (shared !== undefined) {
      await follow(AbortSignal.any([signal, shared.lost]), shared.fetch);
      if (!shared.lost.aborted) return;
    }
    if (signal.aborted) return;
    await whileVisible(signal, (visible) => follow(visible, watchedFetch));
  }
}
