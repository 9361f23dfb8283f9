import type { LogGapReason } from '../../domain/log-line.ts';
import { builder } from '../builder.ts';

export const LogGapReasonRef = builder.enumType('LogGapReason', {
  description: 'Why lines are gone.',
  values: {
    TRIMMED: { description: 'The log had reached its cap, and its oldest lines made room.' },
    RETENTION: { description: 'They were older, or more, than is kept.' },
    DAMAGED: { description: 'Their bytes or their record cannot be read any more.' },
  } satisfies Record<LogGapReason, { description: string }>,
});
