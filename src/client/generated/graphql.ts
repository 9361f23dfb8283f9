/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** Which entries. Everything that is given must hold. */
export type AuditFilter = {
  /** One of these actions. */
  readonly actions?: ReadonlyArray<string> | null | undefined;
  /** From this address. */
  readonly address?: string | null | undefined;
  /** One of these results. */
  readonly results?: ReadonlyArray<string> | null | undefined;
  /** At this instant or later. */
  readonly since?: string | null | undefined;
  /** With the token of this name, itself or by a session. */
  readonly token?: string | null | undefined;
  /** Before this instant. */
  readonly until?: string | null | undefined;
};

/** What becomes of runs that were due while there was no server, or its machine slept. */
export type CatchUpRule =
  /** Each is made up for, one after the other: the last hundred of them; older ones are missed. */
  | 'ALL'
  /** One run is made up for; the others are missed. */
  | 'LAST'
  /** They are missed. */
  | 'NONE';

/** How sure it is that all processes of a job are found when it ends. */
export type Containment =
  /** They are found by session, group, environment and descent; one that leaves all four can escape. */
  | 'BEST_EFFORT'
  /** The kernel holds the whole tree together (a cgroup, a subreaper, a pid namespace). */
  | 'CONTAINED';

/** What a new token shall be. */
export type CreateTokenInput = {
  /** When it ends by itself. Default: never. */
  readonly expiresAt?: string | null | undefined;
  /** A name that no other token has or had: letters, digits and any of . _ - @, 64 at most. */
  readonly name: string;
  /** What it lets its holder do. */
  readonly scope: Scope;
};

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

/** GET; redirections are not followed. */
export type HttpProbeInput = {
  /** The one status that is yes. Default: 200 to 399. */
  readonly status?: number | null | undefined;
  /** http or https. */
  readonly url: string;
};

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

/** A line that matches is yes, for ever. */
export type LogProbeInput = {
  /** A regular expression, RE2 syntax. */
  readonly pattern: string;
  /** Only lines of this stream. Default: both. */
  readonly stream?: LogStream | null | undefined;
};

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

/** What becomes of a run that is due while the one before it has not ended. */
export type OverlapRule =
  /** It waits for the end of that one. One waits at the most; further ones are skipped. */
  | 'QUEUE'
  /** That one is cancelled, and this one begins when it has ended. */
  | 'REPLACE'
  /** It does not take place. */
  | 'SKIP';

/** How it is found out whether a service is ready, or alive: exactly one of exec, http, tcp, log and delayMs. */
export type ProbeInput = {
  /** So many milliseconds after the start. For readiness alone. */
  readonly delayMs?: number | null | undefined;
  /** An argv, run in the directory and environment of the service; exit code 0 is yes. */
  readonly exec?: ReadonlyArray<string> | null | undefined;
  /** So many failures in a row are a no. Default: 3. */
  readonly failureThreshold?: number | null | undefined;
  /** An answer of a web server. */
  readonly http?: HttpProbeInput | null | undefined;
  /** Milliseconds from the start of the program to the first try. Default: 0. */
  readonly initialDelayMs?: number | null | undefined;
  /** A line of its log. For readiness alone. */
  readonly log?: LogProbeInput | null | undefined;
  /** Milliseconds from the end of one try to the next. Default: 10000; 1000 until it is ready. */
  readonly periodMs?: number | null | undefined;
  /** So many successes in a row are a yes. Default: 1. */
  readonly successThreshold?: number | null | undefined;
  /** A port that accepts connections. */
  readonly tcp?: TcpProbeInput | null | undefined;
  /** Milliseconds after which a try has failed. Default: 1000. */
  readonly timeoutMs?: number | null | undefined;
};

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

/** What keeps a job in the queue. */
export type QueueReason =
  /** As many jobs run as --max-running allows, and others go before it. */
  | 'AHEAD_IN_QUEUE'
  /** As many jobs run with its concurrency key as its own limit allows. Those behind it pass it. */
  | 'CONCURRENCY_LIMIT'
  /** The disk has less room than --min-free-bytes asks for. */
  | 'DISK_LOW'
  /** It is next, and as many jobs run as --max-running allows. */
  | 'SERVER_LIMIT'
  /** The server is stopping, and starts no job. */
  | 'SERVER_STOPPING';

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

/** When a service is started again, and how often. */
export type RestartInput = {
  /** Milliseconds before the first retry; each one after it waits twice as long. Default: 1000. */
  readonly firstDelayMs?: number | null | undefined;
  /** After so many milliseconds in health they are counted anew. Default: 300000. */
  readonly healthyAfterMs?: number | null | undefined;
  /** The longest of these. Default: 60000. */
  readonly maxDelayMs?: number | null | undefined;
  /** After so many ends in a row it is given up. Default: 10. */
  readonly maxFailures?: number | null | undefined;
  /** After which ends. Default: ON_FAILURE. */
  readonly policy?: RestartPolicy | null | undefined;
};

/** After which ends of its job a service is started again. A cancel and a stop never are among them. */
export type RestartPolicy =
  /** After every end. */
  | 'ALWAYS'
  /** It is not started again. */
  | 'NEVER'
  /** After every end but one with exit code 0. */
  | 'ON_FAILURE';

/** How long the finished jobs of a service are kept. */
export type RetentionInput = {
  /** Milliseconds since the end of a job, instead of the server’s. Default: as the server. */
  readonly maxAgeMs?: number | null | undefined;
  /** Bytes that they may take on the disk. Default: no bound of its own. */
  readonly maxBytes?: number | null | undefined;
  /** So many, the newest. Default: no bound of its own. */
  readonly maxJobs?: number | null | undefined;
};

