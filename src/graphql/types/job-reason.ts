import type { JobReason } from '../../domain/job-status.ts';
import { builder } from '../builder.ts';

export const JobReasonRef = builder.enumType('JobReason', {
  description: 'Why a job is in its status.',
  values: {
    NONE: { description: 'Nothing in particular: it waits or runs.' },
    EXITED: { description: 'Its program ended by itself, with an exit code.' },
    SIGNALLED: { description: 'Its program was ended by a signal.' },
    KILLED_FROM_OUTSIDE: { description: 'Its program was killed by somebody other than Lifeline.' },
    LAUNCH_FAILED: { description: 'Its program could not be launched.' },
    OUT_OF_MEMORY: { description: 'The kernel killed it for want of memory.' },
    CANCEL_REQUESTED: { description: 'Somebody asked for its end.' },
    TIMEOUT: { description: 'It ran longer than its timeout.' },
    LOG_LIMIT: { description: 'It wrote more than its log may hold.' },
    SERVER_STOPPED: { description: 'The server was stopped and told to end its jobs.' },
    IDENTITY_GONE: {
      description: 'Its process was gone when the server came back, and nothing recorded how it ended.',
    },
    HOST_REBOOTED: { description: 'The machine was started anew in the meantime.' },
  } satisfies Record<JobReason, { description: string }>,
});
