import { createHash } from 'node:crypto';
import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { InvalidInputError } from '../domain/errors.ts';
import { isStopSignal, type JobSignal } from '../domain/job-signal.ts';
import { isSealed, type EnvEntry, type GivenEnvEntry } from '../domain/env-entry.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { OnEnd } from '../domain/job-status.ts';
import {
  DEFAULT_MAX_LOG_BYTES,
  isLogCap,
  LEAST_MAX_LOG_BYTES,
  type LogOverflow,
} from '../domain/log-limit.ts';
import { findPrograms } from './find-programs.ts';
import { withKept } from './secret-env.ts';

/** What somebody asks for. Nothing in it has been checked. */
export interface StartJobRequest {
  readonly requestId?: string;
  /** The argv; exactly one of command and script. */
  readonly command?: readonly string[];
  /** Text for `sh -c`. */
  readonly script?: string;
  /** Default: the home directory of the user that jobs run as. */
  readonly cwd?: string;
  readonly env?: readonly GivenEnvEntry[];
  readonly stdin?: string;
  readonly unbuffered?: boolean;
  readonly timeoutMs?: number;
  /** Default 10,000. */
  readonly gracePeriodMs?: number;
  readonly onEnd?: OnEnd;
  readonly labels?: readonly string[];
  /** Default SIGTERM. */
  readonly stopSignal?: JobSignal;
  readonly stopCommand?: readonly string[];
  /** -100 to 100. Default 0. */
  readonly priority?: number;
  readonly concurrencyKey?: string;
  /** Default 1. */
  readonly concurrencyLimit?: number;
  /** At least 1 MiB. Default: that of the server. */
  readonly maxLogBytes?: number;
  /** Default TRIM. */
  readonly logOverflow?: LogOverflow;
}

/** A request whose secrets are sealed: what follows never sees one. */
export type SealedRequest = Omit<StartJobRequest, 'env'> & { readonly env?: readonly EnvEntry[] };

/** Who asks, why, which job the request repeats, if any, of which service it is, and when it was due, if it was. */
export type JobOrigin = Pick<JobSpec, 'rerunOfId' | 'attempt' | 'tokenId' | 'trigger' | 'service'> &
  Partial<Pick<JobSpec, 'dueAtMs'>>;

export const FIRST_RUN: JobOrigin = {
  rerunOfId: null,
  attempt: 1,
  tokenId: null,
  trigger: 'REQUEST',
  service: null,
};

/** Name of the variable by which a job's strays are known. */
export const COOKIE_NAME = 'LIFELINE_COOKIE';
export const DEFAULT_GRACE_PERIOD_MS = 10_000;

/** The kernel's limit for one argument or variable, its end included: MAX_ARG_STRLEN, execve(2). */
const MAX_STRING_BYTES = 131_071;
/** Arguments and environment together: well under a quarter of the usual 8 MiB stack, execve(2). */
const MAX_TOTAL_BYTES = 1_500_000;
/** JSON can write it, UTF-8 cannot: it would arrive as something else. */
const LONE_SURROGATE = /\p{Surrogate}/u;
/** On both sides of 0. */
const MAX_PRIORITY = 100;
const MAX_CONCURRENCY = 1_000_000;
const MAX_DURATION_MS = 10 * 365 * 24 * 3600 * 1000;

/**
 * Names that some shell sets, computes or forbids by itself, so that the value would not arrive as it was written
 * (dash: LINENO, OPTIND, PPID; bash: the rest).
 */
const SHELL_NAMES = new Set(
  (
    '_ BASHOPTS BASHPID BASH_ALIASES BASH_ARGC BASH_ARGV BASH_ARGV0 BASH_CMDS BASH_COMMAND BASH_LINENO BASH_MONOSECONDS ' +
    'BASH_REMATCH BASH_SOURCE BASH_SUBSHELL BASH_TRAPSIG BASH_VERSINFO COMP_WORDBREAKS DIRSTACK EPOCHREALTIME EPOCHSECONDS EUID FUNCNAME ' +
    'GROUPS HISTCMD LINENO OPTIND PIPESTATUS PPID RANDOM SECONDS SHELLOPTS SHLVL SRANDOM UID'
  ).split(' '),
);