/** All of a definition: what is not given has its default, also where an older version said otherwise. */
export type SaveServiceInput = {
  /** What must be so before it starts. */
  readonly after?: ReadonlyArray<ServiceDependencyInput> | null | undefined;
  /** The program and its arguments. Exactly one of command and script. */
  readonly command?: ReadonlyArray<string> | null | undefined;
  /** Jobs with the same key share the limit. Default: those of this service alone. */
  readonly concurrencyKey?: string | null | undefined;
  /** How many jobs of its key run at once. */
  readonly concurrencyLimit?: number | null | undefined;
  /** Absolute path. Default: the home directory of the user that jobs run as. */
  readonly cwd?: string | null | undefined;
  /** For people. */
  readonly description?: string | null | undefined;
  /** Variables beside PATH, HOME and LANG. */
  readonly env?: ReadonlyArray<EnvInput> | null | undefined;
  /** Milliseconds between the polite end and SIGKILL. Default: 10000. */
  readonly gracePeriodMs?: number | null | undefined;
  /** Words to group it by; its jobs get them, too. */
  readonly labels?: ReadonlyArray<string> | null | undefined;
  /** Whether it is alive: where this fails, its job is ended and it is started again. */
  readonly liveness?: ProbeInput | null | undefined;
  /** What becomes of a job whose log reaches the cap. */
  readonly logOverflow?: LogOverflow | null | undefined;
  /** The cap of the log of each job in bytes, streams and index together; at least 1048576. Default: that of the server. */
  readonly maxLogBytes?: number | null | undefined;
  /** 1 to 63 letters, digits, dots, dashes and underscores; begins with a letter or a digit. */
  readonly name: string;
  /** What happens to processes that its program leaves. */
  readonly onEnd?: OnEnd | null | undefined;
  /** Of waiting jobs the highest goes first. */
  readonly priority?: number | null | undefined;
  /** Whether it is ready. Default: as soon as it runs. */
  readonly readiness?: ProbeInput | null | undefined;
  /** When it is started again. */
  readonly restart?: RestartInput | null | undefined;
  /** How long its finished jobs are kept; the bounds of the server hold beside. */
  readonly retention?: RetentionInput | null | undefined;
  /** When it runs. Default: it is kept up as long as it is wanted. */
  readonly schedule?: ScheduleInput | null | undefined;
  /** Text that is run by `sh -c`. */
  readonly script?: string | null | undefined;
  /** After so many milliseconds without output it is said to be silent. Default: never. */
  readonly silenceAlarmMs?: number | null | undefined;
  /** Text for standard input. */
  readonly stdin?: string | null | undefined;
  /** An argv that is run instead of the polite signal. */
  readonly stopCommand?: ReadonlyArray<string> | null | undefined;
  /** The polite signal. */
  readonly stopSignal?: JobSignal | null | undefined;
  /** Milliseconds after which a job of it is ended as TIMED_OUT. Default: none. */
  readonly timeoutMs?: number | null | undefined;
  /** Ask the program not to buffer its output. */
  readonly unbuffered?: boolean | null | undefined;
};

/** When a service runs. Give exactly one of cron, everyMs and at. */
export type ScheduleInput = {
  /** The moment of the only run. */
  readonly at?: string | null | undefined;
  /** What becomes of runs that were due while there was no server. */
  readonly catchUp?: CatchUpRule | null | undefined;
  /** Five fields (minute, hour, day of month, month, day of week), or six with the second before them. Where both days are given, either is enough. */
  readonly cron?: string | null | undefined;
  /** Milliseconds from one run to the next, 1000 at the least. */
  readonly everyMs?: number | null | undefined;
  /** Of everyMs: the moment from which it is counted. Default: 1970-01-01T00:00:00.000Z. */
  readonly from?: string | null | undefined;
  /** What becomes of a run that is due while the one before it has not ended. */
  readonly overlap?: OverlapRule | null | undefined;
  /** Of cron: a name of the IANA database, such as Europe/Berlin. Default: UTC. */
  readonly timeZone?: string | null | undefined;
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

/** What another service must be before this one starts. */
export type ServiceDependencyInput = {
  /** What it must be. */
  readonly condition?: DependencyCondition | null | undefined;
  /** The name of the other. */
  readonly service: string;
};

/** Which services. Everything that is given must hold. */
export type ServiceFilter = {
  /** Of which this is wanted. */
  readonly desired?: DesiredState | null | undefined;
  /** With all of these labels. */
  readonly labels?: ReadonlyArray<string> | null | undefined;
  /** With one of these names. */
  readonly names?: ReadonlyArray<string> | null | undefined;
  /** In one of these states. */
  readonly states?: ReadonlyArray<ServiceState> | null | undefined;
};

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

/** Connects; an accepted connection is yes. */
export type TcpProbeInput = {
  /** A name or an address. */
  readonly host?: string | null | undefined;
  /** From 1 to 65535. */
  readonly port: number;
};

export type ListAuditQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  where?: AuditFilter | null | undefined;
}>;


export type ListAuditQuery = { readonly auditLog: { readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null }, readonly edges: ReadonlyArray<{ readonly node: { readonly id: string, readonly at: string, readonly who: string, readonly address: string, readonly action: string, readonly subject: string | null, readonly result: string, readonly count: number, readonly token: { readonly name: string } | null } }> } };

export type ListJobsQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  where?: JobFilter | null | undefined;
}>;


