import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { JobNotFoundError } from '../../src/domain/errors.ts';
import type { JobId } from '../../src/domain/job-id.ts';
import { NO_RETENTION_RULES } from '../../src/domain/retention.ts';
import type { LogStream } from '../../src/domain/log-line.ts';
import type { JobControl, ServerLimits, Services } from '../../src/graphql/services.ts';
import { createStreamPlaces, type StreamPlaces } from '../../src/graphql/stream-places.ts';
import type { HttpConfig } from '../../src/http/http-config.ts';
import type { HttpTimeouts } from '../../src/http/listener.ts';
import { ApiTokens } from '../../src/http/api-tokens.ts';
import { AuditLog, type AuditLogger } from '../../src/http/audit-log.ts';
import { createHttpServer, type LifelineHttpServer } from '../../src/http/server.ts';
import type { StreamLimits } from '../../src/http/stream-limits.ts';
import type { StaticFiles } from '../../src/http/static-files.ts';
import { TrustedProxies } from '../../src/http/trusted-proxies.ts';
import { follow } from '../../src/logs/follow.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { LogSearches } from '../../src/logs/search/log-searches.ts';
import { LogFiles } from '../../src/logs/log-files.ts';
import { NO_LOG_MASKS } from '../../src/logs/log-masks.ts';
import { type ChannelGuard, LogEventBus } from '../../src/logs/log-event-bus.ts';
import { Tailer } from '../../src/logs/tailer.ts';
import { DataDirectory } from '../../src/storage/data-directory.ts';
import { Database } from '../../src/storage/database.ts';
import { JobStore } from '../../src/storage/job-store.ts';
import { ApiTokenStore } from '../../src/storage/api-token-store.ts';
import { AuditStore, type NewAuditEntry } from '../../src/storage/audit-store.ts';
import { SecretKeys } from '../../src/storage/secret-keys.ts';
import { SessionStore } from '../../src/storage/session-store.ts';
import { RetryStore } from '../../src/storage/retry-store.ts';
import { ScheduledRunStore } from '../../src/storage/scheduled-run-store.ts';
import { openServices } from '../../src/storage/open-services.ts';
import { ServiceSupervisor } from '../../src/supervisor/services/service-supervisor.ts';
import { systemClock } from '../../src/supervisor/system-clock.ts';
import { JobChangeBus } from '../../src/supervisor/job-change-bus.ts';
import type { StartJobRequest } from '../../src/supervisor/job-request.ts';

export const TOKEN = 'a-token-for-tests-0123456789';

export interface HarnessOptions {
  readonly config?: Partial<HttpConfig>;
  /** Replaces services, to make them throw. */
  readonly services?: (real: Services) => Services;
  readonly timeouts?: Partial<HttpTimeouts>;
  /** The pages. Default: those of the build, if there is one. */
  readonly files?: StaticFiles;
  readonly streamLimits?: Partial<StreamLimits>;
  /** Of the audit log. */
  readonly tallyMs?: number;
  readonly limits?: Partial<ServerLimits>;
  readonly diskIsLow?: boolean;
}

const LIMITS: ServerLimits = {
  maxRunning: 8,
  maxStreams: 1_000,
  maxStreamsPerToken: 500,
  maxJobsPerToken: 1_000,
  maxStartsPerMinute: 6_000,
  maxStreamAgeMs: null,
  maxStallMs: null,
};

/** Waits until `condition` gives true (or stops throwing), and fails after `limitMs`. */
export async function until(condition: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`not so after ${String(limitMs)} ms: ${condition.toString()}`);
    await delay(2);
  }
}

/**
 * The data directory and database of one test file; each server that the file starts uses it. One a process, because the
 * engine that migrates works once a process.
 */
export class TestStore implements AsyncDisposable {
  readonly directory: DataDirectory;
  readonly database: Database;
  readonly jobs: JobStore;
  readonly sessions: SessionStore;
  readonly tokens: ApiTokenStore;
  #lastId = 0;

  private constructor(directory: DataDirectory, database: Database) {
    this.directory = directory;
    this.database = database;
    this.jobs = new JobStore(database.read, database.gate);
    this.sessions = new SessionStore(database.read, database.gate);
    this.tokens = new ApiTokenStore(database.read, database.gate);
  }

  static async open(): Promise<TestStore> {
    const directory = DataDirectory.prepare(mkdtempSync(join(tmpdir(), 'lifeline-http-')));
    return new TestStore(directory, await Database.open(directory));
  }

  nextId(): JobId {
    this.#lastId += 1;
    return this.#lastId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
    rmSync(this.directory.path, { recursive: true });
  }
}

