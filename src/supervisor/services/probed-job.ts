import type { Clock } from '../../domain/clock.ts';
import type { JobId } from '../../domain/job-id.ts';
import type { ProbeAction } from '../../domain/service-definition.ts';
import type { FollowSources } from '../../logs/follow.ts';
import type { ErrandPlace } from '../errand.ts';

/** The running job that is probed. */
export interface ProbedJob {
  readonly jobId: JobId;
  /** In what EXEC runs. */
  readonly place: ErrandPlace;
  /** Where LOG reads, and where silence is noticed. */
  readonly sources: FollowSources;
  readonly clock: Clock;
  /** When its program started, on the clock's monotonic time; long ago for an adopted one. */
  readonly startedMonotonicMs: number;
}

export interface ProbeResult {
  readonly isOk: boolean;
  /** What was seen, in one sentence for people. */
  readonly message: string;
}

/** The action of a probe of one kind. */
export type ActionOf<Kind extends ProbeAction['kind']> = Extract<ProbeAction, { readonly kind: Kind }>;
