import type { JobStatus } from '../../domain/job-status.ts';
import { builder } from '../builder.ts';

export const JobStatusRef = builder.enumType('JobStatus', {
  description: 'Where a job is in its life. The last five are final: nothing follows them.',
  values: {
    QUEUED: { description: 'Accepted; it waits for a free place.' },
    STARTING: { description: 'Its process is being made.' },
    RUNNING: { description: 'Its program runs.' },
    CANCELLING: { description: 'It was told to end (by a cancel or its timeout) and has not ended yet.' },
    SUCCEEDED: { description: 'Its program ended with exit code 0.' },
    FAILED: {
      description: 'Its program ended with another exit code or by a signal, or could not be launched.',
    },
    CANCELLED: { description: 'It ended because somebody asked for it.' },
    TIMED_OUT: { description: 'It ended because its timeout had passed.' },
    LOST: { description: 'It ended while nobody could see how; its outcome cannot be known.' },
  } satisfies Record<JobStatus, { description: string }>,
});
