import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLifelineClient, type LifelineClient } from '../../src/client/client.ts';
import { ServerProcess, type ServerProcessOptions } from '../../demo/server-process.ts';
import type { BenchDocument } from '../documents/document.ts';
import type { BenchContext } from './context.ts';

/** A real Lifeline, fresh, with a data directory of its own. Whoever starts it disposes it. */
export class BenchServer implements AsyncDisposable {
  readonly client: LifelineClient;
  /** The process to measure. */
  readonly pid: number;
  readonly #server: ServerProcess;

  private constructor(server: ServerProcess, dataDirectory: string) {
    this.#server = server;
    this.client = createLifelineClient(server);
    this.pid = (JSON.parse(readFileSync(join(dataDirectory, 'lease.json'), 'utf8')) as { pid: number }).pid;
  }

  static async start(
    context: BenchContext,
    args: readonly string[] = [],
    options: Pick<ServerProcessOptions, 'nodeArgs' | 'env'> = {},
  ): Promise<BenchServer> {
    const dataDirectory = context.scratchPath('data');
    const { profileDirectory } = context;
    const nodeArgs =
      profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
    const server = await ServerProcess.start(dataDirectory, {
      ...options,
      args,
      nodeArgs: [...nodeArgs, ...(options.nodeArgs ?? [])],
    });
    return new BenchServer(server, dataDirectory);
  }

  get port(): number {
    return Number(new URL(this.#server.url).port);
  }

  /** The bytes that subscribe to a job's log with a document, behind a seq. */
  followRequest(document: BenchDocument, jobId: string, after = 0): string {
    const body = JSON.stringify({
      query: document.query,
      variables: { ...document.variables, jobId, after },
    });
    return [
      'POST /graphql HTTP/1.1',
      `Host: 127.0.0.1:${this.port}`,
      `Authorization: Bearer ${this.#server.token}`,
      'Accept: text/event-stream',
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  }

  /** The answer to a query. @throws Error for one with errors */
  async ask<T>(query: string): Promise<T> {
    const answer = await fetch(`${this.#server.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#server.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const { data, errors } = (await answer.json()) as { data: T; errors?: unknown };
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server[Symbol.asyncDispose]();
  }
}
