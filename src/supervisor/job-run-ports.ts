import type { PassCheckpoint } from '../domain/checkpoint.ts';
import type { PlainEnvEntry } from '../domain/env-entry.ts';
import type { HostIdentity } from '../domain/process-identity.ts';
import type { HolePuncher } from '../logs/hole-puncher.ts';
import type { LogMasks } from '../logs/log-masks.ts';
import type { LogSettler } from '../logs/log-settler.ts';
import type { LoopShare } from '../logs/loop-share.ts';
import type { JobStore } from '../storage/job-store.ts';
import type { SecretBox } from '../storage/secret-keys.ts';
import type { Containment } from './containment.ts';
import type { FamilyWatch } from './family-watch.ts';
import type { JobQueue } from './job-queue.ts';
import type { JobUser } from './job-user.ts';
import type { Launcher } from './launcher.ts';
import type { OomKills } from './oom-kills.ts';
import type { ProcessTable } from './process-table.ts';
import type { SupervisorLog } from './supervisor-log.ts';

/** What a run uses. Owned by the supervisor. */
export interface JobRunPorts {
  readonly jobs: JobStore;
  readonly launcher: Launcher;
  readonly table: ProcessTable;
  readonly containment: Containment;
  readonly families: FamilyWatch;
  readonly queue: JobQueue;
  readonly oomKills: OomKills;
  readonly host: HostIdentity;
  /** PATH, HOME, LANG: what every job's environment begins with. */
  readonly environment: readonly PlainEnvEntry[];
  /** Borrowed. */
  readonly secrets: SecretBox;
  /** Borrowed: of all who read logs. */
  readonly masks: LogMasks;
  /** Whom jobs run as; `null` for the server's own user. */
  readonly user: JobUser | null;
  readonly log: SupervisorLog;
  /** Borrowed: of all who read logs. */
  readonly share: LoopShare;
  /** Borrowed: for the logs of jobs that end. */
  readonly settler: LogSettler;
  /** Borrowed: for the logs that reach their caps. */
  readonly puncher: HolePuncher;
  readonly pass: PassCheckpoint;
  /** Aborts when the server lets go of its jobs; they live on and are adopted at the next start. */
  readonly released: AbortSignal;
}