export type ListJobsQuery = { readonly jobs: { readonly edges: ReadonlyArray<{ readonly node: { readonly concurrencyKey: string | null, readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number, readonly queue: { readonly position: number, readonly reason: QueueReason, readonly message: string } | null } }>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type LogBoundsQueryVariables = Exact<{
  jobId: string;
  before?: number | null | undefined;
  last: number;
  streams?: ReadonlyArray<LogStream> | LogStream | null | undefined;
}>;


export type LogBoundsQuery = { readonly job: { readonly log: { readonly lastSeq: number, readonly lines: { readonly nodes: ReadonlyArray<{ readonly seq: number }>, readonly pageInfo: { readonly hasPreviousPage: boolean } } } } | null };

export type PinJobMutationVariables = Exact<{
  jobId: string;
  pinned: boolean;
}>;


export type PinJobMutation = { readonly setJobPinned: { readonly pinned: boolean, readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number } };

export type RerunJobMutationVariables = Exact<{
  jobId: string;
  changes?: RerunJobInput | null | undefined;
}>;


export type RerunJobMutation = { readonly rerunJob: { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number } };

export type SearchLogQueryVariables = Exact<{
  jobId: string;
  pattern: string;
  kind: LogSearchKind;
  ignoreCase: boolean;
  streams?: ReadonlyArray<LogStream> | LogStream | null | undefined;
  after: number;
}>;


export type SearchLogQuery = { readonly job: { readonly log: { readonly search: { readonly scannedToSeq: number, readonly isComplete: boolean, readonly hits: ReadonlyArray<{ readonly line: { readonly seq: number, readonly stream: LogStream, readonly text: string, readonly at: string, readonly atApproximate: boolean, readonly continued: boolean } }> } } } | null };

export type ServiceRowFragment = { readonly name: string, readonly desired: DesiredState, readonly state: ServiceState, readonly since: string, readonly why: string | null, readonly version: number, readonly failures: number, readonly retryAt: string | null, readonly definition: { readonly schedule: { readonly nextRuns: ReadonlyArray<string> } | null }, readonly currentJob: { readonly id: string, readonly status: JobStatus, readonly serviceVersion: number | null, readonly startedAt: string | null } | null };

export type ProbeFieldsFragment = { readonly kind: ProbeKind, readonly command: ReadonlyArray<string> | null, readonly url: string | null, readonly status: number | null, readonly host: string | null, readonly port: number | null, readonly pattern: string | null, readonly stream: LogStream | null, readonly delayMs: number | null, readonly initialDelayMs: number, readonly periodMs: number, readonly timeoutMs: number, readonly failureThreshold: number, readonly successThreshold: number };

export type DefinitionFieldsFragment = { readonly description: string | null, readonly command: ReadonlyArray<string> | null, readonly script: string | null, readonly cwd: string | null, readonly stdin: string | null, readonly unbuffered: boolean, readonly labels: ReadonlyArray<string>, readonly timeoutMs: number | null, readonly gracePeriodMs: number, readonly onEnd: OnEnd, readonly stopSignal: JobSignal, readonly stopCommand: ReadonlyArray<string> | null, readonly silenceAlarmMs: number | null, readonly concurrencyKey: string | null, readonly concurrencyLimit: number, readonly priority: number, readonly maxLogBytes: number | null, readonly logOverflow: LogOverflow, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null, readonly secret: boolean }>, readonly restart: { readonly policy: RestartPolicy, readonly firstDelayMs: number, readonly maxDelayMs: number, readonly maxFailures: number, readonly healthyAfterMs: number }, readonly readiness: { readonly kind: ProbeKind, readonly command: ReadonlyArray<string> | null, readonly url: string | null, readonly status: number | null, readonly host: string | null, readonly port: number | null, readonly pattern: string | null, readonly stream: LogStream | null, readonly delayMs: number | null, readonly initialDelayMs: number, readonly periodMs: number, readonly timeoutMs: number, readonly failureThreshold: number, readonly successThreshold: number } | null, readonly liveness: { readonly kind: ProbeKind, readonly command: ReadonlyArray<string> | null, readonly url: string | null, readonly status: number | null, readonly host: string | null, readonly port: number | null, readonly pattern: string | null, readonly stream: LogStream | null, readonly delayMs: number | null, readonly initialDelayMs: number, readonly periodMs: number, readonly timeoutMs: number, readonly failureThreshold: number, readonly successThreshold: number } | null, readonly after: ReadonlyArray<{ readonly service: string, readonly condition: DependencyCondition }>, readonly schedule: { readonly cron: string | null, readonly timeZone: string | null, readonly everyMs: number | null, readonly from: string | null, readonly at: string | null, readonly overlap: OverlapRule, readonly catchUp: CatchUpRule } | null, readonly retention: { readonly maxAgeMs: number | null, readonly maxJobs: number | null, readonly maxBytes: number | null } };

export type ScheduleFieldsFragment = { readonly cron: string | null, readonly timeZone: string | null, readonly everyMs: number | null, readonly from: string | null, readonly at: string | null, readonly overlap: OverlapRule, readonly catchUp: CatchUpRule };

export type ListServicesQueryVariables = Exact<{
  where?: ServiceFilter | null | undefined;
}>;


export type ListServicesQuery = { readonly services: ReadonlyArray<{ readonly name: string, readonly desired: DesiredState, readonly state: ServiceState, readonly since: string, readonly why: string | null, readonly version: number, readonly failures: number, readonly retryAt: string | null, readonly definition: { readonly schedule: { readonly nextRuns: ReadonlyArray<string> } | null }, readonly currentJob: { readonly id: string, readonly status: JobStatus, readonly serviceVersion: number | null, readonly startedAt: string | null } | null }> };

export type DefinedServicesQueryVariables = Exact<{ [key: string]: never; }>;


export type DefinedServicesQuery = { readonly services: ReadonlyArray<{ readonly name: string, readonly version: number, readonly desired: DesiredState, readonly state: ServiceState, readonly definition: { readonly description: string | null, readonly command: ReadonlyArray<string> | null, readonly script: string | null, readonly cwd: string | null, readonly stdin: string | null, readonly unbuffered: boolean, readonly labels: ReadonlyArray<string>, readonly timeoutMs: number | null, readonly gracePeriodMs: number, readonly onEnd: OnEnd, readonly stopSignal: JobSignal, readonly stopCommand: ReadonlyArray<string> | null, readonly silenceAlarmMs: number | null, readonly concurrencyKey: string | null, readonly concurrencyLimit: number, readonly priority: number, readonly maxLogBytes: number | null, readonly logOverflow: LogOverflow, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null, readonly secret: boolean }>, readonly restart: { readonly policy: RestartPolicy, readonly firstDelayMs: number, readonly maxDelayMs: number, readonly maxFailures: number, readonly healthyAfterMs: number }, readonly readiness: { readonly kind: ProbeKind, readonly command: ReadonlyArray<string> | null, readonly url: string | null, readonly status: number | null, readonly host: string | null, readonly port: number | null, readonly pattern: string | null, readonly stream: LogStream | null, readonly delayMs: number | null, readonly initialDelayMs: number, readonly periodMs: number, readonly timeoutMs: number, readonly failureThreshold: number, readonly successThreshold: number } | null, readonly liveness: { readonly kind: ProbeKind, readonly command: ReadonlyArray<string> | null, readonly url: string | null, readonly status: number | null, readonly host: string | null, readonly port: number | null, readonly pattern: string | null, readonly stream: LogStream | null, readonly delayMs: number | null, readonly initialDelayMs: number, readonly periodMs: number, readonly timeoutMs: number, readonly failureThreshold: number, readonly successThreshold: number } | null, readonly after: ReadonlyArray<{ readonly service: string, readonly condition: DependencyCondition }>, readonly schedule: { readonly cron: string | null, readonly timeZone: string | null, readonly everyMs: number | null, readonly from: string | null, readonly at: string | null, readonly overlap: OverlapRule, readonly catchUp: CatchUpRule } | null, readonly retention: { readonly maxAgeMs: number | null, readonly maxJobs: number | null, readonly maxBytes: number | null } } }> };

