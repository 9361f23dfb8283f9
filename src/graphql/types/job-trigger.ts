import type { JobTrigger } from '../../domain/service-state.ts';
import { builder } from '../builder.ts';

export const JobTriggerRef = builder.enumType('JobTrigger', {
  description: 'Why a job was made.',
  values: {
    REQUEST: { description: 'Somebody asked for it.' },
    RERUN: { description: 'Somebody asked for a former job once more.' },
    SERVICE: { description: 'Its service is kept up.' },
    RETRY: { description: 'A run of its service had failed and is tried again.' },
    SCHEDULE: { description: 'It was due by the schedule of its service.' },
  } satisfies Record<JobTrigger, { description: string }>,
});
