import type { JobId } from '../domain/job-id.ts';
import type { JobLogReader, LogPage, PageRequest } from '../logs/job-log-reader.ts';
import type { LineSearch, SearchedPart } from '../logs/search/line-search.ts';
import type { LogTotals } from '../logs/log-totals.ts';
import type { LogPressure } from '../supervisor/job-logs.ts';
import type { Services } from './services.ts';

/** Some lines of a job's log, in order, and where they stand in it. */
export interface LogPageView extends LogPage {
  readonly jobId: JobId;
}

/** A job's log as one query sees it: its totals are read once, however many fields ask for them. Holds nothing open. */
export class JobLogView {
  readonly jobId: JobId;
  readonly #services: Services;
  #totals: Promise<LogTotals> | undefined;

  constructor(services: Services, jobId: JobId) {
    this.#services = services;
    this.jobId = jobId;
  }

  totals(): Promise<LogTotals> {
    this.#totals ??= this.#read((reader) => reader.totals());
    return this.#totals;
  }

  keptFromSeq(): Promise<number> {
    return this.#read((reader) => Promise.resolve(reader.keptFromSeq));
  }

  keptBytes(): Promise<number> {
    return this.#read((reader) => reader.keptBytes());
  }

  /** As it is now; nothing is held back or wrong where the job does not run. */
  get pressure(): LogPressure {
    return this.#services.supervisor.logPressure(this.jobId) ?? { isHeldBack: false, problem: null };
  }

  page(request: PageRequest): Promise<LogPageView> {
    return this.#read(async (reader) => ({ jobId: this.jobId, ...(await reader.page(request)) }));
  }

  search(search: LineSearch, signal: AbortSignal): Promise<SearchedPart> {
    return this.#services.searchLog(this.jobId, search, signal);
  }

  async #read<Result>(read: (reader: JobLogReader) => Promise<Result>): Promise<Result> {
    using reader = await this.#services.openLog(this.jobId);
    return await read(reader);
  }
}
