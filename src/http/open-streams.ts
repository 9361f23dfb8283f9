import type { ServerResponse } from 'node:http';

/**
 * The responses that end only with a job or with their client.
 *
 * When the server closes they are cut, not completed: `complete` would tell clients that the log is, and a client that
 * is cut comes back and resumes.
 */
export class OpenStreams {
  readonly #open = new Set<ServerResponse>();
  readonly #closing = new AbortController();

  /** Enrols a response until it closes; once the server closes, it is cut at once. */
  add(res: ServerResponse): void {
    if (this.closing.aborted) {
      res.destroy();
      return;
    }
    this.#open.add(res);
    res.once('close', () => this.#open.delete(res));
  }

  /** Aborts once they are cut: for what belongs to streams and is no response. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Cuts all of them, in one turn: their connections, or their streams over HTTP/2, go before anything can hear of it, so that no source which ends because
   * of it can still write an end.
   */
  cutAll(): void {
    for (const res of this.#open) res.destroy();
    this.#open.clear();
    this.#closing.abort();
  }
}
