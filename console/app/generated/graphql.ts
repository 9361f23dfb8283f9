/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** How sure it is that all processes of a job are found when it ends. */
export type Containment =
  /** They are found by session, group, environment and descent; one that leaves all four can escape. */
  | 'BEST_EFFORT'
  /** The kernel holds the whole tree together (a cgroup, a subreaper, a pid namespace). */
  | 'CONTAINED';

/** What holds the processes of a job together. */
export type ContainmentMeans =
  /** Each job has a cgroup of its own. */
  | 'CGROUP'
  /** Nothing holds them: they are looked for. */
  | 'NONE'
  /** Each job runs under a subreaper, `tini -s`. */
  | 'SUBREAPER';

/** What another service must be. One that has ended well counts as started and as ready, too. */
export type DependencyCondition =
  /** It is ready. */
  | 'READY'
  /** Its program runs. */
  | 'STARTED'
  /** Its job has ended with exit code 0. */
  | 'SUCCEEDED';

/** What somebody wants of a service. Only a start, a stop and a cancel by hand change it. */
export type DesiredState =
  /** Nothing of it shall run. */
  | 'DOWN'
  /** It shall run, or keep its schedule. */
  | 'UP';

/** One variable for the environment of a program. */
export type EnvInput = {
  /** Its name: letters, digits and _, not beginning with a digit. */
  readonly name: string;
  /** Whether it is a secret: never answered, encrypted where it is kept, and masked where the log of the job is read. */
  readonly secret?: boolean | null | undefined;
  /** Its value, delivered byte for byte. A secret has 4 to 32768 bytes; without a value it keeps the one that its service, or the job that is run once more, has. */
  readonly value?: string | null | undefined;
};

/** What an event of `jobsChanged` says. */
export type JobChangeKind =
  /** These jobs match no more, or were deleted. */
  | 'REMOVED'
  /** These are the jobs that match, newest first, 500 at most: forget what was shown before. */
  | 'SNAPSHOT'
  /** These jobs match and are new or have changed. */
  | 'UPSERT';

/** Which jobs. Everything that is given must hold. */
export type JobFilter = {
  /** With this text in its script, or in one word of its command; upper and lower case of ASCII letters are the same. At most 1000 characters. */
  readonly commandContains?: string | null | undefined;
  /** With all of these labels, exactly as written. */
  readonly labels?: ReadonlyArray<string> | null | undefined;
  /** Accepted at this instant or later. */
  readonly queuedAfter?: string | null | undefined;
  /** Accepted before this instant. */
  readonly queuedBefore?: string | null | undefined;
  /** In one of these statuses. */
  readonly statuses?: ReadonlyArray<JobStatus> | null | undefined;
};

/** Why a job is in its status. */
export type JobReason =
  /** Somebody asked for its end. */
  | 'CANCEL_REQUESTED'
  /** Its program ended by itself, with an exit code. */
  | 'EXITED'
  /** The machine was started anew in the meantime. */
  | 'HOST_REBOOTED'
  /** Its process was gone when the server came back, and nothing recorded how it ended. */
  | 'IDENTITY_GONE'
  /** Its program was killed by somebody other than Lifeline. */
  | 'KILLED_FROM_OUTSIDE'
  /** Its program could not be launched. */
  | 'LAUNCH_FAILED'
  /** It wrote more than its log may hold. */
  | 'LOG_LIMIT'
  /** Nothing in particular: it waits or runs. */
  | 'NONE'
  /** The kernel killed it for want of memory. */
  | 'OUT_OF_MEMORY'
  /** The server was stopped and told to end its jobs. */
  | 'SERVER_STOPPED'
  /** Its program was ended by a signal. */
  | 'SIGNALLED'
  /** It ran longer than its timeout. */
  | 'TIMEOUT';

/** A signal that can be sent to a job, as signal(7) names it. */
export type JobSignal =
  /** The signal SIGCONT. */
  | 'SIGCONT'
  /** The signal SIGHUP. */
  | 'SIGHUP'
  /** The signal SIGINT. */
  | 'SIGINT'
  /** The signal SIGKILL. */
  | 'SIGKILL'
  /** The signal SIGQUIT. */
  | 'SIGQUIT'
  /** The signal SIGSTOP. */
  | 'SIGSTOP'
  /** The signal SIGTERM. */
  | 'SIGTERM'
  /** The signal SIGUSR1. */
  | 'SIGUSR1'
  /** The signal SIGUSR2. */
  | 'SIGUSR2'
  /** The signal SIGWINCH. */
  | 'SIGWINCH';

