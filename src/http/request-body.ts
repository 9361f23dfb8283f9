import type { IncomingMessage } from 'node:http';
import { Refusal } from './refusal.ts';

/** The most bytes of a request body. */
export const MAX_BODY_BYTES = 256 * 1024;

/**
 * Reads the whole body as UTF-8. Slowness is the business of the server's own timeouts, which close the connection.
 * @throws Refusal 413 as soon as it is known to be too large, 400 where it is not UTF-8; an AbortError once `signal` aborts
 */
export async function readBody(req: IncomingMessage, signal: AbortSignal): Promise<string> {
  const declared = Number(req.headers['content-length'] ?? 0);
  if (declared > MAX_BODY_BYTES) throw tooLarge(req);
  const chunks = await collect(req, signal);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new Refusal(400, 'INVALID_INPUT', 'The body is not UTF-8.');
  }
}

function collect(req: IncomingMessage, signal: AbortSignal): Promise<readonly Buffer[]> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const settle = (action: () => void): void => {
      req.off('data', onData);
      req.off('end', onEnd);
      signal.removeEventListener('abort', onAbort);
      action();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      chunks.push(chunk);
      if (size > MAX_BODY_BYTES) {
        settle(() => {
          reject(tooLarge(req));
        });
      }
    };
    const onEnd = (): void => {
      settle(() => {
        resolve(chunks);
      });
    };
    const onAbort = (): void => {
      settle(() => {
        reject(signal.reason as Error);
      });
    };
    req.on('data', onData);
    req.on('end', onEnd);
    signal.addEventListener('abort', onAbort);
    if (signal.aborted) onAbort();
  });
}

function tooLarge(req: IncomingMessage): Refusal {
  // The rest is read and thrown away, as far as the request's timeout allows: a client that still sends when its
  // connection breaks would not see the answer.
  req.resume();
  return new Refusal(413, 'LIMIT_EXCEEDED', `A body can have ${String(MAX_BODY_BYTES)} bytes at most.`);
}
