import type { Containment } from '../services.ts';
import { builder } from '../builder.ts';

export const ContainmentRef = builder.enumType('Containment', {
  description: 'How sure it is that all processes of a job are found when it ends.',
  values: {
    CONTAINED: {
      description: 'The kernel holds the whole tree together (a cgroup, a subreaper, a pid namespace).',
    },
    BEST_EFFORT: {
      description:
        'They are found by session, group, environment and descent; one that leaves all four can escape.',
    },
  } satisfies Record<Containment, { description: string }>,
});
