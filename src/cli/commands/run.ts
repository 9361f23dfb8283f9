import { randomUUID } from 'node:crypto';
import type { JobSignal, LogOverflow, OnEnd, StartJobInput } from '../../client/client.ts';
import { StartJobDocument } from '../../client/generated/graphql.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { followToEnd } from '../follow-to-end.ts';
import { Interrupts } from '../interrupts.ts';
import { readInput } from '../read-input.ts';
import { submitJob } from '../submit-job.ts';

export interface RunOptions {
  readonly script?: string;
  readonly cwd?: string;
  /** `NAME=value`, or `NAME` for the value that it has here. */
  readonly env: readonly string[];
  /** As `env`. */
  readonly secret: readonly string[];
  readonly stdin?: string;
  readonly unbuffered?: boolean;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Milliseconds. */
  readonly grace?: number;
  readonly stopSignal?: JobSignal;
  readonly onEnd?: OnEnd;
  readonly label: readonly string[];
  readonly priority?: number;
  /** Concurrency key. */
  readonly key?: string;
  readonly keyLimit?: number;
  /** Cap of its log, in bytes. */
  readonly maxLogBytes?: number;
  readonly logOverflow?: LogOverflow;
  readonly requestId?: string;
  readonly detach?: boolean;
  readonly raw?: boolean;
  readonly verbose?: boolean;
}

/** `lifeline run`: starts a job, follows it, and ends as it ends. */
export async function run(
  context: CommandContext,
  command: readonly string[],
  options: RunOptions,
): Promise<number> {
  if ((options.script === undefined) === (command.length === 0)) {
    throw new CliError('Give either a command, as in `lifeline run -- make test`, or --script.');
  }
  if (options.keyLimit !== undefined && options.key === undefined) {
    throw new CliError('--key-limit says how many jobs with a key may run: give --key, too.');
  }
  const connection = context.connect();
  const input = await startInput(context, command, options, connection.isLocal);
  const request = async (signal?: AbortSignal) =>
    (await connection.execute(StartJobDocument, { input }, { signal })).startJob;
  if (options.detach === true) {
    const job = await submitJob(request);
    await (context.wantsJson ? context.printJson(job) : context.output.write(`${job.id}\n`));
    return EXIT.OK;
  }
  await using interrupts = new Interrupts(connection, (sentence) => context.note(sentence));
  const job = await submitJob(() => request(interrupts.left), interrupts.left);
  interrupts.aimAt(job.id);
  const { raw = false, verbose = false } = options;
  if (verbose) await context.note(`job ${job.id} is ${job.status}`);
  return await followToEnd(context, connection, job, interrupts, { raw, verbose });
}

async function startInput(
  context: CommandContext,
  command: readonly string[],
  options: RunOptions,
  isLocal: boolean,
): Promise<StartJobInput> {
  // Paths of this machine mean nothing to a server on another one.
  const cwd = options.cwd ?? (isLocal ? context.directory : undefined);
  const variables = [
    ...options.env.map((text) => variable(text, '--env', context.environment)),
    ...options.secret.map((text) => ({ ...variable(text, '--secret', context.environment), secret: true })),
  ];
  return {
    requestId: options.requestId ?? randomUUID(),
    ...(options.script === undefined ? { command } : { script: options.script }),
    ...(cwd !== undefined && { cwd }),
    ...(variables.length > 0 && { env: variables }),
    ...(options.stdin !== undefined && { stdin: await readInput(options.stdin) }),
    ...(options.unbuffered !== undefined && { unbuffered: options.unbuffered }),
    ...(options.timeout !== undefined && { timeoutMs: options.timeout }),
    ...(options.grace !== undefined && { gracePeriodMs: options.grace }),
    ...(options.stopSignal !== undefined && { stopSignal: options.stopSignal }),
    ...(options.onEnd !== undefined && { onEnd: options.onEnd }),
    ...(options.label.length > 0 && { labels: options.label }),
    ...(options.priority !== undefined && { priority: options.priority }),
    ...(options.key !== undefined && { concurrencyKey: options.key }),
    ...(options.keyLimit !== undefined && { concurrencyLimit: options.keyLimit }),
    ...(options.maxLogBytes !== undefined && { maxLogBytes: options.maxLogBytes }),
    ...(options.logOverflow !== undefined && { logOverflow: options.logOverflow }),
  };
}

function variable(
  text: string,
  option: string,
  environment: NodeJS.ProcessEnv,
): { name: string; value: string } {
  const equals = text.indexOf('=');
  if (equals !== -1) return { name: text.slice(0, equals), value: text.slice(equals + 1) };
  const value = environment[text];
  if (value === undefined)
    throw new CliError(`${option} ${text}: there is no such variable here. Give ${text}=value.`);
  return { name: text, value };
}
