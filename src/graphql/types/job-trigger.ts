import { JOB_TRIGGERS } from '../../domain/service-state.ts';
import { builder } from '../builder.ts';

export const JobTriggerRef = builder.enumType('JobTrigger', {
  description:
    'Why a job was made: somebody asked (REQUEST), or asked for it once more (RERUN); a service is kept up (SERVICE); a run that failed is tried again (RETRY); it was due (SCHEDULE).',
  values: JOB_TRIGGERS,
});