/**
 * Checks a request and completes it.
 * @param defaults what every job's environment begins with: PATH, HOME, LANG
 * @param origin who asks, and which job it repeats, if any
 * @throws InvalidInputError, CommandNotFoundError: input that is known bad is refused at the call, and there is no job
 */
export function completeRequest(
  request: SealedRequest,
  defaults: readonly EnvEntry[],
  origin: JobOrigin = FIRST_RUN,
): JobSpec {
  const argv = requestedArgv(request);
  const env = checkedEnv(request.env ?? []);
  const cwd = checkedCwd(request.cwd ?? valueOf(defaults, 'HOME') ?? '/');
  checkSizes(argv, [...defaults, ...env]);
  const [name = '', ...rest] = argv;
  const [program = name] = findPrograms(name, cwd, searchPath(env, defaults));
  return {
    command: [program, ...rest],
    script: request.script ?? null,
    cwd,
    env,
    stdin: request.stdin ?? null,
    unbuffered: request.unbuffered ?? false,
    timeoutMs: request.timeoutMs === undefined ? null : checkedDuration(request.timeoutMs, 'timeoutMs', 1),
    gracePeriodMs: checkedDuration(request.gracePeriodMs ?? DEFAULT_GRACE_PERIOD_MS, 'gracePeriodMs', 0),
    onEnd: request.onEnd ?? 'KILL_TREE',
    stopSignal: checkedStopSignal(request.stopSignal ?? 'SIGTERM'),
    stopCommand:
      request.stopCommand === undefined
        ? null
        : completedStopCommand(request.stopCommand, cwd, env, defaults),
    priority: checkedNumber(request.priority ?? 0, 'priority', -MAX_PRIORITY, MAX_PRIORITY),
    concurrencyKey:
      request.concurrencyKey === undefined ? null : checkedWord(request.concurrencyKey, 'concurrencyKey'),
    concurrencyLimit: checkedNumber(request.concurrencyLimit ?? 1, 'concurrencyLimit', 1, MAX_CONCURRENCY),
    maxLogBytes: checkedLogCap(request.maxLogBytes ?? DEFAULT_MAX_LOG_BYTES),
    logOverflow: request.logOverflow ?? 'TRIM',
    labels: checkedLabels(request.labels ?? []),
    requestId: request.requestId === undefined ? null : checkedWord(request.requestId, 'requestId'),
    dueAtMs: null,
    ...origin,
  };
}

/** @throws InvalidInputError */
export function checkedStopSignal(signal: JobSignal): JobSignal {
  if (isStopSignal(signal)) return signal;
  throw new InvalidInputError(
    `${signal} asks no program to end: choose another stop signal, such as SIGTERM or SIGINT.`,
    'stopSignal',
  );
}

/** @throws InvalidInputError */
export function checkStopCommand(stopCommand: readonly string[], env: readonly EnvEntry[]): void {
  if (stopCommand.length === 0 || stopCommand[0] === '')
    throw new InvalidInputError(
      'The stop command is empty: give the program and its arguments.',
      'stopCommand',
    );
  checkSizes(stopCommand, env, 'stopCommand');
}

/** With the program where it is found, as that of the job is. */
function completedStopCommand(
  stopCommand: readonly string[],
  cwd: string,
  env: readonly EnvEntry[],
  defaults: readonly EnvEntry[],
): readonly string[] {
  checkStopCommand(stopCommand, [...defaults, ...env]);
  const [name = '', ...rest] = stopCommand;
  const [program = name] = findPrograms(name, cwd, searchPath(env, defaults));
  return [program, ...rest];
}

