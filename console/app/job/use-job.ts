import { useLive } from '../connection/use-live.ts';
import {
  type JobDetailsFragment,
  WatchJobDocument,
  type WatchJobSubscription,
} from '../generated/graphql.ts';

/** A job as it is now. */
export function useJob(jobId: string) {
  return useLive(WatchJobDocument, { jobId }, newest);
}

function newest(
  _before: JobDetailsFragment | undefined,
  { jobChanged }: WatchJobSubscription,
): JobDetailsFragment {
  return jobChanged;
}
