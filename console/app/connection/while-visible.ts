/**
 * Does `work` while the page can be seen; ends it when the page is hidden, and begins it again when it is not, until it
 * has come to its end by itself or the signal aborts.
 *
 * Why: over HTTP/1.1 a browser has six connections to a server for all its tabs. Streams of tabs that nobody looks at
 * would take them from the questions of the one that somebody does.
 */
export async function whileVisible(
  signal: AbortSignal,
  work: (visible: AbortSignal) => Promise<void>,
): Promise<void> {
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    await untilVisible(signal);
    const visible = new AbortController();
    const look = (): void => {
      if (document.visibilityState === 'hidden') visible.abort();
    };
    const end = (): void => visible.abort();
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', end);
    if (isOver()) end();
    try {
      await work(visible.signal);
    } finally {
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', end);
    }
    if (!visible.signal.aborted) return;
  }
}

function untilVisible(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.visibilityState === 'hidden' && !signal.aborted) return;
      document.removeEventListener('visibilitychange', look);
      signal.removeEventListener('abort', look);
      resolve();
    };
    document.addEventListener('visibilitychange', look);
    signal.addEventListener('abort', look);
    look();
  });
}
