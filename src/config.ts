import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { bytesOf, parseBytes, parseDiskAmount, type DiskAmount } from './domain/byte-size.ts';
import { parseDurationMs } from './domain/duration.ts';
import type { ContainmentMeans } from './domain/containment.ts';
import { DEFAULT_MAX_LOG_BYTES, isLogCap } from './domain/log-limit.ts';
import { LEAST_KEY_LENGTH } from './domain/secret-key.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const LONGEST_AGE_MS = 36_500 * DAY_MS;
/** Less would cut streams before anything came over them. */
const SHORTEST_BOUND_MS = 1_000;

/** What `lifeline serve` was told, by flags, environment and defaults, in that order. Frozen. */
export interface Config {
  readonly host: string;
  /** 0 picks a free one; null: listens on the socket alone. */
  readonly port: number | null;
  /** Absolute path of the unix socket to listen on; null: none. */
  readonly socketPath: string | null;
  /** Absolute paths of PEM files; null: plain HTTP. */
  readonly tlsFiles: TlsFiles | null;
  /** Whose word counts about where a request came from: addresses, ranges, `unix`. */
  readonly trustedProxies: readonly string[];
  /** Absolute path. */
  readonly dataDirectory: string;
  readonly auth: 'token' | 'off';
  /** Absolute path. */
  readonly tokenFile: string;
  /** From LIFELINE_TOKEN only: never in an argv that other users can read. */
  readonly token: string | null;
  /** From LIFELINE_SECRET_KEY only; `null`: that of the key file. */
  readonly secretKey: string | null;
  /** Host names, besides the loopback ones, under which the server may be addressed. */
  readonly allowedHosts: readonly string[];
  /** Exact origins (`scheme://host:port`) whose pages may use the API with a token. */
  readonly allowedOrigins: readonly string[];
  readonly onExit: 'keep' | 'cancel';
  readonly maxRunning: number;
  readonly maxStreams: number;
  readonly maxStreamsPerToken: number;
  /** Not yet ended ones. */
  readonly maxJobsPerToken: number;
  /** Of each token. */
  readonly maxStartsPerMinute: number;
  /** The cap of the log of a job that says none. */
  readonly maxLogBytes: number;
  /** Milliseconds after which a stream is cut and its client comes back; `null`: never. */
  readonly maxStreamAgeMs: number | null;
  /** Milliseconds after which a stream is cut whose client takes nothing; `null`: never. */
  readonly maxStallMs: number | null;
  /** What becomes of finished jobs and old entries of the audit log. */
  readonly retention: RetentionConfig;
  /** While less than this is free, no new jobs are taken; `null`: as long as there is any. */
  readonly minFree: DiskAmount | null;
  readonly containment: ContainmentMeans | 'auto';
  /** Name or number of the user that jobs run as; null: the server's own. */
  readonly runAs: string | null;
  /** Absolute path of a file of services that is applied at the start; null: none. */
  readonly services: string | null;
}

/** `null`: no such bound. */
export interface RetentionConfig {
  readonly maxAgeMs: number | null;
  readonly maxJobs: number | null;
  /** Of all directories of finished jobs. */
  readonly maxBytes: DiskAmount | null;
  readonly maxAuditAgeMs: number | null;
  readonly maxAuditEntries: number | null;
}