/** Where a job is in its life. The last five are final: nothing follows them. */
export type JobStatus =
  /** It ended because somebody asked for it. */
  | 'CANCELLED'
  /** It was told to end (by a cancel or its timeout) and has not ended yet. */
  | 'CANCELLING'
  /** Its program ended with another exit code or by a signal, or could not be launched. */
  | 'FAILED'
  /** It ended while nobody could see how; its outcome cannot be known. */
  | 'LOST'
  /** Accepted; it waits for a free place. */
  | 'QUEUED'
  /** Its program runs. */
  | 'RUNNING'
  /** Its process is being made. */
  | 'STARTING'
  /** Its program ended with exit code 0. */
  | 'SUCCEEDED'
  /** It ended because its timeout had passed. */
  | 'TIMED_OUT';

/** Why a job was made. */
export type JobTrigger =
  /** Somebody asked for it. */
  | 'REQUEST'
  /** Somebody asked for a former job once more. */
  | 'RERUN'
  /** A run of its service had failed and is tried again. */
  | 'RETRY'
  /** It was due by the schedule of its service. */
  | 'SCHEDULE'
  /** Its service is kept up. */
  | 'SERVICE';

/** Why lines are gone. */
export type LogGapReason =
  /** Their bytes or their record cannot be read any more. */
  | 'DAMAGED'
  /** They were older, or more, than is kept. */
  | 'RETENTION'
  /** The log had reached its cap, and its oldest lines made room. */
  | 'TRIMMED';

/** What becomes of a job whose log reaches its cap. */
export type LogOverflow =
  /** It is ended, for the reason LOG_LIMIT. */
  | 'CANCEL'
  /** It goes on, and its log loses its oldest lines; readers are told of the gap. */
  | 'TRIM';

/** How a pattern is meant. */
export type LogSearchKind =
  /** As a regular expression in RE2 syntax: without lookaround and back references, so that no pattern takes for ever. */
  | 'REGEX'
  /** As it stands. */
  | 'TEXT';

/** The two streams of a program. Order is exact within a stream; across the two it is the order of arrival. */
export type LogStream =
  /** Standard error. */
  | 'STDERR'
  /** Standard output. */
  | 'STDOUT';

/** What happens to the processes that a program leaves behind when it ends. */
export type OnEnd =
  /** They are ended: the polite signal, the grace period, then SIGKILL. */
  | 'KILL_TREE'
  /** The job is over when the last of them is. */
  | 'WAIT';

/** What a probe does. */
export type ProbeKind =
  /** Waits. */
  | 'DELAY'
  /** Runs a program. */
  | 'EXEC'
  /** Asks a web server. */
  | 'HTTP'
  /** Looks for a line of the log. */
  | 'LOG'
  /** Connects to a port. */
  | 'TCP';

/** What a start of the server made of one job that it found. */
export type ReconcileVerdict =
  /** Still ran, and was taken over. */
  | 'ADOPTED'
  /** Was being launched, and its program never ran. */
  | 'FAILED'
  /** Had ended meanwhile, and how was on record. */
  | 'FINISHED'
  /** A directory that is unknown to the database and cannot be read; it was left as it is. */
  | 'IGNORED'
  /** Was unknown to the database, and was restored from its directory: it waits, or had ended before. One that was active has the verdict on what became of it instead, and `imported` true. */
  | 'IMPORTED'
  /** Had ended without a trace of how, or what is there cannot be known to be it. */
  | 'LOST'
  /** Still waited, and kept its place. */
  | 'REQUEUED';

/** What is to be different from the job that is repeated. What is absent stays as it was. */
export type RerunJobInput = {
  /** Another program with its arguments; it replaces a script, too. */
  readonly command?: ReadonlyArray<string> | null | undefined;
  /** Another concurrency key. */
  readonly concurrencyKey?: string | null | undefined;
  /** Another limit of jobs that run with its concurrency key. */
  readonly concurrencyLimit?: number | null | undefined;
  /** Another working directory, as an absolute path. */
  readonly cwd?: string | null | undefined;
  /** Other variables, instead of all former ones. */
  readonly env?: ReadonlyArray<EnvInput> | null | undefined;
  /** Another grace period in milliseconds. */
  readonly gracePeriodMs?: number | null | undefined;
  /** Other labels, instead of all former ones. */
  readonly labels?: ReadonlyArray<string> | null | undefined;
  /** What else becomes of it at the cap. */
  readonly logOverflow?: LogOverflow | null | undefined;
  /** Another cap of its log, in bytes. */
  readonly maxLogBytes?: number | null | undefined;
  /** What happens to processes that the program leaves behind. */
  readonly onEnd?: OnEnd | null | undefined;
  /** Another priority, from -100 to 100. */
  readonly priority?: number | null | undefined;
  /** A word of your own for this request; a repeat of it returns the same job. */
  readonly requestId?: string | null | undefined;
  /** Another script; it replaces a command, too. */
  readonly script?: string | null | undefined;
  /** Another text for standard input. */
  readonly stdin?: string | null | undefined;
  /** Another program with its arguments that is run instead of the polite signal. */
  readonly stopCommand?: ReadonlyArray<string> | null | undefined;
  /** Another polite signal. */
  readonly stopSignal?: JobSignal | null | undefined;
  /** Another timeout in milliseconds. */
  readonly timeoutMs?: number | null | undefined;
  /** Whether the program is asked not to hold its output back. */
  readonly unbuffered?: boolean | null | undefined;
};

