import { LOG_STREAMS } from '../../domain/log-line.ts';
import type { JobDirectory } from '../../storage/job-directory.ts';
import { BatchLoader } from '../batch-loader.ts';
import { totalsOf } from '../index-record.ts';
import { readKeptMark } from '../kept-mark.ts';
import type { LogFiles } from '../log-files.ts';
import { LogIndexReader } from '../log-index-reader.ts';
import type { LineSearch, SearchedPart } from './line-search.ts';
import { positionsBetween, recordWindows } from './record-windows.ts';
import { Scan } from './scan.ts';

/** How long one call may take; the part that it has looked at by then is its answer. */
export interface SearchLimits {
  readonly maxMs: number;
  /** Asked after each batch; it ends with what it has. */
  readonly isCancelled?: () => boolean;
}

/**
 * Looks for a pattern in the lines that readers of the log get: masked, of the streams that are asked, without what was trimmed
 * or is damaged. One call looks at some of them; at one batch at least, however little time it has.
 * @param files with the masks of the log
 * @throws (rejects with) InvalidInputError, LogFileRefusedError, SecretsUnavailableError
 */
export async function searchLog(
  directory: JobDirectory,
  files: LogFiles,
  search: LineSearch,
  { maxMs, isCancelled }: SearchLimits,
): Promise<SearchedPart> {
  const { streams = LOG_STREAMS, direction } = search;
  const deadlineMs = performance.now() + maxMs;
  const scan = new Scan(search);
  using index = LogIndexReader.open(directory.indexPath, files);
  if (index === undefined) return scan.part(0, true);
  const { lastSeq } = totalsOf(await index.last());
  using loader = new BatchLoader(directory, files);
  const keptFrom = readKeptMark(directory).position;
  const range = await positionsBetween(index, { ...scan.bounds, keptFrom });
  for await (const records of recordWindows(index, { ...range, direction })) {
    const wanted = records.filter(({ stream, lineCount }) => lineCount > 0 && streams.includes(stream));
    if (direction === 'BACKWARD') wanted.reverse();
    const bytes = await loader.loadBytes(wanted);
    for (const record of records) {
      const goesOn = scan.take(record, bytes.get(record));
      if (!goesOn || performance.now() > deadlineMs || isCancelled?.() === true)
        return scan.part(lastSeq, false);
    }
  }
  return scan.part(lastSeq, true);
}
