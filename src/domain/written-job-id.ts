import { JobNotFoundError } from './errors.ts';
import { parseJobId, type JobId } from './job-id.ts';

/** The id of a job that somebody names. @throws JobNotFoundError where what is written cannot be one */
export function jobIdFrom(written: string): JobId {
  const jobId = parseJobId(written);
  if (jobId === undefined) throw new JobNotFoundError(written);
  return jobId;
}
