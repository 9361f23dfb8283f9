import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/**
 * Writes, and waits until the client has taken enough of it. Whoever awaits this before getting more holds one chunk for
 * a client that does not read, and no queue.
 * @returns false once the client has gone; then there is nothing more to write
 */
export async function writeChunk(
  res: ServerResponse,
  chunk: string | Uint8Array,
  signal: AbortSignal,
): Promise<boolean> {
  if (signal.aborted || res.destroyed) return false;
  if (!res.write(chunk)) {
    try {
      await once(res, 'drain', { signal });
    } catch {
      // Aborted, or the connection broke: a client that went away is not an error.
      return false;
    }
  }
  return !res.destroyed;
}