/** Absolute paths. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
}

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly socket?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly trustedProxy: readonly string[];
  readonly dataDir: string;
  readonly auth: 'token' | 'off';
  readonly tokenFile?: string;
  readonly allowedHost: readonly string[];
  readonly allowedOrigin: readonly string[];
  readonly onExit: 'keep' | 'cancel';
  readonly maxRunning: number;
  readonly maxStreams: number;
  readonly maxStreamsPerToken: number;
  readonly maxJobsPerToken: number;
  readonly maxStartsPerMinute: number;
  readonly maxLogBytes: number;
  readonly maxStreamAge: number;
  readonly maxStall: number;
  readonly retainAge: number;
  readonly retainJobs: number;
  readonly retainBytes: DiskAmount;
  readonly retainAuditAge: number;
  readonly retainAuditEntries: number;
  readonly minFreeBytes: DiskAmount;
  readonly containment: ContainmentMeans | 'auto';
  readonly runAs?: string;
  readonly services?: string;
}

/** Adds the options of `serve` to a command: flag, environment variable, default. */
export function withServeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--host <address>', 'address to listen on')
        .env('LIFELINE_HOST')
        .default('127.0.0.1')
        .argParser(notEmpty),
    )
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 picks a free one')
        .env('LIFELINE_PORT')
        .default(4000)
        .argParser(integer(0, 65_535)),
    )
    .addOption(
      new Option('--socket <path>', 'unix socket to listen on, instead of a port unless one is given, too')
        .env('LIFELINE_SOCKET')
        .argParser(notEmpty),
    )
    .addOption(
      new Option('--tls-cert <file>', 'certificate for HTTPS (PEM, with its chain); needs its key, too')
        .env('LIFELINE_TLS_CERT')
        .argParser(notEmpty),
    )
    .addOption(
      new Option('--tls-key <file>', 'private key of the certificate (PEM)')
        .env('LIFELINE_TLS_KEY')
        .argParser(notEmpty),
    )
    .addOption(
      new Option(
        '--trusted-proxy <address>',
        'address or range (10.0.0.0/8) of a proxy, or unix, whose X-Forwarded-For and the like count; repeatable',
      )
        .env('LIFELINE_TRUSTED_PROXY')
        .argParser(collectProxies)
        .default([], 'none'),
    )
    .addOption(
      new Option('--data-dir <path>', 'where everything is kept')
        .env('LIFELINE_DATA_DIR')
        .default('./.lifeline'),
    )
    .addOption(
      new Option('--auth <mode>', 'whether a token is needed')
        .env('LIFELINE_AUTH')
        .choices(['token', 'off'])
        .default('token'),
    )
    .addOption(
      new Option(
        '--token-file <path>',
        'file with the token, made at the first start (default: <data-dir>/token)',
      ).env('LIFELINE_TOKEN_FILE'),
    )
    .addOption(
      new Option('--allowed-host <name>', 'another name of this server; repeatable')
        .argParser(collect)
        .default([], 'none'),
    )
    .addOption(
      new Option('--allowed-origin <origin>', 'a front end of another origin; repeatable')
        .argParser(collectOrigin)
        .default([], 'none'),
    )
    .addOption(
      new Option('--on-exit <what>', 'what becomes of running jobs when the server stops')
        .env('LIFELINE_ON_EXIT')
        .choices(['keep', 'cancel'])
        .default('keep'),
    )
    .addOption(
      new Option('--max-running <number>', 'jobs that may run at once; others wait (default: 2 x cores + 8)')
        .env('LIFELINE_MAX_RUNNING')
        .default(2 * availableParallelism() + 8)
        .argParser(integer(1, 100_000)),
    )
    .addOption(
      new Option('--max-streams <number>', 'streams that may be open at once, of all tokens')
        .env('LIFELINE_MAX_STREAMS')
        .default(10_000)
        .argParser(integer(1, 1_000_000)),
    )
    .addOption(
      new Option('--max-streams-per-token <number>', 'streams that one token may have open at once')
        .env('LIFELINE_MAX_STREAMS_PER_TOKEN')
        .default(5_000)
        .argParser(integer(1, 1_000_000)),
    )
    .addOption(
      new Option('--max-jobs-per-token <number>', 'jobs of one token that have not ended, waiting or running')
        .env('LIFELINE_MAX_JOBS_PER_TOKEN')
        .default(10_000)
        .argParser(integer(1, 1_000_000)),
    )
    .addOption(
      new Option('--max-starts-per-minute <number>', 'jobs that one token may start in a minute')
        .env('LIFELINE_MAX_STARTS_PER_MINUTE')
        .default(6_000)
        .argParser(integer(1, 1_000_000)),
    )
    .addOption(
      new Option('--max-log-bytes <size>', 'the cap of the log of a job that says none')
        .env('LIFELINE_MAX_LOG_BYTES')
        .default(DEFAULT_MAX_LOG_BYTES, '1GiB')
        .argParser(logCap),
    )
    .addOption(
      new Option(
        '--max-stream-age <duration>',
        'after which a stream is cut, so that its client comes back; 0: never',
      )
        .env('LIFELINE_MAX_STREAM_AGE')
        .default(12 * HOUR_MS, '12h')
        .argParser(duration),
    )
    .addOption(
      new Option(
        '--max-stall <duration>',
        'after which a stream is cut whose client takes nothing of it; 0: never',
      )
        .env('LIFELINE_MAX_STALL')
        .default(10 * MINUTE_MS, '10m')
        .argParser(duration),
    )
    .addOption(
      new Option('--retain-age <duration>', 'how long a job is kept after its end; 0: for ever')
        .env('LIFELINE_RETAIN_AGE')
        .default(90 * DAY_MS, '90d')
        .argParser(age),
    )
    .addOption(
      new Option('--retain-jobs <number>', 'finished jobs that are kept, the newest; 0: all')
        .env('LIFELINE_RETAIN_JOBS')
        .default(100_000)
        .argParser(integer(0, 100_000_000)),
    )
    .addOption(
      new Option(
        '--retain-bytes <size>',
        'disk that finished jobs may take: 50GiB, a percentage of the file system, or the smaller of both: 50GiB,10%; 0: all',
      )
        .env('LIFELINE_RETAIN_BYTES')
        .default({ part: 0.25 }, '25%')
        .argParser(diskAmount),
    )
    .addOption(
      new Option('--retain-audit-age <duration>', 'how long entries of the audit log are kept; 0: for ever')
        .env('LIFELINE_RETAIN_AUDIT_AGE')
        .default(365 * DAY_MS, '365d')
        .argParser(age),
    )
    .addOption(
      new Option('--retain-audit-entries <number>', 'entries of the audit log that are kept; 0: all')
        .env('LIFELINE_RETAIN_AUDIT_ENTRIES')
        .default(1_000_000)
        .argParser(integer(0, 1_000_000_000)),
    )
    .addOption(
      new Option(
        '--min-free-bytes <size>',
        'free disk below which no new jobs are taken, as --retain-bytes is written; 0: none',
      )
        .env('LIFELINE_MIN_FREE_BYTES')
        .default({ bytes: 2 ** 30, part: 0.05 }, '1GiB,5%')
        .argParser(diskAmount),
    )
    .addOption(
      new Option('--containment <means>', 'what holds the processes of a job together, so that none escapes')
        .env('LIFELINE_CONTAINMENT')
        .choices(['auto', 'cgroup', 'subreaper', 'none'] satisfies readonly Config['containment'][])
        .default('auto'),
    )
    .addOption(
      new Option('--run-as <user>', 'user that jobs run as, by name or number; needs a server that is root')
        .env('LIFELINE_RUN_AS')
        .argParser(notEmpty),
    )
    .addOption(
      new Option('--services <file>', 'file of services (lifeline.yaml) that is applied at the start')
        .env('LIFELINE_SERVICES')
        .argParser(notEmpty),
    );
}

