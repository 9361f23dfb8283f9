import type { LogStream } from '../../client/client.ts';
import { SearchLogDocument } from '../../client/generated/graphql.ts';
import { CliError } from '../cli-error.ts';
import type { Connection } from '../connection.ts';
import { EXIT } from '../exit-codes.ts';
import type { LogPrinter } from '../log-printer.ts';

/** What to look for. */
export interface SoughtLines {
  readonly pattern: string;
  readonly isRegex: boolean;
  readonly ignoreCase: boolean;
  readonly streams: readonly LogStream[] | undefined;
}

/** `lifeline logs --grep`: the lines that have it, as far as the log goes by now; found by the server. */
export async function searchLog(
  connection: Connection,
  jobId: string,
  { pattern, isRegex, ignoreCase, streams }: SoughtLines,
  printer: LogPrinter,
): Promise<number> {
  const kind = isRegex ? 'REGEX' : 'TEXT';
  for (let after = 0; ;) {
    const { job } = await connection.execute(SearchLogDocument, {
      jobId,
      pattern,
      kind,
      ignoreCase,
      streams: streams ?? null,
      after,
    });
    if (job === null) throw new CliError(`There is no job ${jobId}.`);
    const { hits, scannedToSeq, isComplete } = job.log.search;
    // A piece of a long line is a line of its own here: the next one may not have it.
    if (hits.length > 0) await printer.lines(hits.map(({ line }) => ({ ...line, continued: false })));
    if (isComplete) break;
    after = scannedToSeq;
  }
  await printer.finish();
  return EXIT.OK;
}