/** What a token lets its holder do. Each holds those before it. */
export type Scope =
  /** All of EXEC, and make and revoke tokens. */
  | 'ADMIN'
  /** All of RUN, and start any command: whoever holds it has the account of the server. */
  | 'EXEC'
  /** See jobs and logs. */
  | 'READ'
  /** All of READ, and start what is defined, unchanged; cancel and signal. */
  | 'RUN';

/** What an event of `servicesChanged` says. */
export type ServiceChangeKind =
  /** These services match no more, or were deleted. */
  | 'REMOVED'
  /** These are the services that match: forget what was shown before. */
  | 'SNAPSHOT'
  /** These services match and are new or have changed. */
  | 'UPSERT';

/** What is seen of a service. */
export type ServiceState =
  /** Its job has ended, and it waits for the next try. */
  | 'BACKOFF'
  /** Its job has ended badly, and it is not started again. */
  | 'FAILED'
  /** It has ended too often in a row. Only a start by hand leaves it. */
  | 'GAVE_UP'
  /** Its program runs and is ready; without a readiness probe as soon as it runs. */
  | 'READY'
  /** Its program runs, and is not ready. */
  | 'RUNNING'
  /** Its schedule is being kept; its runs are jobs of their own. */
  | 'SCHEDULED'
  /** Its job waits, or its program is being started. */
  | 'STARTING'
  /** Nothing of it runs, and nothing shall. */
  | 'STOPPED'
  /** Its job is being ended. */
  | 'STOPPING'
  /** Its job has ended well, and it is not started again. */
  | 'SUCCEEDED'
  /** It shall run, and what it comes after is not so yet. */
  | 'WAITING';

/** What to run, and how. */
export type StartJobInput = {
  /** The program and its arguments, passed on as they are, without a shell. Exactly one of command, script and service. */
  readonly command?: ReadonlyArray<string> | null | undefined;
  /** A word of your own, such as `deploy`: of jobs with the same one no more than concurrencyLimit run at once. The others wait, and hold up nobody else. */
  readonly concurrencyKey?: string | null | undefined;
  /** How many jobs with its concurrencyKey may run, itself included. Each job keeps to its own. Default: 1. */
  readonly concurrencyLimit?: number | null | undefined;
  /** Absolute path of the working directory. Default: the home directory of the user that jobs run as. */
  readonly cwd?: string | null | undefined;
  /** Variables beside PATH, HOME and LANG. Nothing else of the server’s environment is passed on. */
  readonly env?: ReadonlyArray<EnvInput> | null | undefined;
  /** Milliseconds between the polite signal and SIGKILL. Default: 10000. */
  readonly gracePeriodMs?: number | null | undefined;
  /** Words to find the job by. */
  readonly labels?: ReadonlyArray<string> | null | undefined;
  /** What becomes of it when its log reaches the cap. Default: TRIM. */
  readonly logOverflow?: LogOverflow | null | undefined;
  /** The cap of its log in bytes, streams and index together; at least 1048576. Default: that of the server (--max-log-bytes, 1 GiB). */
  readonly maxLogBytes?: number | null | undefined;
  /** What happens to processes that the program leaves behind. Default: KILL_TREE. */
  readonly onEnd?: OnEnd | null | undefined;
  /** From -100 to 100: of waiting jobs the one with the highest goes first, of equals the oldest. Default: 0. */
  readonly priority?: number | null | undefined;
  /** A word of your own for this request. A repeat, also after a restart of the server, returns the first job instead of starting another. */
  readonly requestId?: string | null | undefined;
  /** Text that is run by `sh -c`. Exactly one of command, script and service. */
  readonly script?: string | null | undefined;
  /** The name of a service, to run it once, on demand, as it is defined. What else is given is taken instead of what is defined, which needs the scope exec. */
  readonly service?: string | null | undefined;
  /** Text for standard input. Without it the program reads an immediate end of file. */
  readonly stdin?: string | null | undefined;
  /** A program with its arguments that is run instead of the polite signal, as the job’s own, with LIFELINE_JOB_ID and LIFELINE_PID. It has the grace period; where it fails, the signal is sent at once. */
  readonly stopCommand?: ReadonlyArray<string> | null | undefined;
  /** The polite signal of its end. Not SIGKILL, SIGSTOP, SIGCONT or SIGWINCH. Default: SIGTERM. */
  readonly stopSignal?: JobSignal | null | undefined;
  /** Milliseconds after which the job is ended as TIMED_OUT. Default: none. */
  readonly timeoutMs?: number | null | undefined;
  /** Ask the program not to hold its output back (stdbuf, PYTHONUNBUFFERED); many hold it where they see no terminal. Default: false. */
  readonly unbuffered?: boolean | null | undefined;
};

