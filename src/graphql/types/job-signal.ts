import { JOB_SIGNALS } from '../../domain/job-signal.ts';
import { builder } from '../builder.ts';

export const JobSignalRef = builder.enumType('JobSignal', {
  description: 'A signal that can be sent to a job, as signal(7) names it.',
  values: Object.fromEntries(
    JOB_SIGNALS.map((name) => [name, { value: name, description: `The signal ${name}.` }]),
  ) as Record<(typeof JOB_SIGNALS)[number], { value: (typeof JOB_SIGNALS)[number]; description: string }>,
});
