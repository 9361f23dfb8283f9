import { JobNotFoundError } from '../domain/errors.ts';
import type { JobId } from '../domain/job-id.ts';
import type { Services } from '../graphql/services.ts';
import type { JobRecord } from '../storage/job-records.ts';

/** @throws JobNotFoundError */
export async function requireJob(services: Services, jobId: JobId): Promise<JobRecord> {
  const job = await services.jobs.findJob(jobId);
  if (job === null) throw new JobNotFoundError(jobId);
  return job;
}