export type ShowServiceQueryVariables = Exact<{
  name: string;
}>;


export type ShowServiceQuery = { readonly service: { readonly createdAt: string, readonly name: string, readonly desired: DesiredState, readonly state: ServiceState, readonly since: string, readonly why: string | null, readonly version: number, readonly failures: number, readonly retryAt: string | null, readonly lastWords: { readonly log: { readonly lines: { readonly nodes: ReadonlyArray<{ readonly stream: LogStream, readonly text: string }> } } } | null, readonly definition: { readonly description: string | null, readonly command: ReadonlyArray<string> | null, readonly script: string | null, readonly cwd: string | null, readonly stdin: string | null, readonly unbuffered: boolean, readonly labels: ReadonlyArray<string>, readonly timeoutMs: number | null, readonly gracePeriodMs: number, readonly onEnd: OnEnd, readonly stopSignal: JobSignal, readonly stopCommand: ReadonlyArray<string> | null, readonly silenceAlarmMs: number | null, readonly concurrencyKey: string | null, readonly concurrencyLimit: number, readonly priority: number, readonly maxLogBytes: number | null, readonly logOverflow: LogOverflow, readonly schedule: { readonly nextRuns: ReadonlyArray<string>, readonly cron: string | null, readonly timeZone: string | null, readonly everyMs: number | null, readonly from: string | null, readonly at: string | null, readonly overlap: OverlapRule, readonly catchUp: CatchUpRule } | null, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null, readonly secret: boolean }>, readonly restart: { readonly policy: RestartPolicy, readonly firstDelayMs: number, readonly maxDelayMs: number, readonly maxFailures: number, readonly healthyAfterMs: number }, readonly readiness: { readonly kind: ProbeKind, readonly command: ReadonlyArray<string> | null, readonly url: string | null, readonly status: number | null, readonly host: string | null, readonly port: number | null, readonly pattern: string | null, readonly stream: LogStream | null, readonly delayMs: number | null, readonly initialDelayMs: number, readonly periodMs: number, readonly timeoutMs: number, readonly failureThreshold: number, readonly successThreshold: number } | null, readonly liveness: { readonly kind: ProbeKind, readonly command: ReadonlyArray<string> | null, readonly url: string | null, readonly status: number | null, readonly host: string | null, readonly port: number | null, readonly pattern: string | null, readonly stream: LogStream | null, readonly delayMs: number | null, readonly initialDelayMs: number, readonly periodMs: number, readonly timeoutMs: number, readonly failureThreshold: number, readonly successThreshold: number } | null, readonly after: ReadonlyArray<{ readonly service: string, readonly condition: DependencyCondition }>, readonly retention: { readonly maxAgeMs: number | null, readonly maxJobs: number | null, readonly maxBytes: number | null } }, readonly transitions: ReadonlyArray<{ readonly from: ServiceState, readonly to: ServiceState, readonly desired: DesiredState, readonly at: string, readonly why: string | null, readonly jobId: string | null }>, readonly currentJob: { readonly id: string, readonly status: JobStatus, readonly serviceVersion: number | null, readonly startedAt: string | null } | null } | null };

export type NewestServiceJobQueryVariables = Exact<{
  name: string;
}>;


export type NewestServiceJobQuery = { readonly service: { readonly jobs: { readonly edges: ReadonlyArray<{ readonly node: { readonly id: string } }> } } | null };

export type SaveServiceMutationVariables = Exact<{
  input: SaveServiceInput;
}>;


export type SaveServiceMutation = { readonly saveService: { readonly name: string, readonly desired: DesiredState, readonly state: ServiceState, readonly since: string, readonly why: string | null, readonly version: number, readonly failures: number, readonly retryAt: string | null, readonly definition: { readonly schedule: { readonly nextRuns: ReadonlyArray<string> } | null }, readonly currentJob: { readonly id: string, readonly status: JobStatus, readonly serviceVersion: number | null, readonly startedAt: string | null } | null } };

export type DeleteServiceMutationVariables = Exact<{
  name: string;
  waitMs?: number | null | undefined;
}>;


export type DeleteServiceMutation = { readonly deleteService: string };

export type StartServiceMutationVariables = Exact<{
  name: string;
  waitMs?: number | null | undefined;
}>;


export type StartServiceMutation = { readonly startService: { readonly name: string, readonly desired: DesiredState, readonly state: ServiceState, readonly since: string, readonly why: string | null, readonly version: number, readonly failures: number, readonly retryAt: string | null, readonly definition: { readonly schedule: { readonly nextRuns: ReadonlyArray<string> } | null }, readonly currentJob: { readonly id: string, readonly status: JobStatus, readonly serviceVersion: number | null, readonly startedAt: string | null } | null } };