export type StartNewJobMutationVariables = Exact<{
  input: StartJobInput;
}>;


export type StartNewJobMutation = { readonly startJob: { readonly id: string } };

export type EndJobMutationVariables = Exact<{
  jobId: string;
  gracePeriodMs?: number | null | undefined;
}>;


export type EndJobMutation = { readonly cancelJob: { readonly id: string } };

export type RunAgainMutationVariables = Exact<{
  jobId: string;
  changes?: RerunJobInput | null | undefined;
}>;


export type RunAgainMutation = { readonly rerunJob: { readonly id: string } };

export type RaiseServiceMutationVariables = Exact<{
  name: string;
}>;


export type RaiseServiceMutation = { readonly startService: { readonly name: string } };

export type LowerServiceMutationVariables = Exact<{
  name: string;
}>;


export type LowerServiceMutation = { readonly stopService: { readonly name: string } };

export type RenewServiceMutationVariables = Exact<{
  name: string;
}>;


export type RenewServiceMutation = { readonly restartService: { readonly name: string } };

export type JobRowFragment = { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly serviceName: string | null, readonly exitCode: number | null, readonly signal: string | null, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number, readonly trigger: JobTrigger };

export type JobDetailsFragment = { readonly pid: number | null, readonly signalInferred: boolean, readonly timeoutMs: number | null, readonly gracePeriodMs: number, readonly pinned: boolean, readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly serviceName: string | null, readonly exitCode: number | null, readonly signal: string | null, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number, readonly trigger: JobTrigger, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null }>, readonly rerunOf: { readonly id: string } | null, readonly queue: { readonly message: string } | null, readonly cancellation: { readonly reason: JobReason, readonly requestedAt: string, readonly requestedBy: string | null, readonly gracePeriodMs: number, readonly killedAt: string | null, readonly finishedAt: string | null, readonly containment: Containment, readonly processes: ReadonlyArray<{ readonly pid: number, readonly command: string, readonly signals: ReadonlyArray<string>, readonly goneAt: string | null }> } | null, readonly transitions: ReadonlyArray<{ readonly number: number, readonly from: JobStatus | null, readonly to: JobStatus, readonly at: string, readonly reason: JobReason, readonly cause: string | null }>, readonly log: { readonly lastSeq: number, readonly keptFromSeq: number, readonly stdoutLines: number, readonly stderrLines: number, readonly stdoutBytes: number, readonly stderrBytes: number, readonly heldBack: boolean, readonly problem: string | null } };

export type WatchJobSubscriptionVariables = Exact<{
  jobId: string;
}>;


export type WatchJobSubscription = { readonly jobChanged: { readonly pid: number | null, readonly signalInferred: boolean, readonly timeoutMs: number | null, readonly gracePeriodMs: number, readonly pinned: boolean, readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly serviceName: string | null, readonly exitCode: number | null, readonly signal: string | null, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number, readonly trigger: JobTrigger, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null }>, readonly rerunOf: { readonly id: string } | null, readonly queue: { readonly message: string } | null, readonly cancellation: { readonly reason: JobReason, readonly requestedAt: string, readonly requestedBy: string | null, readonly gracePeriodMs: number, readonly killedAt: string | null, readonly finishedAt: string | null, readonly containment: Containment, readonly processes: ReadonlyArray<{ readonly pid: number, readonly command: string, readonly signals: ReadonlyArray<string>, readonly goneAt: string | null }> } | null, readonly transitions: ReadonlyArray<{ readonly number: number, readonly from: JobStatus | null, readonly to: JobStatus, readonly at: string, readonly reason: JobReason, readonly cause: string | null }>, readonly log: { readonly lastSeq: number, readonly keptFromSeq: number, readonly stdoutLines: number, readonly stderrLines: number, readonly stdoutBytes: number, readonly stderrBytes: number, readonly heldBack: boolean, readonly problem: string | null } } };

export type WatchJobsSubscriptionVariables = Exact<{
  where?: JobFilter | null | undefined;
}>;


export type WatchJobsSubscription = { readonly jobsChanged: { readonly kind: JobChangeKind, readonly ids: ReadonlyArray<string>, readonly jobs: ReadonlyArray<{ readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly serviceName: string | null, readonly exitCode: number | null, readonly signal: string | null, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number, readonly trigger: JobTrigger }> } };

