import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { PassCheckpoint } from '../domain/checkpoint.ts';
import type { EnvEntry, JobSpec } from '../domain/job-spec.ts';
import type { JobSignal } from '../domain/job-signal.ts';
import { isFinal } from '../domain/job-status.ts';
import type { HostIdentity, ProcessIdentity } from '../domain/process-identity.ts';
import type { ChannelGuard } from '../logs/log-event-bus.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import type { CancellationFacts } from '../storage/job-records.ts';
import type { JobStore } from '../storage/job-store.ts';
import type { ActiveJobs } from './active-jobs.ts';
import { Doorbell } from './doorbell.ts';
import { Containment } from './containment.ts';
import type { EndRequest } from './end-request.ts';
import { EndWatch, ReleasedError, type ShimWatch } from './end-watch.ts';
import { exitRecordTimeMs, readExitRecord } from './exit-record.ts';
import type { FamilyWatch } from './family-watch.ts';
import { jobEnvironment } from './job-environment.ts';
import { JobEnding } from './job-ending.ts';
import type { JobLife } from './job-life.ts';
import { openJobLogs, type JobLogs } from './job-logs.ts';
import { JobTree } from './job-tree.ts';
import { LaunchFailedError, type GatedProcess, type Launcher } from './launcher.ts';
import { LongTimer } from './long-timer.ts';
import type { OomKills } from './oom-kills.ts';
import {
  outcomeElsewhere,
  outcomeLost,
  outcomeOf,
  outcomeOfLaunchFailure,
  outcomeOfRequest,
  type Outcome,
} from './outcome.ts';
import { isAlive, type ProcessTable } from './process-table.ts';
import { signalGroup, signalProcess, type TreeRoot } from './process-tree.ts';
import type { SupervisorLog } from './supervisor-log.ts';
import { NO_HOLDER, type TreeHolder } from './tree-holder.ts';

/** How often an adopted shim, which is not our child, is looked at. Its exit record is watched; this only notices its death. */
const ADOPTED_POLL_MS = 1_000;

/** What a run uses. Owned by the supervisor. */
export interface JobRunPorts {
  readonly jobs: JobStore;
  readonly launcher: Launcher;
  readonly table: ProcessTable;
  readonly containment: Containment;
  readonly families: FamilyWatch;
  readonly activeJobs: ActiveJobs;
  readonly oomKills: OomKills;
  readonly host: HostIdentity;
  /** PATH, HOME, LANG: what every job's environment begins with. */
  readonly environment: readonly EnvEntry[];
  readonly log: SupervisorLog;
  readonly pass: PassCheckpoint;
  /** Aborts when the server lets go of its jobs; they live on and are adopted at the next start. */
  readonly released: AbortSignal;
}

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

/**
 * One job from its place in the queue, or from its adoption, to its outcome. It owns the job's channel.
 *
 * QUEUED: `cancel` ends it here. Then `run` or `resume` is called once, and everything that they acquire is released by
 * the same path, however they end: outcome, cancel, a throw, or the server letting go.
 * The end, in this order: exit record, tree swept, sinks drained, index, job directory, database, end of the channel.
 */
export class JobRun {
  readonly directory: JobDirectory;
  readonly spec: JobSpec;
  readonly #ports: JobRunPorts;
  readonly #life: JobLife;
  readonly #channel: ChannelGuard;
  readonly #bell = new Doorbell();
  #tree: JobTree | null = null;
  #startedAtMs: number | null = null;
  /** The same moment on the clock of `performance.now()`: timeouts are counted on it. */
  #startedMonotonicMs = 0;
  #gateOpen = false;
  /** Since the gate opened, or since the adoption. */
  #memoryRanOut = (): boolean => false;
  #ending: JobEnding;
  #ended = false;

  constructor(
    ports: JobRunPorts,
    life: JobLife,
    directory: JobDirectory,
    spec: JobSpec,
    channel: ChannelGuard,
  ) {
    this.#ports = ports;
    this.#life = life;
    this.directory = directory;
    this.spec = spec;
    this.#channel = channel;
    this.#ending = this.#newEnding(null);
  }