/** @throws ConfigError */
export function readConfig(command: Command, environment: NodeJS.ProcessEnv): Config {
  const options = command.opts<ServeOptions>();
  const dataDirectory = resolve(options.dataDir);
  const port = listensOnPort(command, options) ? options.port : null;
  const token = environment['LIFELINE_TOKEN'];
  if (token !== undefined && token.length < 16) {
    throw new ConfigError(
      'LIFELINE_TOKEN has fewer than 16 characters: make a longer one, for example with: openssl rand -base64 32',
    );
  }
  const secretKey = environment['LIFELINE_SECRET_KEY'];
  if (secretKey !== undefined && secretKey.trim().length < LEAST_KEY_LENGTH) {
    throw new ConfigError(
      `LIFELINE_SECRET_KEY has fewer than ${String(LEAST_KEY_LENGTH)} characters: make a longer one, for example with: openssl rand -base64 32`,
    );
  }
  return Object.freeze({
    host: options.host,
    port,
    socketPath: options.socket === undefined ? null : resolve(options.socket),
    tlsFiles: tlsFiles(options, port),
    trustedProxies: options.trustedProxy,
    dataDirectory,
    auth: options.auth,
    tokenFile: resolve(options.tokenFile ?? join(dataDirectory, 'token')),
    token: token ?? null,
    secretKey: secretKey ?? null,
    allowedHosts: options.allowedHost,
    allowedOrigins: options.allowedOrigin,
    onExit: options.onExit,
    maxRunning: options.maxRunning,
    maxStreams: options.maxStreams,
    maxStreamsPerToken: options.maxStreamsPerToken,
    maxJobsPerToken: options.maxJobsPerToken,
    maxStartsPerMinute: options.maxStartsPerMinute,
    maxLogBytes: options.maxLogBytes,
    maxStreamAgeMs: orNever(options.maxStreamAge),
    maxStallMs: orNever(options.maxStall),
    retention: {
      maxAgeMs: orNever(options.retainAge),
      maxJobs: orNever(options.retainJobs),
      maxBytes: orNone(options.retainBytes),
      maxAuditAgeMs: orNever(options.retainAuditAge),
      maxAuditEntries: orNever(options.retainAuditEntries),
    },
    minFree: orNone(options.minFreeBytes),
    containment: options.containment,
    runAs: options.runAs ?? null,
    services: options.services === undefined ? null : resolve(options.services),
  });
}