export type OlderJobsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  where?: JobFilter | null | undefined;
}>;


export type OlderJobsQuery = { readonly jobs: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly serviceName: string | null, readonly exitCode: number | null, readonly signal: string | null, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number, readonly trigger: JobTrigger } }>, readonly pageInfo: { readonly endCursor: string | null, readonly hasNextPage: boolean } } };

export type LogSearchQueryVariables = Exact<{
  jobId: string;
  pattern: string;
  kind: LogSearchKind;
  streams?: ReadonlyArray<LogStream> | LogStream | null | undefined;
  after?: number | null | undefined;
  before?: number | null | undefined;
  first?: number | null | undefined;
  last?: number | null | undefined;
}>;


export type LogSearchQuery = { readonly job: { readonly log: { readonly search: { readonly hitCount: number, readonly scannedFromSeq: number, readonly scannedToSeq: number, readonly isComplete: boolean, readonly hits: ReadonlyArray<{ readonly seq: number, readonly ranges: ReadonlyArray<{ readonly start: number, readonly end: number }> }> } } } | null };

export type LogPageFieldsFragment = { readonly nodes: ReadonlyArray<{ readonly seq: number, readonly stream: LogStream, readonly text: string, readonly at: string, readonly atApproximate: boolean, readonly continued: boolean }>, readonly gaps: ReadonlyArray<{ readonly fromSeq: number, readonly toSeq: number, readonly reason: LogGapReason }>, readonly pageInfo: { readonly startSeq: number | null, readonly endSeq: number | null, readonly hasNextPage: boolean, readonly hasPreviousPage: boolean } };

export type LogPageQueryVariables = Exact<{
  jobId: string;
  after?: number | null | undefined;
  before?: number | null | undefined;
  first?: number | null | undefined;
  last?: number | null | undefined;
  streams?: ReadonlyArray<LogStream> | LogStream | null | undefined;
}>;


export type LogPageQuery = { readonly job: { readonly log: { readonly lastSeq: number, readonly keptFromSeq: number, readonly lines: { readonly nodes: ReadonlyArray<{ readonly seq: number, readonly stream: LogStream, readonly text: string, readonly at: string, readonly atApproximate: boolean, readonly continued: boolean }>, readonly gaps: ReadonlyArray<{ readonly fromSeq: number, readonly toSeq: number, readonly reason: LogGapReason }>, readonly pageInfo: { readonly startSeq: number | null, readonly endSeq: number | null, readonly hasNextPage: boolean, readonly hasPreviousPage: boolean } } } } | null };

export type LogAroundQueryVariables = Exact<{
  jobId: string;
  before?: number | null | undefined;
  after?: number | null | undefined;
  count?: number | null | undefined;
  streams?: ReadonlyArray<LogStream> | LogStream | null | undefined;
}>;


export type LogAroundQuery = { readonly job: { readonly log: { readonly lastSeq: number, readonly keptFromSeq: number, readonly earlier: { readonly nodes: ReadonlyArray<{ readonly seq: number, readonly stream: LogStream, readonly text: string, readonly at: string, readonly atApproximate: boolean, readonly continued: boolean }>, readonly gaps: ReadonlyArray<{ readonly fromSeq: number, readonly toSeq: number, readonly reason: LogGapReason }>, readonly pageInfo: { readonly startSeq: number | null, readonly endSeq: number | null, readonly hasNextPage: boolean, readonly hasPreviousPage: boolean } }, readonly later: { readonly nodes: ReadonlyArray<{ readonly seq: number, readonly stream: LogStream, readonly text: string, readonly at: string, readonly atApproximate: boolean, readonly continued: boolean }>, readonly gaps: ReadonlyArray<{ readonly fromSeq: number, readonly toSeq: number, readonly reason: LogGapReason }>, readonly pageInfo: { readonly startSeq: number | null, readonly endSeq: number | null, readonly hasNextPage: boolean, readonly hasPreviousPage: boolean } } } } | null };

export type ServerNowQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerNowQuery = { readonly server: { readonly version: string, readonly startedAt: string, readonly uptimeMs: number, readonly activeJobs: number, readonly queuedJobs: number, readonly openChannels: number, readonly openStreams: number, readonly subscribers: number, readonly containment: Containment, readonly containmentMeans: ContainmentMeans, readonly disk: { readonly freeBytes: number, readonly totalBytes: number, readonly minFreeBytes: number, readonly isLow: boolean }, readonly eventLoopDelay: { readonly p50Ms: number, readonly p99Ms: number, readonly maxMs: number, readonly windowMs: number }, readonly limits: { readonly maxRunning: number, readonly maxStreams: number }, readonly lastReconciliation: { readonly at: string, readonly adopted: number, readonly finished: number, readonly lost: number, readonly failed: number, readonly requeued: number, readonly imported: number, readonly ignored: number, readonly jobs: ReadonlyArray<{ readonly jobId: string, readonly verdict: ReconcileVerdict, readonly evidence: string }> } | null, readonly retention: { readonly removedJobs: number, readonly removedBytes: number, readonly kept: { readonly jobs: number, readonly bytes: number } } } };

