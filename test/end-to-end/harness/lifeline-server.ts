import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { httpCall, type HttpAnswer, type HttpCall } from './http-call.ts';
import { childrenOf, descriptorCount, isRunning, processesMentioning, signal } from './processes.ts';
import { ScratchDirectory } from './scratch-directory.ts';
import { SseStream } from './sse-stream.ts';
import { untilTrue } from './until-true.ts';

/** The server under test: the one that was built here, or another one, such as that of an installed package. */
export const MAIN_PATH =
  process.env['LIFELINE_TEST_MAIN'] ?? fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

export interface ServerOptions {
  /** Another file that starts the server than the one that users run. */
  readonly main?: string;
  /** Further arguments of `serve`. */
  readonly args?: readonly string[];
  /** Further variables of the server's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program that starts the server, such as a shell that sets limits; gets the server's command line as its last arguments. */
  readonly wrapper?: readonly string[];
  /** Whether that program stays, as the parent of the server, and ends with it. */
  readonly wrapperStays?: boolean;
  /** Whether other users may write to the scratch directory, for a server that runs as one of them. */
  readonly openScratch?: boolean;
}

export interface GraphqlAnswer<T> {
  readonly status: number;
  readonly data: T | null | undefined;
  readonly errors: readonly {
    readonly message: string;
    readonly extensions?: { readonly code?: string; readonly [name: string]: unknown };
  }[];
}

/** What the server counts; all zero when nothing is going on. */
export interface Counters {
  readonly activeJobs: number;
  readonly queuedJobs: number;
  readonly openChannels: number;
  readonly subscribers: number;
  readonly openStreams: number;
}

export interface LeakCheckOptions {
  /**
   * Whether a stream in single connection mode whose client has left may still be kept for it, as it is for ten seconds.
   * Default: no. A file of tests that lets them be kept checks without this at its end.
   */
  readonly keptStreams?: boolean;
}

const COUNTERS = '{ server { activeJobs queuedJobs openChannels subscribers openStreams } }';

/**
 * Guard of a real server on a scratch directory: the binary that users run, spoken to only through its doors.
 *
 * Home and PATH of the server lie in the scratch directory, so that every process that it starts can be known by it,
 * whatever the server says. Disposal ends all jobs, stops the server and removes the directory.
 */
export class LifelineServer implements AsyncDisposable {
  readonly scratch: ScratchDirectory;
  readonly dataDirectory: string;
  readonly #options: ServerOptions;
  #child: ChildProcess | undefined;
  #port = 0;
  #stderr = '';
  #baseDescriptors = 0;

  private constructor(options: ServerOptions) {
    this.scratch = new ScratchDirectory();
    this.dataDirectory = this.scratch.file('data');
    this.#options = options;
    if (options.openScratch === true) chmodSync(this.scratch.path, 0o777);
  }