export type StopServiceMutationVariables = Exact<{
  name: string;
  waitMs?: number | null | undefined;
}>;


export type StopServiceMutation = { readonly stopService: { readonly name: string, readonly desired: DesiredState, readonly state: ServiceState, readonly since: string, readonly why: string | null, readonly version: number, readonly failures: number, readonly retryAt: string | null, readonly definition: { readonly schedule: { readonly nextRuns: ReadonlyArray<string> } | null }, readonly currentJob: { readonly id: string, readonly status: JobStatus, readonly serviceVersion: number | null, readonly startedAt: string | null } | null } };

export type RestartServiceMutationVariables = Exact<{
  name: string;
  waitMs?: number | null | undefined;
}>;


export type RestartServiceMutation = { readonly restartService: { readonly name: string, readonly desired: DesiredState, readonly state: ServiceState, readonly since: string, readonly why: string | null, readonly version: number, readonly failures: number, readonly retryAt: string | null, readonly definition: { readonly schedule: { readonly nextRuns: ReadonlyArray<string> } | null }, readonly currentJob: { readonly id: string, readonly status: JobStatus, readonly serviceVersion: number | null, readonly startedAt: string | null } | null } };

export type ShowJobQueryVariables = Exact<{
  jobId: string;
}>;


export type ShowJobQuery = { readonly job: { readonly timeoutMs: number | null, readonly gracePeriodMs: number, readonly stopSignal: JobSignal, readonly stopCommand: ReadonlyArray<string> | null, readonly onEnd: OnEnd, readonly priority: number, readonly concurrencyKey: string | null, readonly concurrencyLimit: number, readonly maxLogBytes: number | null, readonly logOverflow: LogOverflow, readonly requestId: string | null, readonly pinned: boolean, readonly allocatedBytes: number | null, readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number, readonly env: ReadonlyArray<{ readonly name: string, readonly value: string | null, readonly secret: boolean }>, readonly queue: { readonly position: number, readonly reason: QueueReason, readonly message: string } | null, readonly rerunOf: { readonly id: string } | null, readonly cancellation: { readonly reason: JobReason, readonly requestedAt: string, readonly requestedBy: string | null, readonly gracePeriodMs: number, readonly killedAt: string | null, readonly finishedAt: string | null, readonly containment: Containment, readonly processes: ReadonlyArray<{ readonly pid: number, readonly command: string, readonly signals: ReadonlyArray<string>, readonly goneAt: string | null }> } | null, readonly log: { readonly lastSeq: number, readonly stdoutLines: number, readonly stdoutBytes: number, readonly stderrLines: number, readonly stderrBytes: number }, readonly transitions: ReadonlyArray<{ readonly number: number, readonly from: JobStatus | null, readonly to: JobStatus, readonly reason: JobReason, readonly cause: string | null, readonly at: string }> } | null };

export type TokenFieldsFragment = { readonly name: string, readonly scope: Scope, readonly createdAt: string, readonly createdBy: string, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly revokedAt: string | null };

export type ListTokensQueryVariables = Exact<{ [key: string]: never; }>;


export type ListTokensQuery = { readonly tokens: ReadonlyArray<{ readonly name: string, readonly scope: Scope, readonly createdAt: string, readonly createdBy: string, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly revokedAt: string | null }> };

export type CreateTokenMutationVariables = Exact<{
  input: CreateTokenInput;
}>;


export type CreateTokenMutation = { readonly createToken: { readonly secret: string, readonly token: { readonly name: string, readonly scope: Scope, readonly createdAt: string, readonly createdBy: string, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly revokedAt: string | null } } };

export type RevokeTokenMutationVariables = Exact<{
  name: string;
}>;


export type RevokeTokenMutation = { readonly revokeToken: { readonly name: string, readonly scope: Scope, readonly createdAt: string, readonly createdBy: string, readonly expiresAt: string | null, readonly lastUsedAt: string | null, readonly revokedAt: string | null } };

export type CancelJobMutationVariables = Exact<{
  jobId: string;
  gracePeriodMs?: number | null | undefined;
}>;


export type CancelJobMutation = { readonly cancelJob: { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number } };

export type FindJobQueryVariables = Exact<{
  jobId: string;
}>;


export type FindJobQuery = { readonly job: { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number } | null };

export type JobFieldsFragment = { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number };

export type JobLogsSubscriptionVariables = Exact<{
  jobId: string;
  after?: number | null | undefined;
  streams?: ReadonlyArray<LogStream> | LogStream | null | undefined;
  heartbeatMs?: number | null | undefined;
}>;


export type JobLogsSubscription = { readonly jobLogs:
    | { readonly __typename: 'LogDone', readonly lastSeq: number, readonly endedWithoutNewline: ReadonlyArray<LogStream>, readonly job: { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number } }
    | { readonly __typename: 'LogGap', readonly jobId: string, readonly fromSeq: number, readonly toSeq: number, readonly reason: LogGapReason }
    | { readonly __typename: 'LogHeartbeat', readonly jobId: string, readonly at: string, readonly lastSeq: number }
    | { readonly __typename: 'LogLines', readonly jobId: string, readonly lastSeq: number, readonly lines: ReadonlyArray<{ readonly seq: number, readonly stream: LogStream, readonly text: string, readonly at: string, readonly atApproximate: boolean, readonly continued: boolean }> }
   };

export type ServiceLogsSubscriptionVariables = Exact<{
  name: string;
  after?: string | null | undefined;
  streams?: ReadonlyArray<LogStream> | LogStream | null | undefined;
  heartbeatMs?: number | null | undefined;
}>;


