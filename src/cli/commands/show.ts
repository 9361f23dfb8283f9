import { ShowJobDocument, type ShowJobQuery } from '../../client/generated/graphql.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import { exactBytes, formatBytes } from '../../domain/byte-size.ts';
import { formatDuration } from '../../domain/duration.ts';
import { EXIT } from '../exit-codes.ts';
import { harmlessLine, harmlessText } from '../harmless-text.ts';
import type { OutputStream } from '../output-stream.ts';
import { shellWords } from '../shell-words.ts';
import { styled, styledStatus } from '../style.ts';

type ShownJob = NonNullable<ShowJobQuery['job']>;
type Fact = readonly [name: string, value: string | null];

const NAME_WIDTH = 12;

/** `lifeline show`: everything that is known of one job. */
export async function show(context: CommandContext, jobId: string): Promise<number> {
  const { job } = await context.connect().execute(ShowJobDocument, { jobId });
  if (job === null) throw new CliError(`There is no job ${jobId}.`);
  if (context.wantsJson) {
    await context.printJson(job);
    return EXIT.OK;
  }
  const { output } = context;
  const facts = [...factsOf(output, job), ...cancellationFacts(job), ...transitionFacts(output, job)];
  await output.write(facts.map((fact) => line(output, fact)).join(''));
  return EXIT.OK;
}

function line(output: OutputStream, [name, value]: Fact): string {
  if (value === null) return '';
  const indented = value.replaceAll('\n', `\n${' '.repeat(NAME_WIDTH)}`);
  return `${styled(output, 'dim', name.padEnd(NAME_WIDTH))}${indented}\n`;
}

function factsOf(output: OutputStream, job: ShownJob): Fact[] {
  const { log, durationMs } = job;
  return [
    ['job', job.id],
    ['status', `${styledStatus(output, job.status)}${job.reason === 'NONE' ? '' : ` (${job.reason})`}`],
    ['message', textOf(job.message)],
    ['place', job.queue === null ? null : `${job.queue.position}. ${harmlessLine(job.queue.message)}`],
    ['exit code', textOf(job.exitCode)],
    [
      'signal',
      job.signal === null ? null : `${harmlessLine(job.signal)}${job.signalInferred ? ' (inferred)' : ''}`,
    ],
    job.script === null
      ? ['command', shellWords(job.command)]
      : ['script', harmlessText(job.script, { colours: false })],
    ['directory', textOf(job.cwd)],
    [
      'environment',
      listOf(
        job.env.map(({ name, value }) =>
          value === null ? `${name} (secret)` : shellWords([`${name}=${value}`]),
        ),
      ),
    ],
    ['labels', listOf(job.labels.map(harmlessLine))],
    ['priority', job.priority === 0 ? null : String(job.priority)],
    ['key', keyOf(job)],
    ['pid', textOf(job.pid)],
    ['queued', job.queuedAt],
    ['started', job.startedAt],
    ['finished', job.finishedAt],
    ['time', durationMs === null ? null : formatDuration(durationMs)],
    ['timeout', job.timeoutMs === null ? null : formatDuration(job.timeoutMs)],
    ['grace', formatDuration(job.gracePeriodMs)],
    ['stopped by', job.stopCommand === null ? job.stopSignal : shellWords(job.stopCommand)],
    ['on end', job.onEnd],
    ['log cap', job.maxLogBytes === null ? null : `${exactBytes(job.maxLogBytes)} (${job.logOverflow})`],
    ['attempt', `${job.attempt}${job.rerunOf === null ? '' : ` (rerun of job ${job.rerunOf.id})`}`],
    ['request', textOf(job.requestId)],
    ['pinned', job.pinned ? 'yes: retention leaves it alone' : null],
    ['disk', job.allocatedBytes === null ? null : formatBytes(job.allocatedBytes)],
    ['stdout', sizeOf(log.stdoutLines, log.stdoutBytes)],
    ['stderr', sizeOf(log.stderrLines, log.stderrBytes)],
  ];
}

function cancellationFacts({ cancellation }: ShownJob): Fact[] {
  if (cancellation === null) return [];
  const { requestedAt, requestedBy, gracePeriodMs, killedAt, containment, processes } = cancellation;
  const by = requestedBy === null ? '' : ` by ${harmlessLine(requestedBy)}`;
  const kill = killedAt === null ? '' : `, killed ${killedAt}`;
  return [
    ['ended', `${cancellation.reason}${by} ${requestedAt}, grace ${formatDuration(gracePeriodMs)}${kill}`],
    ['containment', containment],
    [
      'processes',
      listOf(
        processes.map(({ pid, signals, goneAt, command }) =>
          harmlessLine(`${pid} ${signals.join(' ')}${goneAt === null ? ' (survives)' : ''}  ${command}`),
        ),
      ),
    ],
  ];
}

function transitionFacts(output: OutputStream, { transitions }: ShownJob): Fact[] {
  const lines = transitions.map(({ at, to, reason, cause }) => {
    const why = reason === 'NONE' ? '' : ` ${reason}`;
    return `${at}  ${styledStatus(output, to)}${why}${cause === null ? '' : `  ${harmlessLine(cause)}`}`;
  });
  return [['life', listOf(lines)]];
}

function keyOf({ concurrencyKey, concurrencyLimit }: ShownJob): string | null {
  return concurrencyKey === null ? null : `${harmlessLine(concurrencyKey)} (limit ${concurrencyLimit})`;
}

function sizeOf(lines: number, bytes: number): string {
  return `${lines} ${lines === 1 ? 'line' : 'lines'}, ${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
}

function textOf(value: string | number | null): string | null {
  return value === null ? null : harmlessLine(String(value));
}

function listOf(lines: readonly string[]): string | null {
  return lines.length === 0 ? null : lines.join('\n');
}