  /** Starts a server on a free port; resolves when it says that it is ready. */
  static async start(options: ServerOptions = {}): Promise<LifelineServer> {
    const server = new LifelineServer(options);
    try {
      await server.launch();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  /** Pid of the server process itself. @throws Error when it is not running */
  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the server is not running');
    if (this.#options.wrapperStays !== true) return this.#child.pid;
    const [server] = childrenOf(this.#child.pid);
    if (server === undefined) throw new Error('the server has not been started yet');
    return server;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** What it wrote to standard error so far, over all its lives: JSON lines. */
  get stderr(): string {
    return this.#stderr;
  }

  get token(): string {
    const given = this.#options.env?.['LIFELINE_TOKEN'];
    if (given !== undefined) return given;
    return readFileSync(join(this.dataDirectory, 'token'), 'utf8').trim();
  }

  get authorization(): Readonly<Record<string, string>> {
    return { authorization: `Bearer ${this.token}` };
  }

  /** Starts it, again on the same directory and port where it has run before. */
  async launch(): Promise<void> {
    if (this.#child !== undefined) throw new Error('the server runs already');
    const [program, ...args] = [
      ...(this.#options.wrapper ?? []),
      process.execPath,
      this.#options.main ?? MAIN_PATH,
      ...this.arguments(),
    ] as [string, ...string[]];
    const child = spawn(program, args, {
      cwd: this.scratch.path,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.environment(),
    });
    this.#child = child;
    let stdout = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString('utf8')));
    child.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString('utf8')));
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    const port = await untilTrue(
      () => {
        const ready = /^Lifeline is ready at http:\/\/127\.0\.0\.1:(\d+)$/m.exec(stdout)?.[1];
        if (ready !== undefined) return Number(ready);
        if (this.#child === undefined) return -1;
        return false;
      },
      { what: 'the ready line of the server' },
    );
    if (port < 0) throw new Error(`the server ended before it was ready:\n${this.#stderr}`);
    this.#port = port;
    if (this.#baseDescriptors === 0) await this.#warmUp();
  }

  /** The arguments with which it is started. */
  arguments(): string[] {
    return [
      'serve',
      '--port',
      String(this.#port),
      '--data-dir',
      this.dataDirectory,
      ...(this.#options.args ?? []),
    ];
  }

  environment(): Record<string, string> {
    return {
      HOME: this.scratch.path,
      PATH: `${this.scratch.path}/bin:${process.env['PATH'] ?? '/usr/bin:/bin'}`,
      LANG: 'C.UTF-8',
      ...this.#options.env,
    };
  }

  /** Sends a signal to the server alone and waits for its end. @returns its exit code, or the signal that ended it */
  async end(name: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
    const child = this.#child;
    if (child === undefined) throw new Error('the server is not running');
    const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    signal(this.pid, name);
    const [code, by] = await ended;
    return code ?? by;
  }

  /** Stops it politely (SIGTERM) or not (SIGKILL), and starts it again on the same directory and port. */
  async restart(name: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.end(name);
    await this.launch();
  }

  /** One request with the token. */
  async call(call: HttpCall): Promise<HttpAnswer> {
    return httpCall(this.#port, { ...call, headers: { ...this.authorization, ...call.headers } });
  }

  async graphql<T>(
    query: string,
    variables: Readonly<Record<string, unknown>> = {},
  ): Promise<GraphqlAnswer<T>> {
    const answer = await this.call({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const body = JSON.parse(answer.text) as { data?: T | null; errors?: GraphqlAnswer<T>['errors'] };
    return { status: answer.status, data: body.data, errors: body.errors ?? [] };
  }

  /** The data of an answer without errors. @throws Error with them otherwise */
  async ask<T>(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const { data, errors } = await this.graphql<T>(query, variables);
    if (errors.length > 0 || data == null) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** Opens a subscription over server-sent events. The caller owns the stream. */
  async subscribe(query: string, variables: Readonly<Record<string, unknown>> = {}): Promise<SseStream> {
    return SseStream.open(this.#port, {
      method: 'POST',
      path: '/graphql',
      headers: { ...this.authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
  }

  /** Opens a stream of server-sent events. The caller owns it. */
  async events(path: string, headers: Readonly<Record<string, string>> = {}): Promise<SseStream> {
    return SseStream.open(this.#port, { path, headers: { ...this.authorization, ...headers } });
  }

  async counters(): Promise<Counters> {
    return (await this.ask<{ server: Counters }>(COUNTERS)).server;
  }

  /**
   * Fails if something is left: a job, a channel, a reader, a stream, a descriptor, a child, or any process of this server's
   * jobs. For the end of every test.
   */
  async assertNothingIsLeft({ keptStreams = false }: LeakCheckOptions = {}): Promise<void> {
    if (!this.running) await this.launch();
    let found: unknown;
    await untilTrue(
      async () => {
        const left = {
          // First: the connection of our own question would be one of them.
          descriptorsTooMany: Math.max(0, descriptorCount(this.pid) - this.#baseDescriptors),
          children: childrenOf(this.pid),
          processes: this.jobProcesses(),
          ...(await this.counters()),
          ...(keptStreams ? { openStreams: 0 } : {}),
        };
        found = left;
        return Object.values(left).every((value) =>
          typeof value === 'number' ? value === 0 : value.length === 0,
        );
      },
      { what: 'an empty server' },
    ).catch((error: unknown) => {
      throw new Error(`something is left: ${JSON.stringify(found)}`, { cause: error });
    });
  }

  /** All live processes that belong to this server's jobs, shims and sinks included, found without the server's help. */
  jobProcesses(): { pid: number; command: string }[] {
    const own = this.#child === undefined ? [] : [this.#child.pid, this.pid];
    return processesMentioning(this.scratch.path).filter(({ pid }) => !own.includes(pid));
  }

  /** Ends whatever is left of the jobs, past the server. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.#child !== undefined) await this.end('SIGKILL');
      await untilTrue(() => {
        const left = this.jobProcesses();
        for (const { pid } of left) if (isRunning(pid)) signal(pid, 'SIGKILL');
        return left.length === 0;
      });
    } finally {
      this.scratch[Symbol.dispose]();
    }
  }

  /** The base line of descriptors is that of a server that has already done everything once. */
  async #warmUp(): Promise<void> {
    const { startJob } = await this.ask<{ startJob: { id: string } }>(
      'mutation { startJob(input: { script: "echo warm; exit 0" }) { id } }',
    );
    {
      using stream = await this.subscribe('subscription ($id: ID!) { jobLogs(jobId: $id) { __typename } }', {
        id: startJob.id,
      });
      await stream.untilEnded();
    }
    await untilTrue(async () => {
      const { activeJobs, openChannels, subscribers } = await this.counters();
      return activeJobs + openChannels + subscribers === 0 && childrenOf(this.pid).length === 0;
    });
    this.#baseDescriptors = await steadyDescriptorCount(this.pid);
  }
}

/** The same number at several looks: nothing is being closed any more. */
async function steadyDescriptorCount(pid: number): Promise<number> {
  let last = -1;
  let same = 0;
  return untilTrue(() => {
    const count = descriptorCount(pid);
    same = count === last ? same + 1 : 0;
    last = count;
    return same >= 10 ? count : false;
  });
}