export type TokensNowQueryVariables = Exact<{ [key: string]: never; }>;


export type TokensNowQuery = { readonly tokens: ReadonlyArray<{ readonly name: string, readonly scope: Scope, readonly createdAt: string, readonly createdBy: string, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly revokedAt: string | null }> };

export type AuditNowQueryVariables = Exact<{ [key: string]: never; }>;


export type AuditNowQuery = { readonly auditLog: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly at: string, readonly who: string, readonly action: string, readonly subject: string | null, readonly result: string, readonly address: string, readonly count: number } }> } };

export type ServiceEntryFragment = { readonly name: string, readonly state: ServiceState, readonly desired: DesiredState, readonly why: string | null, readonly since: string, readonly failures: number, readonly retryAt: string | null, readonly silentSince: string | null, readonly version: number, readonly definition: { readonly description: string | null, readonly command: ReadonlyArray<string> | null, readonly script: string | null, readonly labels: ReadonlyArray<string>, readonly after: ReadonlyArray<{ readonly service: string, readonly condition: DependencyCondition }>, readonly readiness: { readonly kind: ProbeKind } | null, readonly schedule: { readonly cron: string | null, readonly everyMs: number | null, readonly at: string | null, readonly timeZone: string | null, readonly nextRuns: ReadonlyArray<string> } | null }, readonly currentJob: { readonly id: string, readonly status: JobStatus } | null, readonly jobs: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly status: JobStatus, readonly message: string | null, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null } }> } };

export type WatchServicesSubscriptionVariables = Exact<{ [key: string]: never; }>;


export type WatchServicesSubscription = { readonly servicesChanged: { readonly kind: ServiceChangeKind, readonly names: ReadonlyArray<string>, readonly services: ReadonlyArray<{ readonly name: string, readonly state: ServiceState, readonly desired: DesiredState, readonly why: string | null, readonly since: string, readonly failures: number, readonly retryAt: string | null, readonly silentSince: string | null, readonly version: number, readonly definition: { readonly description: string | null, readonly command: ReadonlyArray<string> | null, readonly script: string | null, readonly labels: ReadonlyArray<string>, readonly after: ReadonlyArray<{ readonly service: string, readonly condition: DependencyCondition }>, readonly readiness: { readonly kind: ProbeKind } | null, readonly schedule: { readonly cron: string | null, readonly everyMs: number | null, readonly at: string | null, readonly timeZone: string | null, readonly nextRuns: ReadonlyArray<string> } | null }, readonly currentJob: { readonly id: string, readonly status: JobStatus } | null, readonly jobs: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly status: JobStatus, readonly message: string | null, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null } }> } }> } };

export type WhoAmIQueryVariables = Exact<{ [key: string]: never; }>;


