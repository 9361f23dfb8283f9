import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connectionProblem } from './connection-problem.ts';
import type { ActionOf, ProbeResult } from './probed-job.ts';

/** So much of a body is read, and forgotten, before the connection is cut. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * GET on a connection of its own. Yes is a status from 200 to 399, or exactly the one that is wanted. Redirections are not
 * followed, and a certificate must be one that Node trusts.
 */
export async function tryHttp(
  { url: text, status: wanted }: ActionOf<'HTTP'>,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const url = new URL(text);
  // Credentials and what stands behind a question mark are not for everybody who may read a message.
  const place = `GET ${url.origin}${url.pathname}`;
  const options: RequestOptions = { agent: false, headers: { 'user-agent': 'lifeline-probe' } };
  return new Promise((resolve) => {
    const settle = (isOk: boolean, what: string): void => {
      signal.removeEventListener('abort', leave);
      request.destroy();
      resolve({ isOk, message: `${place}: ${what}.` });
    };
    const leave = (): void => {
      settle(false, 'the try was given up');
    };
    signal.addEventListener('abort', leave, { once: true });
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
    request.on('error', (error) => {
      settle(false, connectionProblem(error));
    });
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      const isOk = wanted === null ? status >= 200 && status < 400 : status === wanted;
      forget(response, () => {
        settle(
          isOk,
          `it answered ${String(status)}${isOk || wanted === null ? '' : `, not ${String(wanted)}`}`,
        );
      });
    });
    request.end();
  });
}

/** Reads a body to its end, or as far as it is read at all. */
function forget(response: IncomingMessage, onOver: () => void): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) onOver();
  });
  response.on('error', () => undefined); // It was cut short: the status counts.
  response.once('close', onOver);
}
