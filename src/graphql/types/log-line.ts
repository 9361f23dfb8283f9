import type { LogLine as Line } from '../../domain/log-line.ts';
import { builder } from '../builder.ts';
import { LogStreamRef } from './log-stream.ts';

export const LogLine = builder.objectRef<Line>('LogLine').implement({
  description: 'One line of a log.',
  fields: (t) => ({
    seq: t.expose('seq', {
      type: 'SafeInt',
      description:
        'Its number within the job, over both streams: 1, 2, 3 … without gaps, never given twice. The cursor.',
    }),
    stream: t.expose('stream', { type: LogStreamRef, description: 'Where it was written.' }),
    text: t.exposeString('text', {
      description:
        'UTF-8 without its line end; bytes that are not UTF-8 are replaced by U+FFFD. The raw bytes: /jobs/N/log.',
    }),
    at: t.field({
      type: 'DateTime',
      description: 'When the server read it.',
      resolve: (line) => new Date(line.atMs),
    }),
    atApproximate: t.exposeBoolean('atApproximate', {
      description: 'True where it was read long after it was written, because the server was away.',
    }),
    continued: t.exposeBoolean('continued', {
      description: 'True where no newline ended this piece: the next line of its stream goes on with it.',
    }),
  }),
});
