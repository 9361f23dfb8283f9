import { JobNotFoundError } from '../domain/errors.ts';
import { type JobId, parseJobId } from '../domain/job-id.ts';
import type { Services } from '../graphql/services.ts';
import type { JobRecord } from '../storage/job-store.ts';

/** Reads a job's id from a URL. @throws JobNotFoundError for what cannot be one */
export function jobIdFrom(written: string): JobId {
  const jobId = parseJobId(written);
  if (jobId === undefined) throw new JobNotFoundError(written);
  return jobId;
}

/** @throws JobNotFoundError */
export async function requireJob(services: Services, jobId: JobId): Promise<JobRecord> {
  const job = await services.jobs.findJob(jobId);
  if (job === null) throw new JobNotFoundError(jobId);
  return job;
}
