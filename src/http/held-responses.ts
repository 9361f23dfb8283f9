import type { ServerResponse } from 'node:http';

/** Which responses are under way for whom, so that they can be cut when that one may not receive them any more. */
export class HeldResponses<Holder> {
  readonly #byHolder = new Map<Holder, Set<ServerResponse>>();

  /** Enrols a response until it closes. */
  attach(holder: Holder, res: ServerResponse): void {
    const responses = this.#byHolder.get(holder) ?? new Set();
    this.#byHolder.set(holder, responses.add(res));
    res.once('close', () => {
      responses.delete(res);
      if (responses.size === 0 && this.#byHolder.get(holder) === responses) this.#byHolder.delete(holder);
    });
  }

  /** Cuts all that the holder still receives, but for one. */
  cut(holder: Holder, except?: ServerResponse): void {
    for (const res of this.#byHolder.get(holder) ?? []) if (res !== except) res.destroy();
  }
}
