/** What a tab says to the worker that holds the event streams of all tabs. `id` names an operation within its tab. */
export type TabMessage =
  /** The first: whoever gets the lock of this name knows that the tab is gone. */
  | { readonly kind: 'here'; readonly tabLock: string }
  /** @param body a GraphQL request over HTTP, as JSON */
  | { readonly kind: 'start'; readonly id: string; readonly body: string }
  /** So much of what came was read. */
  | { readonly kind: 'taken'; readonly id: string; readonly byteCount: number }
  | { readonly kind: 'stop'; readonly id: string };

/** What the worker says to a tab. Of an operation: `answer`, then `bytes` as often as they come, then `end`; or `end` alone. */
export type WorkerMessage =
  /** The first: whoever gets the lock of this name knows that the worker is gone. */
  | { readonly kind: 'welcome'; readonly workerLock: string }
  /** `text` is the body of a refusal; null where events follow. */
  | { readonly kind: 'answer'; readonly id: string; readonly status: number; readonly text: string | null }
  /** Server-sent events, as a connection of its own would bring them. */
  | { readonly kind: 'bytes'; readonly id: string; readonly bytes: Uint8Array<ArrayBuffer> }
  /** Without `failure`: all has come. */
  | { readonly kind: 'end'; readonly id: string; readonly failure: string | undefined };
