import type { LogStream } from '../../domain/log-line.ts';
import { builder } from '../builder.ts';

export const LogStreamRef = builder.enumType('LogStream', {
  description:
    'The two streams of a program. Order is exact within a stream; across the two it is the order of arrival.',
  values: {
    STDOUT: { description: 'Standard output.' },
    STDERR: { description: 'Standard error.' },
  } satisfies Record<LogStream, { description: string }>,
});
