/** Holds the event stream of all tabs of a browser: a browser has six connections to a server over HTTP/1.1, for all of them. */
import { StreamPool } from './stream-pool.ts';
import { TabEnd } from './tab-end.ts';
import type { WorkerMessage } from '../connection/stream-messages.ts';

/** As much of a shared worker's scope as is used; the compiler knows the types of pages. */
const scope = globalThis as unknown as {
  onconnect: ((event: { readonly ports: readonly [MessagePort] }) => void) | null;
};
const workerLock = `lifeline-worker-${crypto.randomUUID()}`;
const pool = new StreamPool();

scope.onconnect = ({ ports: [port] }) => {
  const tab = new TabEnd(port, pool);
  void lockHeld.then(() => tab.say({ kind: 'welcome', workerLock } satisfies WorkerMessage));
};

/** For as long as the worker is there. */
const lockHeld = new Promise<void>((resolve) => {
  void navigator.locks.request(workerLock, () => {
    resolve();
    return new Promise(() => undefined);
  });
});
