import type { Containment, ContainmentMeans } from '../../domain/containment.ts';
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

const CONTAINMENT_MEANS = {
  CGROUP: { description: 'Each job has a cgroup of its own.', value: 'cgroup' },
  SUBREAPER: { description: 'Each job runs under a subreaper, `tini -s`.', value: 'subreaper' },
  NONE: { description: 'Nothing holds them: they are looked for.', value: 'none' },
} as const satisfies Record<string, { description: string; value: ContainmentMeans }>;

export const ContainmentMeansRef = builder.enumType('ContainmentMeans', {
  description: 'What holds the processes of a job together.',
  values: CONTAINMENT_MEANS,
});