  get status() {
    return this.#life.status;
  }

  /** Runs a queued job to its end. Never rejects: what goes wrong becomes the job's outcome. */
  async run(): Promise<void> {
    await this.#guarded(async () => {
      const cookie = randomBytes(16).toString('hex');
      await this.#life.advance('STARTING', { reason: 'NONE', active: { cookie, host: this.#ports.host } });
      const environment = jobEnvironment(this.#ports.environment, this.spec, cookie);
      using process = await this.#ports.launcher.launch(this.directory, this.spec, environment);
      this.#ports.pass('SHIM_SPAWNED');
      const { shim, program } = process;
      await this.#life.recordIdentity({ cookie, host: this.#ports.host, shim, program });
      this.#ports.pass('IDENTITY_STORED');
      const root = { cookie, program, shim };
      using tree = this.#take(root, this.#hold(root));
      await this.#superviseLaunched(process, tree);
    });
  }

  /** Goes on with a job that a former server started. Never rejects. */
  async resume(former: ResumedRun): Promise<void> {
    await this.#guarded(async () => {
      this.#startedAtMs = former.startedAtMs;
      this.#startedMonotonicMs = former.startedMonotonicMs;
      this.#ending = this.#newEnding(former.endRequest, former.endRequestedMonotonicMs);
      if (former.root === null && former.startedAtMs === null)
        throw new LaunchFailedError(former.launchFailure);
      const elsewhere =
        former.root === null
          ? outcomeLost(
              'IDENTITY_GONE',
              'Nothing says who its processes were, so its outcome cannot be known.',
            )
          : outcomeElsewhere(former.host, this.#ports.host);
      if (elsewhere !== null && readExitRecord(this.directory.exitRecordPath).exitStatus === null) {
        await this.#concludeUnwatched(elsewhere);
        return;
      }
      this.#gateOpen = true;
      if (former.root === null || elsewhere !== null) {
        await this.#superviseAdopted(former.root, null);
        return;
      }
      using tree = this.#take(former.root, Containment.resume(this.directory, former.root));
      await this.#superviseAdopted(former.root, tree);
    });
  }

  /**
   * Ends the job; returns when the intent is stored. Of several requests the first counts; a later one only shortens the
   * grace period. A job that is over is left as it is.
   */
  async requestEnd(request: EndRequest): Promise<void> {
    if (isFinal(this.#life.status)) return;
    if (this.#ended) {
      this.#ending.hurry(request.gracePeriodMs);
      return;
    }
    if (!this.#ending.ask(request)) return;
    if (this.#life.status === 'QUEUED') {
      using _channel = this.#channel;
      await this.#conclude(outcomeOfRequest(request, null, false));
      return;
    }
    await this.#life.advance('CANCELLING', {
      reason: request.reason,
      cause: request.requestedBy,
      ...this.#cancellation(null),
    });
    this.#endIfAsked();
  }

  /** Signals the program's group, or the program alone while it is not yet in a group of its own. `false` if it does not run. */
  signal(signal: JobSignal): boolean {
    const program = this.#tree?.root.program;
    if (program === undefined || !this.#gateOpen || !isAlive(program)) return false;
    return signalGroup(program.pid, signal) || signalProcess(program, signal);
  }

  /** Lets go of a job that is still queued; its readers are released with the channel. */
  release(): void {
    this.#channel[Symbol.dispose]();
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    using _channel = this.#channel;
    try {
      using _active = this.#ports.activeJobs.enter(this.#life.jobId);
      try {
        await work();
      } catch (error) {
        if (error instanceof ReleasedError) return;
        if (error instanceof LaunchFailedError) await this.#conclude(this.#neverRan(error.message));
        else await this.#giveUp(error);
      }
    } catch (error) {
      this.#ports.log.failure(this.#life.jobId, 'the outcome of the job could not be stored', error);
    }
  }

  async #superviseLaunched(process: GatedProcess, tree: JobTree): Promise<void> {
    let shimEnded = false;
    process.onShimEnd(() => {
      shimEnded = true;
      this.#bell.ring();
    });
    using logs = this.#openLogs(false);
    if (this.#ending.request === null) {
      this.#memoryRanOut = this.#ports.oomKills.watch();
      this.#gateOpen = true;
      this.#startedAtMs = Date.now();
      this.#startedMonotonicMs = performance.now();
      process.openGate();
      this.#ports.pass('GATE_OPENED');
      if (this.#life.status === 'STARTING') {
        await this.#life.advance('RUNNING', {
          reason: 'NONE',
          facts: { pid: process.program.pid, startedAtMs: this.#startedAtMs },
        });
      }
      this.#endIfAsked();
    } else {
      process.closeGate();
    }
    await this.#untilEnd(logs, tree, { isAlive: () => !shimEnded });
  }

  /** @param tree `null` where the identities mean nothing here */
  async #superviseAdopted(root: TreeRoot | null, tree: JobTree | null): Promise<void> {
    this.#memoryRanOut = this.#ports.oomKills.watch();
    using logs = this.#openLogs(true);
    if (this.#life.status === 'STARTING' && readExitRecord(this.directory.exitRecordPath).started) {
      this.#startedAtMs ??= Math.round(Date.now() - (performance.now() - this.#startedMonotonicMs));
      await this.#life.advance('RUNNING', {
        reason: 'NONE',
        cause: 'found running after a restart of the server',
        facts: { pid: root?.program.pid, startedAtMs: this.#startedAtMs },
      });
    }
    this.#endIfAsked();
    await this.#untilEnd(logs, tree, {
      isAlive: () => tree !== null && isAlive(tree.root.shim),
      pollMs: ADOPTED_POLL_MS,
    });
  }

  async #untilEnd(logs: JobLogs, tree: JobTree | null, shim: ShimWatch): Promise<void> {
    using _timeout = this.#armTimeout();
    const { directory } = this;
    const { table, released } = this.#ports;
    using _family = tree === null || tree.isHeld ? undefined : this.#ports.families.add(tree);
    const endWatch = new EndWatch({ directory, table, tree, shim, bell: this.#bell, released });
    const record = await endWatch.end();
    this.#ports.pass('EXIT_SEEN');
    const memoryRanOut = this.#memoryRanOut();
    const writtenAtMs = exitRecordTimeMs(directory.exitRecordPath);
    const endedAtMs = record.exitStatus === null ? Date.now() : (writtenAtMs ?? Date.now());
    this.#ended = this.spec.onEnd === 'KILL_TREE';
    await this.#sweep(endWatch);
    await endWatch.drained();
    await logs.drained();
    const { request, killed } = this.#ending;
    const outcome = outcomeOf(record, request, killed, {
      recordIsGone: writtenAtMs === undefined,
      memoryRanOut,
    });
    await this.#conclude(outcome, endedAtMs);
  }

  /** Nothing of the job is left when this resolves, or only survivors that are in the report. */
  async #sweep(endWatch: EndWatch): Promise<void> {
    if (this.#tree === null || !this.#gateOpen) return;
    if (this.spec.onEnd === 'WAIT') await endWatch.treeEnd(() => this.#ending.request !== null);
    this.#ended = true;
    await this.#ending.sweep(this.#tree, this.spec.gracePeriodMs);
    if (this.#ports.released.aborted) throw new ReleasedError();
  }

  async #conclude(outcome: Outcome, finishedAtMs = Date.now()): Promise<void> {
    this.#ended = true;
    this.#removeLaunchFiles();
    const { status, reason, ...facts } = outcome;
    await this.#life.advance(status, {
      reason,
      cause: this.#ending.request?.requestedBy ?? null,
      facts: {
        ...facts,
        // The time of a file comes from a coarser clock: a short job would end before it began.
        finishedAtMs: Math.max(finishedAtMs, this.#startedAtMs ?? 0),
        ...(this.#tree === null || this.#startedAtMs === null
          ? {}
          : { pid: this.#tree.root.program.pid, startedAtMs: this.#startedAtMs }),
      },
      ...this.#cancellation(Date.now()),
    });
    this.#ports.log.ended(this.#life.jobId, outcome);
  }

  /** For a job of another boot or namespace: nothing of it can be here, and nothing is signalled. */
  async #concludeUnwatched(outcome: Outcome): Promise<void> {
    using logs = this.#openLogs(true);
    await logs.drained();
    await this.#conclude(outcome);
  }

  /** Something failed that must not: what runs is killed, since nobody would watch it, and the job says so. */
  async #giveUp(error: unknown): Promise<void> {
    this.#ports.log.failure(this.#life.jobId, 'the job could not be supervised any more', error);
    if (this.#tree !== null) {
      this.#ending.hurry(0);
      await this.#ending.sweep(this.#tree, 0);
    }
    const { exitStatus } = readExitRecord(this.directory.exitRecordPath);
    const message =
      'Lifeline failed while it supervised this job; what was left of it was killed. The log of the server says more.';
    const neverRan = this.#life.status === 'QUEUED' || this.#life.status === 'STARTING';
    if (neverRan) await this.#conclude(this.#neverRan(message));
    else await this.#conclude({ ...outcomeLost('NONE', message), exitCode: exitStatus });
  }

  /** A launch that failed, unless somebody had ended the job before. */
  #neverRan(message: string): Outcome {
    return this.#ending.request === null
      ? outcomeOfLaunchFailure(message)
      : outcomeOfRequest(this.#ending.request, null, false);
  }

  #openLogs(resumed: boolean): JobLogs {
    return openJobLogs(this.directory, this.#channel, resumed, {
      exitRecord: () => {
        this.#bell.ring();
      },
      anomaly: (anomaly) => {
        this.#ports.log.anomaly(this.#life.jobId, anomaly);
      },
      pass: this.#ports.pass,
    });
  }

  /** The caller owns the tree, and with it the holder. */
  #take(root: TreeRoot, holder: TreeHolder): JobTree {
    this.#tree = new JobTree(root, holder, this.directory.strayPath);
    return this.#tree;
  }

  #hold(root: TreeRoot): TreeHolder {
    try {
      return this.#ports.containment.hold(this.directory, root);
    } catch (error) {
      this.#ports.log.failure(
        this.#life.jobId,
        'nothing holds the processes of the job together; they are looked for',
        error,
      );
      return NO_HOLDER;
    }
  }

  #newEnding(request: EndRequest | null, requestedMonotonicMs?: number): JobEnding {
    const { table, released } = this.#ports;
    return new JobEnding(
      { table, released, onProgress: (facts) => this.#life.reportCancellation(facts) },
      request,
      requestedMonotonicMs,
    );
  }

  #endIfAsked(): void {
    if (this.#ending.request === null || this.#ending.hasBegun) return;
    if (!this.#gateOpen || this.#tree === null) return;
    void this.#ending.begin(this.#tree).then(
      () => {
        this.#bell.ring();
      },
      (error: unknown) => {
        this.#ports.log.failure(this.#life.jobId, 'the job could not be ended', error);
      },
    );
  }

  #cancellation(finishedAtMs: number | null): { readonly cancellation?: CancellationFacts } {
    const cancellation = this.#ending.facts(finishedAtMs);
    return cancellation === null ? {} : { cancellation };
  }

  #armTimeout(): Disposable | undefined {
    const { timeoutMs, gracePeriodMs } = this.spec;
    if (timeoutMs === null || this.#startedAtMs === null) return undefined;
    return new LongTimer(this.#startedMonotonicMs + timeoutMs - performance.now(), () => {
      void this.requestEnd({
        reason: 'TIMEOUT',
        gracePeriodMs,
        requestedBy: null,
        requestedAtMs: Date.now(),
      }).catch((error: unknown) => {
        this.#ports.log.failure(this.#life.jobId, 'the timeout of the job could not be stored', error);
      });
    });
  }

  /** Not before the end: the shim may still be about to read them. */
  #removeLaunchFiles(): void {
    rmSync(this.directory.launchScriptPath, { force: true });
    rmSync(this.directory.stdinPath, { force: true });
  }
}

export function processIdentity(pid: number | null, startTicks: bigint | null): ProcessIdentity | null {
  return pid === null || startTicks === null ? null : { pid, startTicks: Number(startTicks) };
}