/** The programs that the name in a request can stand for, that of its completed form first. */
export function possiblePrograms(
  { command: [name] = [] }: StartJobRequest,
  { command: [program = ''], cwd, env }: JobSpec,
  defaults: readonly EnvEntry[],
): readonly string[] {
  return name === undefined ? [program] : [...findPrograms(name, cwd, searchPath(env, defaults))];
}

function searchPath(env: readonly EnvEntry[], defaults: readonly EnvEntry[]): string {
  return valueOf(env, 'PATH') ?? valueOf(defaults, 'PATH') ?? '';
}

/**
 * Tells a repeat of a request from another one under the same requestId. Of a secret it has the sealed text, which only who
 * has the key can make of a value.
 */
export function fingerprint(
  request: SealedRequest,
  { rerunOfId }: Pick<JobOrigin, 'rerunOfId'> = FIRST_RUN,
): string {
  const { requestId: _, ...rest } = request;
  const sorted = Object.entries({ ...rest, rerunOfId }).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('base64url');
}

/** What a job was asked to run, with changes. A command replaces a script and the other way round. */
export function changedRequest(spec: JobSpec, changes: StartJobRequest): StartJobRequest {
  const { cwd, env, stdin, unbuffered, timeoutMs, gracePeriodMs, onEnd, labels } = spec;
  const { stopSignal, stopCommand, priority, concurrencyKey, concurrencyLimit, maxLogBytes, logOverflow } =
    spec;
  const replacesProgram = changes.command !== undefined || changes.script !== undefined;
  const program = spec.script === null ? { command: spec.command } : { script: spec.script };
  return {
    ...(replacesProgram ? {} : program),
    cwd,
    ...(stdin === null ? {} : { stdin }),
    unbuffered,
    ...(timeoutMs === null ? {} : { timeoutMs }),
    gracePeriodMs,
    onEnd,
    labels,
    stopSignal,
    ...(stopCommand === null ? {} : { stopCommand }),
    priority,
    ...(concurrencyKey === null ? {} : { concurrencyKey }),
    concurrencyLimit,
    maxLogBytes,
    logOverflow,
    ...changes,
    env: changes.env === undefined ? env : withKept(changes.env, env),
  };
}

/** A period of time that somebody gave. @throws InvalidInputError */
export function checkedDuration(ms: number, field: string, leastMs: number): number {
  if (!Number.isSafeInteger(ms) || ms < leastMs || ms > MAX_DURATION_MS) {
    throw new InvalidInputError(
      `${field} must be a whole number of milliseconds from ${String(leastMs)} to ${String(MAX_DURATION_MS)}.`,
      field,
    );
  }
  return ms;
}

/** The cap of a log that somebody gave. @throws InvalidInputError */
export function checkedLogCap(bytes: number): number {
  if (!isLogCap(bytes)) {
    throw new InvalidInputError(
      `maxLogBytes must be a whole number of bytes of ${String(LEAST_MAX_LOG_BYTES)} (1 MiB) or more.`,
      'maxLogBytes',
    );
  }
  return bytes;
}

function requestedArgv(request: StartJobRequest): readonly string[] {
  const { command, script } = request;
  if ((command === undefined) === (script === undefined)) {
    throw new InvalidInputError('Give exactly one of command and script.', 'command');
  }
  if (script !== undefined) {
    if (script.trim() === '') throw new InvalidInputError('The script is empty.', 'script');
    return ['/bin/sh', '-c', script];
  }
  if (command === undefined || command.length === 0 || command[0] === '') {
    throw new InvalidInputError(
      'The command is empty: give the program and its arguments, one string each.',
      'command',
    );
  }
  return command;
}

export function checkedEnv<Entry extends GivenEnvEntry>(env: readonly Entry[]): readonly Entry[] {
  const names = new Set<string>();
  for (const { name } of env) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new InvalidInputError(
        `The environment name ${JSON.stringify(name.slice(0, 100))} cannot be carried by a shell: use letters, digits and underscores, not beginning with a digit.`,
        'env',
      );
    }
    if (SHELL_NAMES.has(name)) {
      throw new InvalidInputError(
        `The environment name ${name} is set by the shell itself and would not arrive as written: use another one.`,
        'env',
      );
    }
    if (name === COOKIE_NAME)
      throw new InvalidInputError(`The environment name ${name} is Lifeline's own: use another one.`, 'env');
    if (names.has(name)) throw new InvalidInputError(`The environment name ${name} is given twice.`, 'env');
    names.add(name);
  }
  return env;
}

