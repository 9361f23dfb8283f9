import type { JobId } from '../domain/job-id.ts';
import type { JobLogReader } from '../logs/job-log-reader.ts';
import type { Services } from './services.ts';

type Totals = Awaited<ReturnType<JobLogReader['totals']>>;
type PageRequest = Parameters<JobLogReader['page']>[0];
/** Some lines of a log, in order, and where they stand in it. */
export type LogPageView = Awaited<ReturnType<JobLogReader['page']>>;

/** A job's log as one query sees it: its totals are read once, however many fields ask for them. Holds nothing open. */
export class JobLogView {
  readonly jobId: JobId;
  readonly #services: Services;
  #totals: Promise<Totals> | undefined;

  constructor(services: Services, jobId: JobId) {
    this.#services = services;
    this.jobId = jobId;
  }

  totals(): Promise<Totals> {
    this.#totals ??= this.#read((reader) => reader.totals());
    return this.#totals;
  }

  page(request: PageRequest): Promise<LogPageView> {
    return this.#read((reader) => reader.page(request));
  }

  async #read<Result>(read: (reader: JobLogReader) => Promise<Result>): Promise<Result> {
    using reader = await this.#services.openLog(this.jobId);
    return await read(reader);
  }
}
