import type { LogStream } from '../../client/client.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../exit-codes.ts';
import { connectionNotes } from '../follow-to-end.ts';
import { jsonText } from '../json-text.ts';
import { findLogBounds } from '../log-bounds.ts';
import { JsonPrinter, TextPrinter } from '../log-printer.ts';
import { searchLog } from './search-log.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: number;
  readonly stream?: LogStream;
  /** Only lines that have it; neither with `follow` nor with `tail`. */
  readonly grep?: string;
  readonly regex?: boolean;
  readonly ignoreCase?: boolean;
  readonly timestamps?: boolean;
  readonly raw?: boolean;
  readonly verbose?: boolean;
}

/** `lifeline logs`: both streams merged on standard output, as far as they go, or with `--follow` to the job's end. */
export async function logs(context: CommandContext, jobId: string, options: LogsOptions): Promise<number> {
  const { output, errors, wantsJson } = context;
  const { follow = false, stream, timestamps = false, raw = false, verbose = false } = options;
  const connection = context.connect();
  const streams = stream === undefined ? undefined : [stream];
  const printer = wantsJson
    ? new JsonPrinter(output)
    : new TextPrinter({ outputs: { STDOUT: output, STDERR: output }, notes: errors, raw, timestamps });
  if (options.grep !== undefined) {
    const { grep: pattern, regex: isRegex = false, ignoreCase = false } = options;
    return searchLog(connection, jobId, { pattern, isRegex, ignoreCase, streams }, printer);
  }
  const { after, upTo } = await findLogBounds(connection, jobId, streams, options.tail);
  if (!follow && upTo <= after) return EXIT.OK;
  const lastSeq = follow ? Infinity : upTo;
  const onStateChange = verbose ? connectionNotes(context) : undefined;
  for await (const event of await connection.followJobLogs(jobId, { after, streams, onStateChange })) {
    if (event.__typename === 'LogDone') {
      const { job } = event;
      if (wantsJson && follow) await output.write(`${jsonText({ done: { lastSeq: event.lastSeq, job } })}\n`);
      break;
    }
    if (event.__typename === 'LogGap') {
      await printer.gap(event);
      if (event.toSeq >= lastSeq) break;
      continue;
    }
    const lines = event.lines.filter(({ seq }) => seq <= lastSeq);
    if (lines.length > 0) await printer.lines(lines);
    if (event.lastSeq >= lastSeq) break;
  }
  await printer.finish();
  return EXIT.OK;
}
