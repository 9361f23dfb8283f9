import type { Clock } from '../../domain/clock.ts';
import type { JobId } from '../../domain/job-id.ts';
import type { FollowSources } from '../../logs/follow.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import type { KeptJobRecord } from '../../storage/service-store.ts';
import type { ErrandPlace } from '../errand.ts';
import { ProbeWatch } from './probe-watch.ts';
import type { RunWatchEvents } from './service-keeper.ts';

export interface RunWatchSources {
  readonly clock: Clock;
  readonly logs: FollowSources;
  /** `null` while the program of the job does not run. */
  readonly errandPlace: (jobId: JobId) => ErrandPlace | null;
}

/** Probes the job that keeps a service up, as the service says, until the guard is released. */
export function watchRun(
  { clock, logs, errandPlace }: RunWatchSources,
  { definition, life }: ServiceRecord,
  { id: jobId, startedAt }: KeptJobRecord,
  listeners: RunWatchEvents,
): Disposable {
  const place = errandPlace(jobId);
  if (place === null) return { [Symbol.dispose]: () => undefined }; // It is just ending; its keeper hears of that.
  const ageMs = startedAt === null ? 0 : Math.max(0, clock.nowMs() - startedAt.getTime());
  return new ProbeWatch({
    definition,
    job: { jobId, place, sources: logs, clock, startedMonotonicMs: clock.monotonicMs() - ageMs },
    wasReady: life.state === 'READY',
    listeners,
  });
}
