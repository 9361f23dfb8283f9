import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { ContainmentMeans } from './domain/containment.ts';

/** What `lifeline serve` was told, by flags, environment and defaults, in that order. Frozen. */
export interface Config {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** Absolute path. */
  readonly dataDirectory: string;
  readonly auth: 'token' | 'off';
  /** Absolute path. */
  readonly tokenFile: string;
  /** From LIFELINE_TOKEN only: never in an argv that other users can read. */
  readonly token: string | null;
  /** Host names, besides the loopback ones, under which the server may be addressed. */
  readonly allowedHosts: readonly string[];
  /** Exact origins (`scheme://host:port`) whose pages may use the API with a token. */
  readonly allowedOrigins: readonly string[];
  readonly onExit: 'keep' | 'cancel';
  readonly maxRunning: number;
  readonly containment: ContainmentMeans | 'auto';
}

interface ServeOptions {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly auth: 'token' | 'off';
  readonly tokenFile?: string;
  readonly allowedHost: readonly string[];
  readonly allowedOrigin: readonly string[];
  readonly onExit: 'keep' | 'cancel';
  readonly maxRunning: number;
  readonly containment: ContainmentMeans | 'auto';
}

/** Adds the options of `serve` to a command: flag, environment variable, default. */
export function withServeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--host <address>', 'address to listen on').env('LIFELINE_HOST').default('127.0.0.1'),
    )
    .addOption(
      new Option('--port <number>', 'port to listen on; 0 picks a free one')
        .env('LIFELINE_PORT')
        .default(4000)
        .argParser(integer(0, 65_535)),
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
      new Option('--containment <means>', 'what holds the processes of a job together, so that none escapes')
        .env('LIFELINE_CONTAINMENT')
        .choices(['auto', 'cgroup', 'subreaper', 'none'] satisfies readonly Config['containment'][])
        .default('auto'),
    );
}

/** @throws ConfigError */
export function readConfig(command: Command, environment: NodeJS.ProcessEnv): Config {
  const options = command.opts<ServeOptions>();
  const dataDirectory = resolve(options.dataDir);
  if (options.auth === 'off' && !isLoopback(options.host)) {
    throw new ConfigError(
      `--auth off is refused on ${options.host}: whoever reaches it could run anything. Use a token, or listen on 127.0.0.1.`,
    );
  }
  const token = environment['LIFELINE_TOKEN'];
  if (token !== undefined && token.length < 16) {
    throw new ConfigError(
      'LIFELINE_TOKEN has fewer than 16 characters: make a longer one, for example with: openssl rand -base64 32',
    );
  }
  return Object.freeze({
    host: options.host,
    port: options.port,
    dataDirectory,
    auth: options.auth,
    tokenFile: resolve(options.tokenFile ?? join(dataDirectory, 'token')),
    token: token ?? null,
    allowedHosts: options.allowedHost,
    allowedOrigins: options.allowedOrigin,
    onExit: options.onExit,
    maxRunning: options.maxRunning,
    containment: options.containment,
  });
}

/** The options do not go together; the sentence says what to do. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = new.target.name;
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
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

function collect(text: string, former: readonly string[]): readonly string[] {
  return [...former, text];
}

function collectOrigin(text: string, former: readonly string[]): readonly string[] {
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new InvalidArgumentError('Give an origin as a browser writes it, such as http://localhost:5173.');
  }
  return [...former, text];
}