export type WhoAmIQuery = { readonly viewer: { readonly name: string, readonly scope: Scope } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const JobRowFragmentDoc = new TypedDocumentString(`
    fragment JobRow on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  serviceName
  exitCode
  signal
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
  trigger
}
    `, {"fragmentName":"JobRow"}) as unknown as TypedDocumentString<JobRowFragment, unknown>;
export const JobDetailsFragmentDoc = new TypedDocumentString(`
    fragment JobDetails on Job {
  ...JobRow
  env {
    name
    value
  }
  rerunOf {
    id
  }
  pid
  signalInferred
  timeoutMs
  gracePeriodMs
  pinned
  queue {
    message
  }
  cancellation {
    reason
    requestedAt
    requestedBy
    gracePeriodMs
    killedAt
    finishedAt
    containment
    processes {
      pid
      command
      signals
      goneAt
    }
  }
  transitions {
    number
    from
    to
    at
    reason
    cause
  }
  log {
    lastSeq
    keptFromSeq
    stdoutLines
    stderrLines
    stdoutBytes
    stderrBytes
    heldBack
    problem
  }
}
    fragment JobRow on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  serviceName
  exitCode
  signal
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
  trigger
}`, {"fragmentName":"JobDetails"}) as unknown as TypedDocumentString<JobDetailsFragment, unknown>;
export const LogPageFieldsFragmentDoc = new TypedDocumentString(`
    fragment LogPageFields on LogPage {
  nodes {
    seq
    stream
    text
    at
    atApproximate
    continued
  }
  gaps {
    fromSeq
    toSeq
    reason
  }
  pageInfo {
    startSeq
    endSeq
    hasNextPage
    hasPreviousPage
  }
}
    `, {"fragmentName":"LogPageFields"}) as unknown as TypedDocumentString<LogPageFieldsFragment, unknown>;
export const ServiceEntryFragmentDoc = new TypedDocumentString(`
    fragment ServiceEntry on Service {
  name
  state
  desired
  why
  since
  failures
  retryAt
  silentSince
  version
  definition {
    description
    command
    script
    labels
    after {
      service
      condition
    }
    readiness {
      kind
    }
    schedule {
      cron
      everyMs
      at
      timeZone
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
  }
  jobs(first: 20) {
    edges {
      node {
        id
        status
        message
        queuedAt
        startedAt
        finishedAt
        durationMs
      }
    }
  }
}
    `, {"fragmentName":"ServiceEntry"}) as unknown as TypedDocumentString<ServiceEntryFragment, unknown>;
export const StartNewJobDocument = new TypedDocumentString(`
    mutation StartNewJob($input: StartJobInput!) {
  startJob(input: $input) {
    id
  }
}
    `) as unknown as TypedDocumentString<StartNewJobMutation, StartNewJobMutationVariables>;
export const EndJobDocument = new TypedDocumentString(`
    mutation EndJob($jobId: ID!, $gracePeriodMs: Int) {
  cancelJob(jobId: $jobId, gracePeriodMs: $gracePeriodMs) {
    id
  }
}
    `) as unknown as TypedDocumentString<EndJobMutation, EndJobMutationVariables>;
export const RunAgainDocument = new TypedDocumentString(`
    mutation RunAgain($jobId: ID!, $changes: RerunJobInput) {
  rerunJob(jobId: $jobId, changes: $changes) {
    id
  }
}
    `) as unknown as TypedDocumentString<RunAgainMutation, RunAgainMutationVariables>;
export const RaiseServiceDocument = new TypedDocumentString(`
    mutation RaiseService($name: String!) {
  startService(name: $name, waitMs: 0) {
    name
  }
}
    `) as unknown as TypedDocumentString<RaiseServiceMutation, RaiseServiceMutationVariables>;
export const LowerServiceDocument = new TypedDocumentString(`
    mutation LowerService($name: String!) {
  stopService(name: $name, waitMs: 0) {
    name
  }
}
    `) as unknown as TypedDocumentString<LowerServiceMutation, LowerServiceMutationVariables>;
export const RenewServiceDocument = new TypedDocumentString(`
    mutation RenewService($name: String!) {
  restartService(name: $name, waitMs: 0) {
    name
  }
}
    `) as unknown as TypedDocumentString<RenewServiceMutation, RenewServiceMutationVariables>;
export const WatchJobDocument = new TypedDocumentString(`
    subscription WatchJob($jobId: ID!) {
  jobChanged(jobId: $jobId) {
    ...JobDetails
  }
}
    fragment JobRow on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  serviceName
  exitCode
  signal
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
  trigger
}
fragment JobDetails on Job {
  ...JobRow
  env {
    name
    value
  }
  rerunOf {
    id
  }
  pid
  signalInferred
  timeoutMs
  gracePeriodMs
  pinned
  queue {
    message
  }
  cancellation {
    reason
    requestedAt
    requestedBy
    gracePeriodMs
    killedAt
    finishedAt
    containment
    processes {
      pid
      command
      signals
      goneAt
    }
  }
  transitions {
    number
    from
    to
    at
    reason
    cause
  }
  log {
    lastSeq
    keptFromSeq
    stdoutLines
    stderrLines
    stdoutBytes
    stderrBytes
    heldBack
    problem
  }
}`) as unknown as TypedDocumentString<WatchJobSubscription, WatchJobSubscriptionVariables>;
export const WatchJobsDocument = new TypedDocumentString(`
    subscription WatchJobs($where: JobFilter) {
  jobsChanged(where: $where) {
    kind
    ids
    jobs {
      ...JobRow
    }
  }
}
    fragment JobRow on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  serviceName
  exitCode
  signal
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
  trigger
}`) as unknown as TypedDocumentString<WatchJobsSubscription, WatchJobsSubscriptionVariables>;
export const OlderJobsDocument = new TypedDocumentString(`
    query OlderJobs($first: Int, $after: String, $where: JobFilter) {
  jobs(first: $first, after: $after, where: $where) {
    edges {
      node {
        ...JobRow
      }
    }
    pageInfo {
      endCursor
      hasNextPage
    }
  }
}
    fragment JobRow on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  serviceName
  exitCode
  signal
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
  trigger
}`) as unknown as TypedDocumentString<OlderJobsQuery, OlderJobsQueryVariables>;
export const LogSearchDocument = new TypedDocumentString(`
    query LogSearch($jobId: ID!, $pattern: String!, $kind: LogSearchKind!, $streams: [LogStream!], $after: SafeInt, $before: SafeInt, $first: Int, $last: Int) {
  job(id: $jobId) {
    log {
      search(
        pattern: $pattern
        kind: $kind
        streams: $streams
        after: $after
        before: $before
        first: $first
        last: $last
      ) {
        hits {
          seq
          ranges {
            start
            end
          }
        }
        hitCount
        scannedFromSeq
        scannedToSeq
        isComplete
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LogSearchQuery, LogSearchQueryVariables>;
export const LogPageDocument = new TypedDocumentString(`
    query LogPage($jobId: ID!, $after: SafeInt, $before: SafeInt, $first: Int, $last: Int, $streams: [LogStream!]) {
  job(id: $jobId) {
    log {
      lastSeq
      keptFromSeq
      lines(
        after: $after
        before: $before
        first: $first
        last: $last
        streams: $streams
      ) {
        ...LogPageFields
      }
    }
  }
}
    fragment LogPageFields on LogPage {
  nodes {
    seq
    stream
    text
    at
    atApproximate
    continued
  }
  gaps {
    fromSeq
    toSeq
    reason
  }
  pageInfo {
    startSeq
    endSeq
    hasNextPage
    hasPreviousPage
  }
}`) as unknown as TypedDocumentString<LogPageQuery, LogPageQueryVariables>;
export const LogAroundDocument = new TypedDocumentString(`
    query LogAround($jobId: ID!, $before: SafeInt, $after: SafeInt, $count: Int, $streams: [LogStream!]) {
  job(id: $jobId) {
    log {
      lastSeq
      keptFromSeq
      earlier: lines(before: $before, last: $count, streams: $streams) {
        ...LogPageFields
      }
      later: lines(after: $after, first: $count, streams: $streams) {
        ...LogPageFields
      }
    }
  }
}
    fragment LogPageFields on LogPage {
  nodes {
    seq
    stream
    text
    at
    atApproximate
    continued
  }
  gaps {
    fromSeq
    toSeq
    reason
  }
  pageInfo {
    startSeq
    endSeq
    hasNextPage
    hasPreviousPage
  }
}`) as unknown as TypedDocumentString<LogAroundQuery, LogAroundQueryVariables>;
export const ServerNowDocument = new TypedDocumentString(`
    query ServerNow {
  server {
    version
    startedAt
    uptimeMs
    activeJobs
    queuedJobs
    openChannels
    openStreams
    subscribers
    containment
    containmentMeans
    disk {
      freeBytes
      totalBytes
      minFreeBytes
      isLow
    }
    eventLoopDelay {
      p50Ms
      p99Ms
      maxMs
      windowMs
    }
    limits {
      maxRunning
      maxStreams
    }
    lastReconciliation {
      at
      adopted
      finished
      lost
      failed
      requeued
      imported
      ignored
      jobs(first: 50) {
        jobId
        verdict
        evidence
      }
    }
    retention {
      kept {
        jobs
        bytes
      }
      removedJobs
      removedBytes
    }
  }
}
    `) as unknown as TypedDocumentString<ServerNowQuery, ServerNowQueryVariables>;
export const TokensNowDocument = new TypedDocumentString(`
    query TokensNow {
  tokens {
    name
    scope
    createdAt
    createdBy
    expiresAt
    lastUsedAt
    revokedAt
  }
}
    `) as unknown as TypedDocumentString<TokensNowQuery, TokensNowQueryVariables>;
export const AuditNowDocument = new TypedDocumentString(`
    query AuditNow {
  auditLog(first: 50) {
    edges {
      node {
        id
        at
        who
        action
        subject
        result
        address
        count
      }
    }
  }
}
    `) as unknown as TypedDocumentString<AuditNowQuery, AuditNowQueryVariables>;
export const WatchServicesDocument = new TypedDocumentString(`
    subscription WatchServices {
  servicesChanged {
    kind
    names
    services {
      ...ServiceEntry
    }
  }
}
    fragment ServiceEntry on Service {
  name
  state
  desired
  why
  since
  failures
  retryAt
  silentSince
  version
  definition {
    description
    command
    script
    labels
    after {
      service
      condition
    }
    readiness {
      kind
    }
    schedule {
      cron
      everyMs
      at
      timeZone
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
  }
  jobs(first: 20) {
    edges {
      node {
        id
        status
        message
        queuedAt
        startedAt
        finishedAt
        durationMs
      }
    }
  }
}`) as unknown as TypedDocumentString<WatchServicesSubscription, WatchServicesSubscriptionVariables>;
export const WhoAmIDocument = new TypedDocumentString(`
    query WhoAmI {
  viewer {
    name
    scope
  }
}
    `) as unknown as TypedDocumentString<WhoAmIQuery, WhoAmIQueryVariables>;