/** The real HTTP server on real stores, bus and log files; only the supervisor is a stand-in that runs no process. */
export class Harness implements AsyncDisposable {
  readonly bus = new LogEventBus();
  readonly logFiles = new LogFiles();
  readonly searches = new LogSearches(NO_LOG_MASKS);
  readonly changes = new JobChangeBus();
  /** What reached the supervisor. */
  readonly started: StartJobRequest[] = [];
  readonly cancelled: { jobId: JobId; gracePeriodMs?: number }[] = [];
  /** What reached the log as a fault of the server. */
  readonly faults: { correlationId: string; err: unknown }[] = [];
  /** What reached the log as an act. */
  readonly acts: NewAuditEntry[] = [];
  readonly streams: StreamPlaces;
  readonly directory: DataDirectory;
  readonly store: JobStore;
  readonly #testStore: TestStore;
  readonly #jobs: TestJob[] = [];
  #server: LifelineHttpServer | undefined;
  #tokens: ApiTokens | undefined;
  #audit: AuditLog | undefined;
  #serviceSupervisor: ServiceSupervisor | undefined;
  url = '';

  private constructor(testStore: TestStore, limits: ServerLimits) {
    this.streams = createStreamPlaces(limits);
    this.#testStore = testStore;
    this.directory = testStore.directory;
    this.store = testStore.jobs;
  }