export function checkSizes(argv: readonly string[], env: readonly EnvEntry[], field = 'command'): void {
  let total = 0;
  const check = (text: string, what: string, field: string): void => {
    if (text.includes('\0'))
      throw new InvalidInputError(`${what} has a NUL character, which no program can receive.`, field);
    if (LONE_SURROGATE.test(text)) {
      throw new InvalidInputError(`${what} has half a surrogate pair, which no bytes can stand for.`, field);
    }
    const bytes = Buffer.byteLength(text);
    if (bytes > MAX_STRING_BYTES) {
      throw new InvalidInputError(
        `${what} is ${String(bytes)} bytes long; the kernel takes ${String(MAX_STRING_BYTES)} at the most. Pass the data in a file or on standard input.`,
        field,
      );
    }
    total += bytes + 9;
  };
  argv.forEach((argument, index) => {
    check(argument, index === 0 ? 'The program' : `Argument ${String(index)}`, field);
  });
  for (const entry of env)
    check(
      `${entry.name}=${isSealed(entry) ? entry.sealed : entry.value}`,
      `The environment entry ${entry.name}`,
      'env',
    );
  if (total > MAX_TOTAL_BYTES) {
    throw new InvalidInputError(
      `Arguments and environment are ${String(total)} bytes together; at most ${String(MAX_TOTAL_BYTES)} can be passed.`,
      field,
    );
  }
}

function checkedCwd(cwd: string): string {
  const refuse = (problem: string): never => {
    throw new InvalidInputError(
      `The working directory ${JSON.stringify(cwd.slice(0, 500))} ${problem}.`,
      'cwd',
    );
  };
  if (cwd.includes('\0')) return refuse('has a NUL character');
  if (!isAbsolute(cwd)) return refuse('is not absolute: begin it with a slash');
  try {
    if (!statSync(cwd).isDirectory()) return refuse('is not a directory');
    accessSync(cwd, constants.X_OK | constants.R_OK);
    return resolve(cwd);
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    return refuse(
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be entered',
    );
  }
}

export function checkedLabels(labels: readonly string[]): readonly string[] {
  if (labels.length > 50) throw new InvalidInputError('A job has at most 50 labels.', 'labels');
  for (const label of labels) {
    if (label === '' || label.length > 200)
      throw new InvalidInputError('A label has 1 to 200 characters.', 'labels');
    if (!isStorable(label)) throw notStorable('A label', 'labels');
  }
  return [...new Set(labels)];
}

function checkedWord(word: string, field: 'requestId' | 'concurrencyKey'): string {
  if (word === '' || word.length > 200)
    throw new InvalidInputError(`A ${field} has 1 to 200 characters.`, field);
  if (!isStorable(word)) throw notStorable(`A ${field}`, field);
  return word;
}

function checkedNumber(number: number, field: string, least: number, most: number): number {
  if (!Number.isSafeInteger(number) || number < least || number > most) {
    throw new InvalidInputError(
      `${field} must be a whole number from ${String(least)} to ${String(most)}.`,
      field,
    );
  }
  return number;
}

/** Whether two texts that differ still do so in the database, which keeps UTF-8 and ends some comparisons at a NUL. */
function isStorable(text: string): boolean {
  return !text.includes('\0') && !LONE_SURROGATE.test(text);
}

function notStorable(what: string, field: string): InvalidInputError {
  return new InvalidInputError(`${what} has no NUL character and no half of a surrogate pair.`, field);
}

function valueOf(entries: readonly EnvEntry[], name: string): string | undefined {
  const found = entries.find((entry) => entry.name === name);
  return found === undefined || isSealed(found) ? undefined : found.value;
}
