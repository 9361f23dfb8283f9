import { existsSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { SeededRandom } from '../../chaos/random.ts';
import { residentBytes } from '../../end-to-end/harness/processes.ts';
import type { LifelineServer } from '../../end-to-end/harness/lifeline-server.ts';
import { SOURCE_PLACE } from '../source-place.ts';
import { randomBody } from './random-graphql.ts';
import { randomRequest } from './random-http.ts';

export interface FuzzReport {
  readonly requests: number;
  readonly milliseconds: number;
  /** How many answers had which status; `none` where the connection ended without one. */
  readonly answers: Readonly<Record<string, number>>;
  /** Resident memory of the server after each quarter. */
  readonly residentMiB: readonly number[];
  /** What should not have been, each with the number of its request: the same seed makes it again. */
  readonly findings: readonly string[];
}

const CONNECTIONS = 32;
/** A request that is not complete waits for its rest; after so long its client leaves. */
const PATIENCE_MS = 200;
/** A reader of a stream that has come so far has seen enough. */
const STREAM_MS = 30;
/** What everybody may ask: health, the login page and its files, preflights of nobody; a hop from the ticket. */
const PUBLIC_STATUSES = [200, 204, 303];
const PUBLIC_TARGET = /^\S+ \/(?:healthz|login|static\/)/;

/**
 * Sends seeded nonsense to a real server: half raw bytes without a credential, half GraphQL requests with the token. Each
 * request depends on the seed and its number alone.
 */
export async function fuzz(
  server: LifelineServer,
  { requests, seed }: { readonly requests: number; readonly seed: string },
): Promise<FuzzReport> {
  const witness = server.scratch.file('ran');
  const payload = JSON.stringify({
    query: `mutation { startJob(input: { script: "touch ${witness}" }) { id } }`,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const answers: Record<string, number> = {};
  const residentMiB: number[] = [];
  const findings: string[] = [];
  const { token } = server;
  const beganMs = performance.now();

  const take = (
    number: number,
    what: string,
    status: number,
    text: string,
    problem: string | undefined,
  ): void => {
    answers[status === 0 ? 'none' : String(status)] =
      (answers[status === 0 ? 'none' : String(status)] ?? 0) + 1;
    const told = text.includes(token) ? 'the token' : SOURCE_PLACE.exec(text)?.[0];
    const found =
      problem ??
      (status >= 500 || text.includes('"INTERNAL"')
        ? 'a fault'
        : told === undefined
          ? undefined
          : `told ${told}`);
    if (found !== undefined && findings.length < 20)
      findings.push(
        `request ${String(number)}, ${found}: ${JSON.stringify(what.slice(0, 1_500))} -> ${text.slice(0, 500)}`,
      );
  };

  let next = 0;
  const work = async (): Promise<void> => {
    while (next < requests) {
      const number = next++;
      const random = new SeededRandom(`${seed}/${String(number)}`);
      if (random.next() < 0.5) {
        const bytes = randomRequest(random, `127.0.0.1:${String(server.port)}`, payload);
        const text = await sendBytes(server.port, bytes, random.next());
        const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
        const isLetIn =
          statuses.some((status) => PUBLIC_STATUSES.includes(status)) && !PUBLIC_TARGET.test(bytes);
        take(number, bytes, statuses[0] ?? 0, text, isLetIn ? 'let in without a credential' : undefined);
      } else {
        const body = randomBody(random);
        const accept = random.next() < 0.3 ? 'text/event-stream' : 'application/json';
        const { status, text } = await post(server.port, agent, token, accept, body);
        take(number, body, status, text, status === 0 ? 'no answer' : undefined);
      }
      if ((number + 1) % Math.ceil(requests / 4) === 0 || number + 1 === requests)
        residentMiB.push(residentBytes(server.pid) / 2 ** 20);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  agent.destroy();

  if (existsSync(witness)) findings.push('something ran');
  return { requests, milliseconds: performance.now() - beganMs, answers, residentMiB, findings };
}

/** @param manner from 0 to 1: who leaves at once, who ends its half at once, and who waits for the answer */
async function sendBytes(port: number, bytes: string, manner: number): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (chunk: Buffer) => (received += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(received);
    });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    if (manner < 0.1) socket.write(bytes, 'latin1', () => socket.destroy());
    else if (manner < 0.3) socket.end(bytes, 'latin1');
    else socket.write(bytes, 'latin1');
  });
}

async function post(
  port: number,
  agent: Agent,
  token: string,
  accept: string,
  body: string,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept };
    const outgoing = request(
      { host: '127.0.0.1', port, agent, method: 'POST', path: '/graphql', headers },
      (incoming) => {
        const status = incoming.statusCode ?? 0;
        let text = '';
        incoming.setEncoding('utf8');
        incoming.on('data', (chunk: string) => (text += chunk));
        incoming.on('error', () => undefined);
        incoming.on('close', () => {
          clearTimeout(leaving);
          resolve({ status, text });
        });
        const isStream = incoming.headers['content-type']?.startsWith('text/event-stream') === true;
        const leaving = isStream ? setTimeout(() => incoming.destroy(), STREAM_MS) : undefined;
      },
    );
    outgoing.on('error', (error) => {
      resolve({ status: 0, text: error.message });
    });
    outgoing.end(body);
  });
}