  static async start(testStore: TestStore, options: HarnessOptions = {}): Promise<Harness> {
    const limits = { ...LIMITS, ...options.limits };
    const harness = new Harness(testStore, limits);
    const { jobs, database } = testStore;
    const tokens = await ApiTokens.open(testStore.tokens);
    harness.#tokens = tokens;
    const audit = new AuditLog({
      records: new AuditStore(database.read, database.gate),
      logger: harness.#auditLogger(),
      ...(options.tallyMs !== undefined && { tallyMs: options.tallyMs }),
    });
    harness.#audit = audit;
    const openLog = (jobId: JobId): Promise<JobLogReader> =>
      JobLogReader.open(harness.directory.jobDirectory(jobId), harness.logFiles);
    const serviceSupervisor = await ServiceSupervisor.open({
      store: (await openServices(harness.directory, database)).store,
      schedules: new ScheduledRunStore(database.read, database.gate),
      retries: new RetryStore(database.read, database.gate),
      secrets: new SecretKeys(harness.directory.secretKeyPath, null),
      jobs: {
        startServiceJob: notHere,
        retryJob: notHere,
        cancelJob: notHere,
        endAtStop: notHere,
        changes: harness.changes,
      },
      clock: systemClock,
      random: Math.random,
      log: {
        changed: () => undefined,
        silence: () => undefined,
        failure: (_name, what, cause) => {
          throw new Error(what, { cause });
        },
      },
      watch: () => ({ [Symbol.dispose]: () => undefined }),
    });
    harness.#serviceSupervisor = serviceSupervisor;
    const real: Services = {
      read: database.read,
      jobs,
      supervisor: harness.#supervisor(),
      serviceSupervisor,
      tokens,
      audit,
      bus: harness.bus,
      streams: harness.streams,
      follow: (request) =>
        follow(
          {
            bus: harness.bus,
            openReader: openLog,
            outcomeIsKnown: (id) => jobs.outcomeIsKnown(id),
            isGone: async (id) => (await jobs.findJob(id)) === null,
          },
          request,
        ),
      openLog,
      searchLog: (id, ...search) => harness.searches.search(harness.directory.jobDirectory(id), ...search),
      jobDirectory: (id) => harness.directory.jobDirectory(id),
      masks: NO_LOG_MASKS,
      version: '1.2.3',
      startedAtMs: Date.now(),
      limits,
      loopDelay: { read: () => ({ p50Ms: 0.1, p99Ms: 2.5, maxMs: 7, windowMs: 60_000 }) },
      containment: 'none',
      disk: {
        state: {
          totalBytes: 1_000_000,
          freeBytes: 500_000,
          freeFiles: null,
          minFreeBytes: 50_000,
          isLow: options.diskIsLow ?? false,
        },
      },
      retention: {
        rules: NO_RETENTION_RULES,
        figures: {
          removedJobs: 3,
          removedBytes: 12_288,
          lastRunAtMs: null,
          kept: { jobs: 5, bytes: 20_480 },
          pinned: { jobs: 1, bytes: 4_096 },
        },
      },
    };
    harness.#server = createHttpServer({
      services: options.services?.(real) ?? real,
      sessionRecords: testStore.sessions,
      tokens,
      config: {
        host: '127.0.0.1',
        port: 0,
        socketPath: null,
        tls: null,
        trustedProxies: new TrustedProxies([]),
        allowedHosts: [],
        allowedOrigins: [],
        auth: 'token',
        token: TOKEN,
        maxStreamAgeMs: null,
        maxStallMs: null,
        ...options.config,
      },
      logger: { error: (facts) => void harness.faults.push(facts) },
      ...(options.timeouts && { timeouts: options.timeouts }),
      ...(options.files && { files: options.files }),
      ...(options.streamLimits && { streamLimits: options.streamLimits }),
    });
    harness.url = (await harness.#server.listen()).url;
    return harness;
  }

  get server(): LifelineHttpServer {
    if (this.#server === undefined) throw new Error('not started');
    return this.#server;
  }

  get tokens(): ApiTokens {
    if (this.#tokens === undefined) throw new Error('not started');
    return this.#tokens;
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  get subscribers(): number {
    return this.bus.subscribers + this.changes.subscribers;
  }

  /** A job that runs, with an open channel. */
  async runningJob(
    facts: { command?: readonly string[]; labels?: readonly string[] } = {},
  ): Promise<TestJob> {
    const job = await TestJob.start(this, this.#testStore.nextId(), facts);
    this.#jobs.push(job);
    return job;
  }

  /** Sends one GraphQL request and gives the parsed answer. */
  async graphql(query: string, variables: Record<string, unknown> = {}): Promise<GraphQLAnswer> {
    const response = await this.post({ query, variables });
    return (await response.json()) as GraphQLAnswer;
  }

  post(body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal): Promise<Response> {
    return this.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      ...(signal && { signal }),
    });
  }

  /** Subscribes and gives the response; its body is the raw event stream. */
  subscribe(query: string, variables: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Response> {
    return this.post({ query, variables }, { accept: 'text/event-stream' }, signal);
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(this.url + path, {
      ...init,
      headers: { authorization: `Bearer ${TOKEN}`, ...(init.headers as Record<string, string>) },
    });
  }

  /** Sends `text` over a connection of its own and gives what comes back until the server ends it, or `enough` says so. */
  async raw(
    text: string,
    enough: (received: string) => boolean = () => false,
    localAddress = '127.0.0.1',
  ): Promise<string> {
    const socket = await this.connect(localAddress);
    let received = '';
    socket.setEncoding('utf8');
    const over = new Promise<void>((resolve) => {
      socket.on('data', (chunk: string) => {
        received += chunk;
        if (enough(received)) resolve();
      });
      for (const over of ['end', 'close', 'error']) {
        socket.on(over, () => {
          resolve();
        });
      }
    });
    socket.write(text);
    await over;
    socket.destroy();
    return received;
  }

  /** A connection on which HTTP/1.1 is spoken, over TLS where the server does that. */
  connect(localAddress = '127.0.0.1'): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const there = { port: this.port, host: '127.0.0.1', localAddress, allowHalfOpen: true };
      const connected = (): void => {
        resolve(socket);
      };
      const socket = this.url.startsWith('https:')
        ? connectTls({ ...there, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }, connected)
        : connect(there, connected);
      socket.once('error', reject);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const job of this.#jobs) if (!job.isOver) await job.end('CANCELLED');
    await this.#serviceSupervisor?.[Symbol.asyncDispose]();
    await until(() => this.subscribers === 0 && this.bus.size === 0);
    await this.#server?.close({ deadlineMs: 1_000 });
    this.#tokens?.[Symbol.dispose]();
    await this.#audit?.[Symbol.asyncDispose]();
    await until(() => this.streams.taken === 0);
    expect(this.bus.size).toBe(0);
    await until(() => this.logFiles.size === 0);
    expect(this.searches.size).toBe(0);
    this.searches[Symbol.dispose]();
    expect(this.subscribers).toBe(0);
  }

  #auditLogger(): AuditLogger {
    const note = ({ audit }: { readonly audit: NewAuditEntry }): void => {
      this.acts.push(audit);
    };
    return {
      info: note,
      warn: note,
      error: ({ err }, message) => {
        throw new Error(message, { cause: err });
      },
    };
  }

  #supervisor(): JobControl {
    return {
      startJob: async (request) => {
        this.started.push(request);
        return (await this.runningJob(request.command ? { command: request.command } : {})).id;
      },
      cancelJob: async (jobId, options = {}) => {
        if ((await this.store.findJob(jobId)) === null) throw new JobNotFoundError(jobId);
        this.cancelled.push({ jobId, ...options });
      },
      rerunJob: notHere,
      signalJob: notHere,
      deleteJob: notHere,
      setJobPinned: notHere,
      activeJobs: 0,
      queuedJobs: 0,
      queuePlaceOf: () => null,
      logPressure: () => null,
      changes: this.changes,
      lastReconciliation: null,
    };
  }
}

