/** What can hold the processes of a job together, the surest first. */
export const CONTAINMENT_MEANS = ['cgroup', 'subreaper', 'none'] as const;
export type ContainmentMeans = (typeof CONTAINMENT_MEANS)[number];

/** How sure it is that all processes of a job are found: by the kernel, or by looking. */
export type Containment = 'CONTAINED' | 'BEST_EFFORT';
