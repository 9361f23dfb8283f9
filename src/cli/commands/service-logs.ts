import type { Job, JobLogEvent } from '../../client/client.ts';
import { NewestServiceJobDocument } from '../../client/generated/graphql.ts';
import { CliError } from '../cli-error.ts';
import type { CommandContext } from '../command-context.ts';
import type { Connection } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import { connectionNotes } from '../follow-to-end.ts';
import { jsonText } from '../json-text.ts';
import { findLogBounds } from '../log-bounds.ts';
import { JsonPrinter, TextPrinter, type LogPrinter } from '../log-printer.ts';
import { logs, type LogsOptions } from './logs.ts';

/**
 * `lifeline logs` with the name of a service: the log of its newest job; with `--follow` that of each job after it, too, for
 * as long as there is the service.
 */
export async function serviceLogs(
  context: CommandContext,
  name: string,
  options: LogsOptions,
): Promise<number> {
  const connection = context.connect();
  const newest = await newestJobOf(connection, name);
  if (options.follow !== true) return newest === undefined ? EXIT.OK : logs(context, newest, options);
  const { stream, verbose = false } = options;
  const streams = stream === undefined ? undefined : [stream];
  const after =
    newest === undefined
      ? undefined
      : { jobId: newest, seq: (await findLogBounds(connection, newest, streams, options.tail)).after };
  const onStateChange = verbose ? connectionNotes(context) : undefined;
  const events = await connection.followServiceLogs(name, { after, streams, onStateChange });
  await print(context, events, options);
  return EXIT.OK;
}

async function newestJobOf(connection: Connection, name: string): Promise<string | undefined> {
  const { service } = await connection.execute(NewestServiceJobDocument, { name });
  if (service === null) throw new CliError(`There is no service ${name}.`);
  return service.jobs.edges[0]?.node.id;
}

async function print(
  context: CommandContext,
  events: AsyncIterable<JobLogEvent>,
  { timestamps = false, raw = false }: LogsOptions,
): Promise<void> {
  const { output, errors, wantsJson } = context;
  const text = new TextPrinter({
    outputs: { STDOUT: output, STDERR: output },
    notes: errors,
    raw,
    timestamps,
  });
  const printerFor = (jobId: string): LogPrinter => (wantsJson ? new JsonPrinter(output, jobId) : text);
  for await (const event of events) {
    if (event.__typename === 'LogLines') await printerFor(event.jobId).lines(event.lines);
    else if (event.__typename === 'LogGap') await printerFor(event.jobId).gap(event);
    else if (wantsJson) {
      await output.write(`${jsonText({ done: { lastSeq: event.lastSeq, job: event.job } })}\n`);
    } else {
      await text.finish();
      await context.note(`${endOf(event.job)}; waiting for the next job`);
    }
  }
  await text.finish();
}

function endOf({ id, status, exitCode, message, reason }: Job): string {
  if (exitCode !== null) return `job ${id} ${status} (exit code ${exitCode})`;
  return `job ${id} ${status}: ${message ?? reason}`;
}
