import type { FollowState, Job } from '../client/client.ts';
import type { CommandContext } from './command-context.ts';
import type { Connection } from './connection.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import type { Interrupts } from './interrupts.ts';
import { jsonText } from './json-text.ts';
import { JsonPrinter, TextPrinter } from './log-printer.ts';
import { OutputClosedError } from './output-stream.ts';

export interface FollowToEndOptions {
  /** The text as the program wrote it, with its controls. */
  readonly raw: boolean;
  /** Says when the connection is lost and found. */
  readonly verbose: boolean;
}

/**
 * Follows a job that this command has started: its streams to their own outputs, Ctrl-C to the job.
 * With `--json`: `{job}`, then the lines, then `{done: {lastSeq, job}}`.
 * @returns the exit code for the command, see `exitCodeOf`
 * @throws OutputClosedError when nobody reads any more, InterruptedError when the user left; the job goes on in both cases
 */
export async function followToEnd(
  context: CommandContext,
  connection: Connection,
  job: Job,
  interrupts: Interrupts,
  { raw, verbose }: FollowToEndOptions,
): Promise<number> {
  const { output, errors, wantsJson } = context;
  const outputs = { STDOUT: output, STDERR: errors };
  const printer = wantsJson
    ? new JsonPrinter(output)
    : new TextPrinter({ outputs, notes: errors, raw, timestamps: false });
  let final: Job | undefined;
  try {
    if (wantsJson) await output.write(`${jsonText({ job })}\n`);
    const onStateChange = verbose ? connectionNotes(context) : undefined;
    const events = await connection.followJobLogs(job.id, { signal: interrupts.left, onStateChange });
    for await (const event of events) {
      if (event.__typename === 'LogLines') await printer.lines(event.lines);
      else if (event.__typename === 'LogGap') await printer.gap(event);
      else {
        final = event.job;
        if (wantsJson) await output.write(`${jsonText({ done: { lastSeq: event.lastSeq, job: final } })}\n`);
      }
    }
    await printer.finish();
  } catch (error) {
    if (error instanceof OutputClosedError) {
      await context.note(`nobody reads the output any more; job ${job.id} goes on`);
    }
    throw error;
  }
  interrupts.left.throwIfAborted();
  if (final === undefined) return EXIT.LIFELINE_FAILED;
  if (!wantsJson && needsWords(final, interrupts)) {
    await context.note(`job ${final.id} ${final.status}: ${final.message ?? final.reason}`);
  }
  return exitCodeOf(final, interrupts.first);
}

/** Whether the exit code alone does not say what happened. */
function needsWords({ status, exitCode }: Job, interrupts: Interrupts): boolean {
  if (status === 'CANCELLED') return interrupts.first === undefined;
  return status === 'TIMED_OUT' || status === 'LOST' || (status === 'FAILED' && exitCode === null);
}

/** Tells of the connection: that it is lost, once for each time, and that it is back. */
export function connectionNotes(context: CommandContext): (state: FollowState) => void {
  let isLost = false;
  return (state) => {
    if (state.state === 'WAITING' && !isLost) {
      isLost = true;
      void context.note(`the connection is lost (${state.cause.message}); trying again`);
    } else if (state.state === 'CONNECTED' && isLost) {
      isLost = false;
      void context.note('connected again');
    }
  };
}
