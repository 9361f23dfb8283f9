import { JobNotFoundError } from '../domain/errors.ts';
import { jobIdFrom } from '../domain/written-job-id.ts';
import { isFinal, type JobStatus } from '../domain/job-status.ts';
import type { JobId } from '../domain/job-id.ts';
import type { GraphQLContext } from './context.ts';
import { PayloadSource } from './payload-source.ts';

const END = { done: true, value: undefined } as const;

/**
 * The job's id now, then after each change (conflated), up to and with its final state: of the job itself, what is asked for is
 * read when it is written. Attached when this returns; released by the context's signal.
 *
 * @throws JobNotFoundError here or from the first `next()`
 */
export function jobStates({ services, signal }: GraphQLContext, writtenId: string): PayloadSource<JobId> {
  const jobId = jobIdFrom(writtenId);
  const changes = services.supervisor.changes.subscribe(jobId, { signal });
  let toldFinal = false;
  return new PayloadSource<JobId>({
    signal,
    release: () => void changes.return(),
    pull: async () => {
      if (toldFinal || (await changes.next()).done === true) return END;
      const job = await services.read.job.findUnique({ where: { id: jobId }, select: { status: true } });
      if (job === null) throw new JobNotFoundError(jobId);
      toldFinal = isFinal(job.status as JobStatus);
      return { done: false, value: jobId };
    },
  });
}
