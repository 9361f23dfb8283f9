import type { JobId } from '../domain/job-id.ts';

/** The active map in memory: exactly the jobs that are starting, running or being cancelled. */
export class ActiveJobs {
  readonly #entries = new Map<JobId, symbol>();

  /** Guard of the entry: it leaves the map on return, throw and cancel alike. @throws Error if the job is in it */
  enter(jobId: JobId): Disposable {
    if (this.#entries.has(jobId)) throw new Error(`job ${String(jobId)} is in the active map already`);
    const token = Symbol(`active job ${String(jobId)}`);
    this.#entries.set(jobId, token);
    return {
      [Symbol.dispose]: () => {
        if (this.#entries.get(jobId) === token) this.#entries.delete(jobId);
      },
    };
  }

  get size(): number {
    return this.#entries.size;
  }
}
