import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { JobLogsSubscription, JobLogsSubscriptionVariables } from '../../src/client/client.ts';

type WireEvent = JobLogsSubscription['jobLogs'];

/** One request as a behaviour sees it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly variables: JobLogsSubscriptionVariables;
}
export type Behaviour = (exchange: Exchange) => void | Promise<void>;

/**
 * A real HTTP server that speaks GraphQL over SSE as badly as it is told: the nth connection gets the nth behaviour,
 * all further ones the last.
 */
export class UnreliableServer implements AsyncDisposable {
  /** The variables of each connection, in order. */
  readonly seen: JobLogsSubscriptionVariables[] = [];
  /** Requests whose answer has not ended and whose client is still there. */
  openAnswers = 0;
  readonly #server: Server;
  readonly #behaviours: readonly Behaviour[];

  private constructor(behaviours: readonly Behaviour[]) {
    this.#behaviours = behaviours;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  static async listen(...behaviours: readonly Behaviour[]): Promise<UnreliableServer> {
    const server = new UnreliableServer(behaviours);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.openAnswers += 1;
    response.once('close', () => (this.openAnswers -= 1));
    const body = JSON.parse(await text(request)) as { variables: JobLogsSubscriptionVariables };
    const behaviour = this.#behaviours[Math.min(this.seen.length, this.#behaviours.length - 1)]!;
    this.seen.push(body.variables);
    await behaviour({ request, response, variables: body.variables });
  }
}

/** Answers 200 with the headers of an event stream, at once. */
export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  response.flushHeaders();
}

/** Answers with JSON. */
export function answerJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

export const COMPLETE = 'event: complete\ndata:\n\n';

export function next(event: WireEvent): string {
  return `event: next\ndata: ${JSON.stringify({ data: { jobLogs: event } })}\n\n`;
}

export function coded(code: string, message = 'No.'): string {
  return `event: next\ndata: ${JSON.stringify({ data: null, errors: [{ message, extensions: { code } }] })}\n\n`;
}

export function lines(fromSeq: number, toSeq: number, text = (seq: number) => `line ${seq}`): WireEvent {
  return {
    __typename: 'LogLines',
    jobId: '1',
    lastSeq: toSeq,
    lines: Array.from({ length: toSeq - fromSeq + 1 }, (_, index) => ({
      seq: fromSeq + index,
      stream: 'STDOUT',
      text: text(fromSeq + index),
      at: '2026-01-31T12:00:00.000Z',
      atApproximate: false,
      continued: false,
    })),
  };
}

export function done(lastSeq: number): WireEvent {
  return {
    __typename: 'LogDone',
    lastSeq,
    endedWithoutNewline: [],
    job: {
      id: '1',
      status: 'SUCCEEDED',
      reason: 'EXITED',
      message: null,
      command: ['true'],
      script: null,
      cwd: '/',
      labels: [],
      pid: 1,
      exitCode: 0,
      signal: null,
      signalInferred: false,
      queuedAt: '2026-01-31T12:00:00.000Z',
      startedAt: '2026-01-31T12:00:00.000Z',
      finishedAt: '2026-01-31T12:00:01.000Z',
      durationMs: 1000,
      attempt: 1,
    },
  };
}

/** A server that works: everything behind the cursor in events of `perEvent` lines, then the end. */
export function wellBehaved(lastSeq: number, perEvent = 3): Behaviour {
  return ({ response, variables }) => {
    openStream(response);
    response.end(transcript(variables.after ?? 0, lastSeq, perEvent));
  };
}

/** The whole stream behind a cursor as text. */
export function transcript(after: number, lastSeq: number, perEvent = 3): string {
  let sent = '';
  for (let seq = after + 1; seq <= lastSeq; seq += perEvent) {
    sent += next(lines(seq, Math.min(lastSeq, seq + perEvent - 1)));
  }
  return sent + next(done(lastSeq)) + COMPLETE;
}
