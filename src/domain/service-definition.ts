import type { RetentionRules } from './retention.ts';
import type { EnvEntry, GivenEnvEntry } from './env-entry.ts';
import type { JobSignal } from './job-signal.ts';
import type { OnEnd } from './job-status.ts';
import type { LogOverflow } from './log-limit.ts';
import type { LogStream } from './log-line.ts';

export const RESTART_POLICIES = ['NEVER', 'ON_FAILURE', 'ALWAYS'] as const;
/** After which ends a service is started again. */
export type RestartPolicy = (typeof RESTART_POLICIES)[number];

/** When it is started again, and how often. */
export interface RestartRules {
  readonly policy: RestartPolicy;
  /** Milliseconds before the first retry; each one after it waits twice as long. Default: 1,000. */
  readonly firstDelayMs: number;
  /** The longest of these. Default: 60,000. */
  readonly maxDelayMs: number;
  /** After so many ends in a row it is given up. Default: 10. */
  readonly maxFailures: number;
  /** After so long in health they are counted anew. Default: 5 minutes. */
  readonly healthyAfterMs: number;
}

export const DEFAULT_RESTART_RULES: RestartRules = {
  policy: 'ON_FAILURE',
  firstDelayMs: 1_000,
  maxDelayMs: 60_000,
  maxFailures: 10,
  healthyAfterMs: 5 * 60_000,
};

/** What a probe does. */
export type ProbeAction =
  /** Runs a program in the working directory and environment of the service; 0 is yes. */
  | { readonly kind: 'EXEC'; readonly command: readonly string[] }
  /** GET; yes is a status from 200 to 399, or exactly `status`. Redirections are not followed. */
  | { readonly kind: 'HTTP'; readonly url: string; readonly status: number | null }
  /** Connects; an accepted connection is yes. */
  | { readonly kind: 'TCP'; readonly host: string; readonly port: number }
  /** A line of the job matches the pattern (RE2 syntax); once is for ever. For readiness alone. */
  | { readonly kind: 'LOG'; readonly pattern: string; readonly stream: LogStream | null }
  /** Yes, so many milliseconds after the start. For readiness alone. */
  | { readonly kind: 'DELAY'; readonly delayMs: number };

/** How it is found out whether a service is ready, or alive. */
export interface Probe {
  readonly action: ProbeAction;
  /** Milliseconds from the start of the program to the first try. Default: 0. */
  readonly initialDelayMs: number;
  /** Milliseconds from the end of one try to the next. Default: 10,000 (1,000 until a readiness probe has said yes once). */
  readonly periodMs: number;
  /** Milliseconds after which a try has failed. Default: 1,000. */
  readonly timeoutMs: number;
  /** So many failures in a row are a no. Default: 3. */
  readonly failureThreshold: number;
  /** So many successes in a row are a yes. Default: 1. */
  readonly successThreshold: number;
}

/** What is not said of a probe. */
export const DEFAULT_PROBE_TIMES: Omit<Probe, 'action'> = {
  initialDelayMs: 0,
  periodMs: 10_000,
  timeoutMs: 1_000,
  failureThreshold: 3,
  successThreshold: 1,
};

export const DEPENDENCY_CONDITIONS = ['STARTED', 'READY', 'SUCCEEDED'] as const;
export type DependencyCondition = (typeof DEPENDENCY_CONDITIONS)[number];

/** What another service must be before this one starts. */
export interface ServiceDependency {
  readonly service: string;
  readonly condition: DependencyCondition;
}

/** When a scheduled service runs. */
export type ScheduleTime =
  /** Five or six fields (with seconds first), as croner reads them, in an IANA time zone. */
  | { readonly kind: 'CRON'; readonly expression: string; readonly timeZone: string }
  /** Every so many milliseconds, counted from `fromMs`, milliseconds since the Unix epoch. */
  | { readonly kind: 'INTERVAL'; readonly everyMs: number; readonly fromMs: number }
  /** Once, at this moment in milliseconds since the Unix epoch. */
  | { readonly kind: 'ONCE'; readonly atMs: number };

export const OVERLAP_RULES = ['SKIP', 'QUEUE', 'REPLACE'] as const;
/** What becomes of a run that is due while the one before it has not ended. */
export type OverlapRule = (typeof OVERLAP_RULES)[number];

export const CATCH_UP_RULES = ['NONE', 'LAST', 'ALL'] as const;
/** What becomes of the runs that were due while there was no server. */
export type CatchUpRule = (typeof CATCH_UP_RULES)[number];

export interface Schedule {
  readonly time: ScheduleTime;
  /** Default: SKIP. */
  readonly overlap: OverlapRule;
  /** Default: NONE. */
  readonly catchUp: CatchUpRule;
}

/**
 * One version of what a service is: what to run, when, and what to do when it ends. Immutable; each save that changes
 * something makes a new version.
 *
 * With a schedule its runs begin at the times of that; without one it is kept up as long as it is desired.
 */
export interface ServiceDefinition {
  readonly description: string | null;
  /** Exactly one of command and script. As of a job, but the program is looked for at each start. */
  readonly command: readonly string[] | null;
  readonly script: string | null;
  /** Absolute path; `null` for the home directory of the user that jobs run as. */
  readonly cwd: string | null;
  readonly env: readonly EnvEntry[];
  readonly stdin: string | null;
  readonly unbuffered: boolean;
  /** Its jobs get them, too. Services are grouped by them. */
  readonly labels: readonly string[];
  /** Milliseconds from start to a forced end; `null` for none. */
  readonly timeoutMs: number | null;
  /** Milliseconds between the polite end and SIGKILL. */
  readonly gracePeriodMs: number;
  readonly onEnd: OnEnd;
  /** The polite signal. Default: SIGTERM. */
  readonly stopSignal: JobSignal;
  /** A program that is run instead of the polite signal; `null` for none. */
  readonly stopCommand: readonly string[] | null;
  readonly restart: RestartRules;
  readonly readiness: Probe | null;
  readonly liveness: Probe | null;
  /** After so many milliseconds without output it is said to be silent; `null` for never. */
  readonly silenceAlarmMs: number | null;
  readonly after: readonly ServiceDependency[];
  readonly schedule: Schedule | null;
  /** Jobs with the same key share `concurrencyLimit`; `null` for the key of this service alone. */
  readonly concurrencyKey: string | null;
  /** How many jobs of its key may run at once. Default: 1. */
  readonly concurrencyLimit: number;
  /** Of waiting jobs the one with the highest priority goes first. Default: 0. */
  readonly priority: number;
  /** The cap of each job's log; `null` for the default of the server. */
  readonly maxLogBytes: number | null;
  /** What becomes of a job at the cap. Default: TRIM. */
  readonly logOverflow: LogOverflow;
  /** How long its finished jobs are kept. */
  readonly retention: RetentionRules;
}

/** A definition as somebody gives it: its secrets are not sealed yet. */
export type GivenServiceDefinition = Omit<ServiceDefinition, 'env'> & {
  readonly env: readonly GivenEnvEntry[];
};
