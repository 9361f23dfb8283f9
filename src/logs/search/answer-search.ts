import { InvalidInputError } from '../../domain/errors.ts';
import type { JobId } from '../../domain/job-id.ts';
import { JobDirectory } from '../../storage/job-directory.ts';
import { LogFiles } from '../log-files.ts';
import { LogMask } from '../log-mask.ts';
import type { LineSearch, SearchedPart } from './line-search.ts';
import { searchLog } from './search-log.ts';

/** A search as it goes to another thread. */
export interface SearchTask {
  readonly jobsPath: string;
  readonly jobId: JobId;
  /** Of what is masked in the log; `null`: nothing. */
  readonly maskSpellings: readonly Uint8Array[] | null;
  readonly search: LineSearch;
  readonly maxMs: number;
}

/** What came of it: errors lose their class on the way between threads. */
export type SearchAnswer =
  { readonly part: SearchedPart } | { readonly refusal: string } | { readonly failure: string };

/** Never rejects. It holds its files only as long as it takes. */
export async function answerSearch(task: SearchTask, isCancelled: () => boolean): Promise<SearchAnswer> {
  const { jobsPath, jobId, maskSpellings, search, maxMs } = task;
  const mask = maskSpellings === null ? null : LogMask.ofSpellings(maskSpellings);
  try {
    const files = new LogFiles({ of: () => mask });
    return {
      part: await searchLog(new JobDirectory(jobsPath, jobId), files, search, { maxMs, isCancelled }),
    };
  } catch (error) {
    if (error instanceof InvalidInputError) return { refusal: error.message };
    return { failure: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}
