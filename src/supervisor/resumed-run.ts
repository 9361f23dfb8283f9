import type { HostIdentity } from '../domain/process-identity.ts';
import type { EndRequest } from './end-request.ts';
import type { TreeRoot } from './process-tree.ts';

/** A run that goes on where a former server left it. */
export interface ResumedRun {
  /** `null` where the former server did not get to record it: the gate never opened. */
  readonly root: TreeRoot | null;
  readonly host: HostIdentity;
  readonly startedAtMs: number | null;
  /** When its program started, on the clock of `performance.now()`, which nobody sets. */
  readonly startedMonotonicMs: number;
  readonly endRequest: EndRequest | null;
  /** When that was asked for, on the same clock. */
  readonly endRequestedMonotonicMs: number;
  /** What to say of it if its program never ran; one sentence. */
  readonly launchFailure: string;
}
