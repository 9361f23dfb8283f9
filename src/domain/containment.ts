/** What can hold the processes of a job together, the surest first. */
export type ContainmentMeans = 'cgroup' | 'subreaper' | 'none';

/** How sure it is that all processes of a job are found: by the kernel, or by looking. */
export type Containment = 'CONTAINED' | 'BEST_EFFORT';