/** The options do not go together; the sentence says what to do. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

/** Who names a socket wants no port, unless they ask for one, too. */
function listensOnPort(command: Command, { socket }: ServeOptions): boolean {
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) !== 'default';
  return socket === undefined || isGiven('port') || isGiven('host');
}

function tlsFiles({ tlsCert, tlsKey }: ServeOptions, port: number | null): TlsFiles | null {
  if (tlsCert === undefined && tlsKey === undefined) return null;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new ConfigError('HTTPS needs both, --tls-cert and --tls-key. Give the other one, too, or neither.');
  }
  if (port === null) {
    throw new ConfigError('--tls-cert is for a port, and --socket listens on none. Give --port, too.');
  }
  return { certificate: resolve(tlsCert), key: resolve(tlsKey) };
}

function notEmpty(text: string): string {
  if (text === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`Give a whole number from ${String(least)} to ${String(most)}.`);
    }
    return value;
  };
}

function duration(text: string): number {
  const durationMs = parseDurationMs(text);
  if (durationMs === undefined || (durationMs > 0 && durationMs < SHORTEST_BOUND_MS)) {
    throw new InvalidArgumentError('Give a duration from 1s to 24d, such as 30m or 12h, or 0 for never.');
  }
  return durationMs;
}

function logCap(text: string): number {
  const bytes = parseBytes(text);
  if (bytes === undefined || !isLogCap(bytes)) {
    throw new InvalidArgumentError('Give bytes, or a size such as 512MiB or 1GiB; 1MiB at the least.');
  }
  return bytes;
}

function age(text: string): number {
  const durationMs = parseDurationMs(text, LONGEST_AGE_MS);
  if (durationMs === undefined || (durationMs > 0 && durationMs < SHORTEST_BOUND_MS)) {
    throw new InvalidArgumentError('Give a duration from 1s to 36500d, such as 12h or 90d, or 0 for ever.');
  }
  return durationMs;
}

function diskAmount(text: string): DiskAmount {
  const amount = parseDiskAmount(text);
  if (amount === undefined) {
    throw new InvalidArgumentError(
      'Give a size such as 500MiB or 50GiB, a percentage of the file system such as 10%, or both with a comma.',
    );
  }
  return amount;
}

function orNever(bound: number): number | null {
  return bound === 0 ? null : bound;
}

function orNone(amount: DiskAmount): DiskAmount | null {
  return bytesOf(amount, Number.MAX_SAFE_INTEGER) === 0 ? null : amount;
}

function collect(text: string, former: readonly string[]): readonly string[] {
  return [...former, text];
}

function collectOrigin(text: string, former: readonly string[]): readonly string[] {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new InvalidArgumentError('Give an origin as a browser writes it, such as http://localhost:5173.');
  }
  return [...former, text];
}

/** One, or from a variable several, apart by commas or spaces. */
function collectProxies(text: string, former: readonly string[]): readonly string[] {
  return [...former, ...text.split(/[\s,]+/).filter((part) => part !== '')];
}
