import type { OnEnd } from '../../domain/job-status.ts';
import { builder } from '../builder.ts';

export const OnEndRef = builder.enumType('OnEnd', {
  description: 'What happens to the processes that a program leaves behind when it ends.',
  values: {
    KILL_TREE: { description: 'They are ended: the polite signal, the grace period, then SIGKILL.' },
    WAIT: { description: 'The job is over when the last of them is.' },
  } satisfies Record<OnEnd, { description: string }>,
});
