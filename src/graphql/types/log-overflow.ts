import type { LogOverflow } from '../../domain/log-limit.ts';
import { builder } from '../builder.ts';

export const LogOverflowRef = builder.enumType('LogOverflow', {
  description: 'What becomes of a job whose log reaches its cap.',
  values: {
    TRIM: { description: 'It goes on, and its log loses its oldest lines; readers are told of the gap.' },
    CANCEL: { description: 'It is ended, for the reason LOG_LIMIT.' },
  } satisfies Record<LogOverflow, { description: string }>,
});