export type ServiceLogsSubscription = { readonly serviceLogs:
    | { readonly __typename: 'LogDone', readonly lastSeq: number, readonly endedWithoutNewline: ReadonlyArray<LogStream>, readonly job: { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number } }
    | { readonly __typename: 'LogGap', readonly jobId: string, readonly fromSeq: number, readonly toSeq: number, readonly reason: LogGapReason }
    | { readonly __typename: 'LogHeartbeat', readonly jobId: string, readonly at: string, readonly lastSeq: number }
    | { readonly __typename: 'LogLines', readonly jobId: string, readonly lastSeq: number, readonly lines: ReadonlyArray<{ readonly seq: number, readonly stream: LogStream, readonly text: string, readonly at: string, readonly atApproximate: boolean, readonly continued: boolean }> }
   };

export type StartJobMutationVariables = Exact<{
  input: StartJobInput;
}>;


export type StartJobMutation = { readonly startJob: { readonly id: string, readonly status: JobStatus, readonly reason: JobReason, readonly message: string | null, readonly command: ReadonlyArray<string>, readonly script: string | null, readonly cwd: string, readonly labels: ReadonlyArray<string>, readonly pid: number | null, readonly exitCode: number | null, readonly signal: string | null, readonly signalInferred: boolean, readonly queuedAt: string, readonly startedAt: string | null, readonly finishedAt: string | null, readonly durationMs: number | null, readonly attempt: number } };

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
export const ServiceRowFragmentDoc = new TypedDocumentString(`
    fragment ServiceRow on Service {
  name
  desired
  state
  since
  why
  version
  failures
  retryAt
  definition {
    schedule {
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
    serviceVersion
    startedAt
  }
}
    `, {"fragmentName":"ServiceRow"}) as unknown as TypedDocumentString<ServiceRowFragment, unknown>;
export const ProbeFieldsFragmentDoc = new TypedDocumentString(`
    fragment ProbeFields on Probe {
  kind
  command
  url
  status
  host
  port
  pattern
  stream
  delayMs
  initialDelayMs
  periodMs
  timeoutMs
  failureThreshold
  successThreshold
}
    `, {"fragmentName":"ProbeFields"}) as unknown as TypedDocumentString<ProbeFieldsFragment, unknown>;
export const ScheduleFieldsFragmentDoc = new TypedDocumentString(`
    fragment ScheduleFields on Schedule {
  cron
  timeZone
  everyMs
  from
  at
  overlap
  catchUp
}
    `, {"fragmentName":"ScheduleFields"}) as unknown as TypedDocumentString<ScheduleFieldsFragment, unknown>;
export const DefinitionFieldsFragmentDoc = new TypedDocumentString(`
    fragment DefinitionFields on ServiceDefinition {
  description
  command
  script
  cwd
  env {
    name
    value
    secret
  }
  stdin
  unbuffered
  labels
  timeoutMs
  gracePeriodMs
  onEnd
  stopSignal
  stopCommand
  restart {
    policy
    firstDelayMs
    maxDelayMs
    maxFailures
    healthyAfterMs
  }
  readiness {
    ...ProbeFields
  }
  liveness {
    ...ProbeFields
  }
  silenceAlarmMs
  after {
    service
    condition
  }
  schedule {
    ...ScheduleFields
  }
  concurrencyKey
  concurrencyLimit
  priority
  maxLogBytes
  logOverflow
  retention {
    maxAgeMs
    maxJobs
    maxBytes
  }
}
    fragment ProbeFields on Probe {
  kind
  command
  url
  status
  host
  port
  pattern
  stream
  delayMs
  initialDelayMs
  periodMs
  timeoutMs
  failureThreshold
  successThreshold
}
fragment ScheduleFields on Schedule {
  cron
  timeZone
  everyMs
  from
  at
  overlap
  catchUp
}`, {"fragmentName":"DefinitionFields"}) as unknown as TypedDocumentString<DefinitionFieldsFragment, unknown>;
export const TokenFieldsFragmentDoc = new TypedDocumentString(`
    fragment TokenFields on ApiToken {
  name
  scope
  createdAt
  createdBy
  expiresAt
  lastUsedAt
  revokedAt
}
    `, {"fragmentName":"TokenFields"}) as unknown as TypedDocumentString<TokenFieldsFragment, unknown>;
export const JobFieldsFragmentDoc = new TypedDocumentString(`
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}
    `, {"fragmentName":"JobFields"}) as unknown as TypedDocumentString<JobFieldsFragment, unknown>;