/** What needs a real supervisor is tested with the real server. */
function notHere(): Promise<never> {
  return Promise.reject(new Error('this test has no supervisor'));
}

export interface GraphQLAnswer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { message: string; extensions?: Record<string, unknown> }[];
}

/** A job whose output the test writes itself. */
export class TestJob {
  readonly id: JobId;
  readonly #harness: Harness;
  readonly #channel: ChannelGuard;
  readonly #tailer: Tailer;
  #transitions = 3;
  isOver = false;

  private constructor(harness: Harness, id: JobId, channel: ChannelGuard, tailer: Tailer) {
    this.#harness = harness;
    this.id = id;
    this.#channel = channel;
    this.#tailer = tailer;
  }

  static async start(
    harness: Harness,
    id: JobId,
    { command = ['/bin/true'], labels = [] }: { command?: readonly string[]; labels?: readonly string[] },
  ): Promise<TestJob> {
    const directory = harness.directory.jobDirectory(id);
    mkdirSync(directory.path);
    const atMs = Date.now();
    const spec = {
      command,
      script: null,
      cwd: '/',
      env: [{ name: 'A', value: '1' }],
      stdin: null,
      unbuffered: false,
      timeoutMs: null,
      gracePeriodMs: 10_000,
      onEnd: 'KILL_TREE',
      stopSignal: 'SIGTERM',
      stopCommand: null,
      maxLogBytes: 1024 ** 3,
      logOverflow: 'TRIM',
      priority: 0,
      concurrencyKey: null,
      concurrencyLimit: 1,
      labels,
      requestId: null,
      rerunOfId: null,
      attempt: 1,
      tokenId: null,
      trigger: 'REQUEST',
      dueAtMs: null,
      service: null,
    } as const;
    const { store } = harness;
    const cause = null;
    await store.insertQueued(id, spec, null, {
      number: 1,
      from: null,
      to: 'QUEUED',
      atMs,
      reason: 'NONE',
      cause,
    });
    const host = { bootId: 'boot', pidNamespace: 'ns' };
    const step = { atMs, reason: 'NONE', cause } as const;
    const active = { cookie: 'c', host };
    await store.advance(id, { ...step, number: 2, from: 'QUEUED', to: 'STARTING', active });
    const facts = { pid: 4242, startedAtMs: atMs };
    await store.advance(id, { ...step, number: 3, from: 'STARTING', to: 'RUNNING', facts });
    for (const stream of ['STDOUT', 'STDERR'] as const) appendFileSync(directory.logPath(stream), '');
    const channel = harness.bus.open(id);
    const tailer = new Tailer({ directory, channel, resumed: false, idleMs: 20 });
    return new TestJob(harness, id, channel, tailer);
  }

  /** Writes as the program would, and waits until it is numbered. */
  async write(text: string, stream: LogStream = 'STDOUT'): Promise<void> {
    const before = this.#bytes(stream);
    appendFileSync(this.#harness.directory.jobDirectory(this.id).logPath(stream), text);
    this.#tailer.poke();
    await until(() => this.#bytes(stream) >= before + Buffer.byteLength(text));
  }

  /** Ends it in the order of the real thing: log, row, readers. */
  async end(status: 'SUCCEEDED' | 'CANCELLED' = 'SUCCEEDED'): Promise<void> {
    this.isOver = true;
    await this.#tailer.drain();
    const reason = status === 'SUCCEEDED' ? 'EXITED' : 'CANCEL_REQUESTED';
    const from = status === 'SUCCEEDED' ? 'RUNNING' : 'CANCELLING';
    if (status === 'CANCELLED') await this.#step('RUNNING', 'CANCELLING', reason);
    await this.#step(from, status, reason);
    this.#channel[Symbol.dispose]();
    this.#tailer[Symbol.dispose]();
  }

  async #step(
    from: 'RUNNING' | 'CANCELLING',
    to: 'CANCELLING' | 'SUCCEEDED' | 'CANCELLED',
    reason: 'EXITED' | 'CANCEL_REQUESTED',
  ): Promise<void> {
    this.#transitions += 1;
    const atMs = Date.now();
    const facts = to === 'CANCELLING' ? {} : { exitCode: to === 'SUCCEEDED' ? 0 : 143, finishedAtMs: atMs };
    const step = { number: this.#transitions, from, to, atMs, reason, cause: null, facts };
    await this.#harness.store.advance(this.id, step);
    this.#harness.changes.notify(this.id);
  }

  #bytes(stream: LogStream): number {
    const { stdoutBytes, stderrBytes } = this.#tailer.totals;
    return stream === 'STDOUT' ? stdoutBytes : stderrBytes;
  }
}