export const ListAuditDocument = new TypedDocumentString(`
    query ListAudit($first: Int!, $after: String, $where: AuditFilter) {
  auditLog(first: $first, after: $after, where: $where) {
    pageInfo {
      hasNextPage
      endCursor
    }
    edges {
      node {
        id
        at
        who
        address
        action
        subject
        result
        count
        token {
          name
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<ListAuditQuery, ListAuditQueryVariables>;
export const ListJobsDocument = new TypedDocumentString(`
    query ListJobs($first: Int!, $after: String, $where: JobFilter) {
  jobs(first: $first, after: $after, where: $where) {
    edges {
      node {
        ...JobFields
        concurrencyKey
        queue {
          position
          reason
          message
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<ListJobsQuery, ListJobsQueryVariables>;
export const LogBoundsDocument = new TypedDocumentString(`
    query LogBounds($jobId: ID!, $before: SafeInt, $last: Int!, $streams: [LogStream!]) {
  job(id: $jobId) {
    log {
      lastSeq
      lines(before: $before, last: $last, streams: $streams) {
        nodes {
          seq
        }
        pageInfo {
          hasPreviousPage
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<LogBoundsQuery, LogBoundsQueryVariables>;
export const PinJobDocument = new TypedDocumentString(`
    mutation PinJob($jobId: ID!, $pinned: Boolean!) {
  setJobPinned(jobId: $jobId, pinned: $pinned) {
    ...JobFields
    pinned
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<PinJobMutation, PinJobMutationVariables>;
export const RerunJobDocument = new TypedDocumentString(`
    mutation RerunJob($jobId: ID!, $changes: RerunJobInput) {
  rerunJob(jobId: $jobId, changes: $changes) {
    ...JobFields
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<RerunJobMutation, RerunJobMutationVariables>;
export const SearchLogDocument = new TypedDocumentString(`
    query SearchLog($jobId: ID!, $pattern: String!, $kind: LogSearchKind!, $ignoreCase: Boolean!, $streams: [LogStream!], $after: SafeInt!) {
  job(id: $jobId) {
    log {
      search(
        pattern: $pattern
        kind: $kind
        ignoreCase: $ignoreCase
        streams: $streams
        after: $after
        first: 200
      ) {
        hits {
          line {
            seq
            stream
            text
            at
            atApproximate
            continued
          }
        }
        scannedToSeq
        isComplete
      }
    }
  }
}
    `) as unknown as TypedDocumentString<SearchLogQuery, SearchLogQueryVariables>;
export const ListServicesDocument = new TypedDocumentString(`
    query ListServices($where: ServiceFilter) {
  services(where: $where) {
    ...ServiceRow
  }
}
    fragment ServiceRow on Service {
  name
  desired
  state
  since
  why
  version
  failures
  retryAt
  definition {
    schedule {
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
    serviceVersion
    startedAt
  }
}`) as unknown as TypedDocumentString<ListServicesQuery, ListServicesQueryVariables>;
export const DefinedServicesDocument = new TypedDocumentString(`
    query DefinedServices {
  services {
    name
    version
    desired
    state
    definition {
      ...DefinitionFields
    }
  }
}
    fragment ProbeFields on Probe {
  kind
  command
  url
  status
  host
  port
  pattern
  stream
  delayMs
  initialDelayMs
  periodMs
  timeoutMs
  failureThreshold
  successThreshold
}
fragment DefinitionFields on ServiceDefinition {
  description
  command
  script
  cwd
  env {
    name
    value
    secret
  }
  stdin
  unbuffered
  labels
  timeoutMs
  gracePeriodMs
  onEnd
  stopSignal
  stopCommand
  restart {
    policy
    firstDelayMs
    maxDelayMs
    maxFailures
    healthyAfterMs
  }
  readiness {
    ...ProbeFields
  }
  liveness {
    ...ProbeFields
  }
  silenceAlarmMs
  after {
    service
    condition
  }
  schedule {
    ...ScheduleFields
  }
  concurrencyKey
  concurrencyLimit
  priority
  maxLogBytes
  logOverflow
  retention {
    maxAgeMs
    maxJobs
    maxBytes
  }
}
fragment ScheduleFields on Schedule {
  cron
  timeZone
  everyMs
  from
  at
  overlap
  catchUp
}`) as unknown as TypedDocumentString<DefinedServicesQuery, DefinedServicesQueryVariables>;
export const ShowServiceDocument = new TypedDocumentString(`
    query ShowService($name: String!) {
  service(name: $name) {
    ...ServiceRow
    lastWords: currentJob {
      log {
        lines(last: 10) {
          nodes {
            stream
            text
          }
        }
      }
    }
    createdAt
    definition {
      ...DefinitionFields
    }
    transitions {
      from
      to
      desired
      at
      why
      jobId
    }
  }
}
    fragment ServiceRow on Service {
  name
  desired
  state
  since
  why
  version
  failures
  retryAt
  definition {
    schedule {
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
    serviceVersion
    startedAt
  }
}
fragment ProbeFields on Probe {
  kind
  command
  url
  status
  host
  port
  pattern
  stream
  delayMs
  initialDelayMs
  periodMs
  timeoutMs
  failureThreshold
  successThreshold
}
fragment DefinitionFields on ServiceDefinition {
  description
  command
  script
  cwd
  env {
    name
    value
    secret
  }
  stdin
  unbuffered
  labels
  timeoutMs
  gracePeriodMs
  onEnd
  stopSignal
  stopCommand
  restart {
    policy
    firstDelayMs
    maxDelayMs
    maxFailures
    healthyAfterMs
  }
  readiness {
    ...ProbeFields
  }
  liveness {
    ...ProbeFields
  }
  silenceAlarmMs
  after {
    service
    condition
  }
  schedule {
    ...ScheduleFields
  }
  concurrencyKey
  concurrencyLimit
  priority
  maxLogBytes
  logOverflow
  retention {
    maxAgeMs
    maxJobs
    maxBytes
  }
}
fragment ScheduleFields on Schedule {
  cron
  timeZone
  everyMs
  from
  at
  overlap
  catchUp
}`) as unknown as TypedDocumentString<ShowServiceQuery, ShowServiceQueryVariables>;
export const NewestServiceJobDocument = new TypedDocumentString(`
    query NewestServiceJob($name: String!) {
  service(name: $name) {
    jobs(first: 1) {
      edges {
        node {
          id
        }
      }
    }
  }
}
    `) as unknown as TypedDocumentString<NewestServiceJobQuery, NewestServiceJobQueryVariables>;
export const SaveServiceDocument = new TypedDocumentString(`
    mutation SaveService($input: SaveServiceInput!) {
  saveService(input: $input) {
    ...ServiceRow
  }
}
    fragment ServiceRow on Service {
  name
  desired
  state
  since
  why
  version
  failures
  retryAt
  definition {
    schedule {
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
    serviceVersion
    startedAt
  }
}`) as unknown as TypedDocumentString<SaveServiceMutation, SaveServiceMutationVariables>;
export const DeleteServiceDocument = new TypedDocumentString(`
    mutation DeleteService($name: String!, $waitMs: Int) {
  deleteService(name: $name, stopFirst: true, waitMs: $waitMs)
}
    `) as unknown as TypedDocumentString<DeleteServiceMutation, DeleteServiceMutationVariables>;
export const StartServiceDocument = new TypedDocumentString(`
    mutation StartService($name: String!, $waitMs: Int) {
  startService(name: $name, waitMs: $waitMs) {
    ...ServiceRow
  }
}
    fragment ServiceRow on Service {
  name
  desired
  state
  since
  why
  version
  failures
  retryAt
  definition {
    schedule {
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
    serviceVersion
    startedAt
  }
}`) as unknown as TypedDocumentString<StartServiceMutation, StartServiceMutationVariables>;
export const StopServiceDocument = new TypedDocumentString(`
    mutation StopService($name: String!, $waitMs: Int) {
  stopService(name: $name, waitMs: $waitMs) {
    ...ServiceRow
  }
}
    fragment ServiceRow on Service {
  name
  desired
  state
  since
  why
  version
  failures
  retryAt
  definition {
    schedule {
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
    serviceVersion
    startedAt
  }
}`) as unknown as TypedDocumentString<StopServiceMutation, StopServiceMutationVariables>;
export const RestartServiceDocument = new TypedDocumentString(`
    mutation RestartService($name: String!, $waitMs: Int) {
  restartService(name: $name, waitMs: $waitMs) {
    ...ServiceRow
  }
}
    fragment ServiceRow on Service {
  name
  desired
  state
  since
  why
  version
  failures
  retryAt
  definition {
    schedule {
      nextRuns(first: 1)
    }
  }
  currentJob {
    id
    status
    serviceVersion
    startedAt
  }
}`) as unknown as TypedDocumentString<RestartServiceMutation, RestartServiceMutationVariables>;
export const ShowJobDocument = new TypedDocumentString(`
    query ShowJob($jobId: ID!) {
  job(id: $jobId) {
    ...JobFields
    env {
      name
      value
      secret
    }
    timeoutMs
    gracePeriodMs
    stopSignal
    stopCommand
    onEnd
    priority
    concurrencyKey
    concurrencyLimit
    maxLogBytes
    logOverflow
    queue {
      position
      reason
      message
    }
    requestId
    pinned
    allocatedBytes
    rerunOf {
      id
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
    log {
      lastSeq
      stdoutLines
      stdoutBytes
      stderrLines
      stderrBytes
    }
    transitions {
      number
      from
      to
      reason
      cause
      at
    }
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<ShowJobQuery, ShowJobQueryVariables>;
export const ListTokensDocument = new TypedDocumentString(`
    query ListTokens {
  tokens {
    ...TokenFields
  }
}
    fragment TokenFields on ApiToken {
  name
  scope
  createdAt
  createdBy
  expiresAt
  lastUsedAt
  revokedAt
}`) as unknown as TypedDocumentString<ListTokensQuery, ListTokensQueryVariables>;
export const CreateTokenDocument = new TypedDocumentString(`
    mutation CreateToken($input: CreateTokenInput!) {
  createToken(input: $input) {
    secret
    token {
      ...TokenFields
    }
  }
}
    fragment TokenFields on ApiToken {
  name
  scope
  createdAt
  createdBy
  expiresAt
  lastUsedAt
  revokedAt
}`) as unknown as TypedDocumentString<CreateTokenMutation, CreateTokenMutationVariables>;
export const RevokeTokenDocument = new TypedDocumentString(`
    mutation RevokeToken($name: String!) {
  revokeToken(name: $name) {
    ...TokenFields
  }
}
    fragment TokenFields on ApiToken {
  name
  scope
  createdAt
  createdBy
  expiresAt
  lastUsedAt
  revokedAt
}`) as unknown as TypedDocumentString<RevokeTokenMutation, RevokeTokenMutationVariables>;
export const CancelJobDocument = new TypedDocumentString(`
    mutation CancelJob($jobId: ID!, $gracePeriodMs: Int) {
  cancelJob(jobId: $jobId, gracePeriodMs: $gracePeriodMs) {
    ...JobFields
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<CancelJobMutation, CancelJobMutationVariables>;
export const FindJobDocument = new TypedDocumentString(`
    query FindJob($jobId: ID!) {
  job(id: $jobId) {
    ...JobFields
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<FindJobQuery, FindJobQueryVariables>;
export const JobLogsDocument = new TypedDocumentString(`
    subscription JobLogs($jobId: ID!, $after: SafeInt, $streams: [LogStream!], $heartbeatMs: Int) {
  jobLogs(
    jobId: $jobId
    after: $after
    streams: $streams
    heartbeatMs: $heartbeatMs
  ) {
    __typename
    ... on LogLines {
      jobId
      lastSeq
      lines {
        seq
        stream
        text
        at
        atApproximate
        continued
      }
    }
    ... on LogGap {
      jobId
      fromSeq
      toSeq
      reason
    }
    ... on LogHeartbeat {
      jobId
      at
      lastSeq
    }
    ... on LogDone {
      lastSeq
      endedWithoutNewline
      job {
        ...JobFields
      }
    }
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<JobLogsSubscription, JobLogsSubscriptionVariables>;
export const ServiceLogsDocument = new TypedDocumentString(`
    subscription ServiceLogs($name: String!, $after: String, $streams: [LogStream!], $heartbeatMs: Int) {
  serviceLogs(
    name: $name
    after: $after
    streams: $streams
    heartbeatMs: $heartbeatMs
  ) {
    __typename
    ... on LogLines {
      jobId
      lastSeq
      lines {
        seq
        stream
        text
        at
        atApproximate
        continued
      }
    }
    ... on LogGap {
      jobId
      fromSeq
      toSeq
      reason
    }
    ... on LogHeartbeat {
      jobId
      at
      lastSeq
    }
    ... on LogDone {
      lastSeq
      endedWithoutNewline
      job {
        ...JobFields
      }
    }
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<ServiceLogsSubscription, ServiceLogsSubscriptionVariables>;
export const StartJobDocument = new TypedDocumentString(`
    mutation StartJob($input: StartJobInput!) {
  startJob(input: $input) {
    ...JobFields
  }
}
    fragment JobFields on Job {
  id
  status
  reason
  message
  command
  script
  cwd
  labels
  pid
  exitCode
  signal
  signalInferred
  queuedAt
  startedAt
  finishedAt
  durationMs
  attempt
}`) as unknown as TypedDocumentString<StartJobMutation, StartJobMutationVariables>;