import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { EnvEntry, JobSpec } from '../domain/job-spec.ts';
import { isFinal, type JobReason } from '../domain/job-status.ts';
import type { HostIdentity, ProcessIdentity } from '../domain/process-identity.ts';
import { DirectoryWatch } from '../logs/directory-watch.ts';
import type { ChannelGuard } from '../logs/log-event-bus.ts';
import { Tailer } from '../logs/tailer.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import type { CancellationFacts, JobStore } from '../storage/job-store.ts';
import type { ActiveJobs } from './active-jobs.ts';
import { Doorbell } from './doorbell.ts';
import { exitRecordTimeMs, readExitRecord, type ExitRecord } from './exit-record.ts';
import type { JobLife } from './job-life.ts';
import { COOKIE_NAME } from './job-request.ts';
import { LaunchFailedError, type GatedProcess, type Launcher } from './launcher.ts';
import { LongTimer } from './long-timer.ts';
import { outcomeLost, outcomeOfCancellation, outcomeOfExit, outcomeOfLaunchFailure, type Outcome } from './outcome.ts';
import { isAlive, type ProcessTable } from './process-table.ts';
import { signalGroup, signalProcess, treeMembers, type TreeRoot } from './process-tree.ts';
import type { SupervisorLog } from './supervisor-log.ts';
import { TreeTermination } from './tree-termination.ts';

/** How often an adopted shim, which is not our child, is looked at. Its exit record is watched; this only notices its death. */
const ADOPTED_POLL_MS = 1_000;
/** How often the rest of a job without a shim is looked at. */
const ORPHAN_POLL_MS = 250;
/** How long the sinks may take to write the rest once nothing of the job lives. */
const DRAIN_LIMIT_MS = 5_000;

/** What a run uses. Owned by the supervisor. */
export interface JobRunPorts {
  readonly jobs: JobStore;
  readonly launcher: Launcher;
  readonly table: ProcessTable;
  readonly activeJobs: ActiveJobs;
  readonly host: HostIdentity;
  /** PATH, HOME, LANG: what every job's environment begins with. */
  readonly environment: readonly EnvEntry[];
  readonly log: SupervisorLog;
  /** Aborts when the server lets go of its jobs; they live on and are adopted at the next start. */
  readonly released: AbortSignal;
}

/** Who ends a job, why, and how long it may take. */
export interface EndRequest {
  readonly reason: Extract<JobReason, 'CANCEL_REQUESTED' | 'TIMEOUT' | 'SERVER_STOPPED'>;
  readonly gracePeriodMs: number;
  readonly requestedBy: string | null;
  readonly requestedAtMs: number;
}

/** A run that goes on where a former server left it. */
export interface ResumedRun {
  /** `null` where the former server did not get to record it: the gate never opened. */
  readonly root: TreeRoot | null;
  readonly host: HostIdentity;
  readonly startedAtMs: number | null;
  readonly endRequest: EndRequest | null;
}

/** The server let go of the job; it is not over. */
class ReleasedError extends Error {}

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
  #root: TreeRoot | null = null;
  #startedAtMs: number | null = null;
  #gateOpen = false;
  #endRequest: EndRequest | null = null;
  #termination: TreeTermination | null = null;
  #ended = false;

  constructor(ports: JobRunPorts, life: JobLife, directory: JobDirectory, spec: JobSpec, channel: ChannelGuard) {
    this.#ports = ports;
    this.#life = life;
    this.directory = directory;
    this.spec = spec;
    this.#channel = channel;
  }

  get status() {
    return this.#life.status;
  }

  /** Runs a queued job to its end. Never rejects: what goes wrong becomes the job's outcome. */
  async run(): Promise<void> {
    await this.#guarded(async () => {
      const cookie = randomBytes(16).toString('hex');
      await this.#life.advance('STARTING', { reason: 'NONE', active: { cookie, host: this.#ports.host } });
      const environment = [...merge(this.#ports.environment, this.spec.env), { name: COOKIE_NAME, value: cookie }];
      if (this.spec.unbuffered) environment.push({ name: 'PYTHONUNBUFFERED', value: '1' });
      using process = await this.#ports.launcher.launch(this.directory, this.spec, environment);
      await this.#ports.jobs.recordIdentity(this.#life.jobId, process.shim, process.program);
      this.#root = { cookie, program: process.program, shim: process.shim };
      await this.#superviseLaunched(process);
    });
  }

  /** Goes on with a job that a former server started. Never rejects. */
  async resume(former: ResumedRun): Promise<void> {
    await this.#guarded(async () => {
      this.#startedAtMs = former.startedAtMs;
      this.#endRequest = former.endRequest;
      if (former.root === null) throw new LaunchFailedError('The server ended before the program could start.');
      const foreign = foreignHost(former.host, this.#ports.host);
      if (foreign !== null && readExitRecord(this.directory.exitRecordPath).exitStatus === null) {
        await this.#concludeUnwatched(foreign);
        return;
      }
      if (foreign === null) this.#root = former.root;
      this.#gateOpen = true;
      await this.#superviseAdopted(former.root);
    });
  }

  /**
   * Ends the job; returns when the intent is stored. Of several requests the first counts; a later one only shortens the
   * grace period. A job that is over is left as it is.
   */
  async requestEnd(request: EndRequest): Promise<void> {
    if (isFinal(this.#life.status)) return;
    if (this.#ended || this.#endRequest !== null) {
      this.#termination?.hurry(request.gracePeriodMs);
      return;
    }
    this.#endRequest = request;
    if (this.#life.status === 'QUEUED') {
      using _channel = this.#channel;
      const outcome = outcomeOfCancellation(request.reason, null, false);
      const atMs = Date.now();
      await this.#life.advance('CANCELLED', {
        reason: request.reason,
        ...causedBy(request),
        facts: { message: outcome.message, finishedAtMs: atMs },
        cancellation: { ...this.#cancellation(request), finishedAtMs: atMs },
      });
      return;
    }
    await this.#life.advance('CANCELLING', {
      reason: request.reason,
      ...causedBy(request),
      cancellation: this.#cancellation(request),
    });
    this.#terminateIfAsked();
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
        if (error instanceof LaunchFailedError) await this.#conclude(outcomeOfLaunchFailure(error.message));
        else await this.#giveUp(error);
      }
    } catch (error) {
      this.#ports.log.failure(this.#life.jobId, 'the outcome of the job could not be stored', error);
    }
  }

  async #superviseLaunched(process: GatedProcess): Promise<void> {
    let shimEnded = false;
    process.onShimEnd(() => {
      shimEnded = true;
      this.#bell.ring();
    });
    using logs = this.#openLogs(false);
    if (this.#endRequest === null) {
      this.#gateOpen = true;
      process.openGate();
      this.#startedAtMs = Date.now();
      if (this.#life.status === 'STARTING') {
        await this.#life.advance('RUNNING', {
          reason: 'NONE',
          facts: { pid: process.program.pid, startedAtMs: this.#startedAtMs },
        });
      }
      this.#terminateIfAsked();
    } else {
      process.closeGate();
    }
    await this.#untilEnd(logs.tailer, () => !shimEnded);
  }

  async #superviseAdopted(root: TreeRoot): Promise<void> {
    using logs = this.#openLogs(true);
    if (this.#life.status === 'STARTING' && readExitRecord(this.directory.exitRecordPath).started) {
      this.#startedAtMs ??= Date.now();
      await this.#life.advance('RUNNING', {
        reason: 'NONE',
        cause: 'found running after a restart of the server',
        facts: { pid: root.program.pid, startedAtMs: this.#startedAtMs },
      });
    }
    this.#terminateIfAsked();
    await this.#untilEnd(logs.tailer, () => this.#root !== null && isAlive(root.shim), ADOPTED_POLL_MS);
  }

  /** One watch of the directory serves the log files and the exit record. */
  #openLogs(resumed: boolean): Disposable & { readonly tailer: Tailer } {
    const tailer = new Tailer({ directory: this.directory, channel: this.#channel, resumed });
    try {
      const watch = new DirectoryWatch(this.directory.path, (fileName) => {
        tailer.poke();
        if (fileName === null || fileName === 'exit') this.#bell.ring();
      });
      tailer.poke();
      return {
        tailer,
        [Symbol.dispose]: () => {
          watch[Symbol.dispose]();
          tailer[Symbol.dispose]();
        },
      };
    } catch (error) {
      tailer[Symbol.dispose]();
      throw error;
    }
  }

  async #untilEnd(tailer: Tailer, shimIsAlive: () => boolean, pollMs?: number): Promise<void> {
    using _timeout = this.#armTimeout();
    const record = await this.#awaitEnd(shimIsAlive, pollMs);
    this.#ended = true;
    const endedAtMs = exitRecordTimeMs(this.directory.exitRecordPath) ?? Date.now();
    await this.#sweep();
    await this.#awaitDrained(shimIsAlive);
    await tailer.drain();
    await this.#conclude(this.#outcome(record), endedAtMs);
  }

  /** Resolves with the record once it has an end, or once nobody is left who could write one. */
  async #awaitEnd(shimIsAlive: () => boolean, pollMs: number | undefined): Promise<ExitRecord> {
    for (;;) {
      const shimWasAlive = shimIsAlive();
      const record = readExitRecord(this.directory.exitRecordPath);
      if (record.exitStatus !== null || record.aborted) return record;
      if (shimWasAlive) await this.#bell.wait(this.#ports.released, pollMs);
      else if (await this.#somethingIsLeft()) await this.#bell.wait(this.#ports.released, ORPHAN_POLL_MS);
      else return readExitRecord(this.directory.exitRecordPath);
      this.#stopIfReleased();
    }
  }

  /** Whether the program, or a part of the shim that could still write the record, is alive. */
  async #somethingIsLeft(): Promise<boolean> {
    const root = this.#root;
    if (root === null) return false;
    const snapshot = await this.#ports.table.scan();
    for (const process of snapshot.processes.values()) {
      if (process.sessionId === root.shim.pid && process.startTicks >= root.shim.startTicks) return true;
    }
    return treeMembers(snapshot, root).some((process) => process.pid === root.program.pid);
  }

  async #sweep(): Promise<void> {
    if (this.#root === null || !this.#gateOpen) return;
    if (this.spec.onEnd === 'WAIT') await this.#awaitTreeEnd(this.#root);
    this.#termination ??= this.#newTermination(this.#root, this.spec.gracePeriodMs);
    this.#termination.poke();
    await this.#termination.run();
    this.#stopIfReleased();
  }

  /** For `onEnd: WAIT`: the job is over when its whole tree is, or when somebody ends it. */
  async #awaitTreeEnd(root: TreeRoot): Promise<void> {
    this.#ended = false;
    for (let empty = 0; empty < 2 && this.#endRequest === null; ) {
      if (treeMembers(await this.#ports.table.scan(), root).length === 0) {
        empty += 1;
        continue;
      }
      empty = 0;
      await this.#bell.wait(this.#ports.released, ORPHAN_POLL_MS);
      this.#stopIfReleased();
    }
    this.#ended = true;
  }

  /** Waits for the sinks; ends them if something that was not found keeps their pipes open. */
  async #awaitDrained(shimIsAlive: () => boolean): Promise<void> {
    const limitMs = performance.now() + DRAIN_LIMIT_MS;
    while (!readExitRecord(this.directory.exitRecordPath).drained && performance.now() < limitMs) {
      if (!shimIsAlive() && !(await this.#sinksAreLeft())) return;
      await this.#bell.wait(this.#ports.released, ORPHAN_POLL_MS);
      this.#stopIfReleased();
    }
    const shim = this.#root?.shim;
    if (shim !== undefined && isAlive(shim) && !readExitRecord(this.directory.exitRecordPath).drained) {
      signalGroup(shim.pid, 'SIGKILL');
      signalProcess(shim, 'SIGKILL');
    }
  }

  async #sinksAreLeft(): Promise<boolean> {
    const shim = this.#root?.shim;
    if (shim === undefined) return false;
    const { processes } = await this.#ports.table.scan();
    return [...processes.values()].some((process) => process.sessionId === shim.pid && process.startTicks >= shim.startTicks);
  }

  #outcome(record: ExitRecord): Outcome {
    const killed = (this.#termination?.killedAtMs ?? null) !== null;
    if (this.#life.status === 'CANCELLING' && this.#endRequest !== null) {
      return outcomeOfCancellation(this.#endRequest.reason, record.aborted ? null : record.exitStatus, killed);
    }
    if (record.aborted) return outcomeOfLaunchFailure('The server ended before the program could start.');
    if (record.exitStatus !== null) return outcomeOfExit(record.exitStatus);
    return outcomeLost('IDENTITY_GONE', 'The program is gone and nobody saw how it ended: its shim was gone, too.');
  }

  async #conclude(outcome: Outcome, finishedAtMs = Date.now()): Promise<void> {
    this.#ended = true;
    this.#removeLaunchFiles();
    const request = this.#endRequest;
    const final =
      request !== null && outcome.reason === 'LAUNCH_FAILED' && this.#life.status === 'CANCELLING'
        ? outcomeOfCancellation(request.reason, null, false)
        : outcome;
    const { status, reason, ...facts } = final;
    await this.#life.advance(status, {
      reason,
      facts: {
        ...facts,
        finishedAtMs,
        ...(this.#root === null || this.#startedAtMs === null ? {} : { pid: this.#root.program.pid, startedAtMs: this.#startedAtMs }),
      },
      ...(request === null ? {} : { cancellation: { ...this.#cancellation(request), finishedAtMs: Date.now() } }),
    });
    this.#ports.log.ended(this.#life.jobId, final);
  }

  /** For a job of another boot or namespace: nothing of it can be here, and nothing is signalled. */
  async #concludeUnwatched(outcome: Outcome): Promise<void> {
    using logs = this.#openLogs(true);
    await logs.tailer.drain();
    await this.#conclude(outcome);
  }

  /** Something failed that must not: what runs is killed, since nobody would watch it, and the job says so. */
  async #giveUp(error: unknown): Promise<void> {
    this.#ports.log.failure(this.#life.jobId, 'the job could not be supervised any more', error);
    if (this.#root !== null) {
      this.#termination ??= this.#newTermination(this.#root, 0);
      this.#termination.hurry(0);
      await this.#termination.run();
    }
    const { exitStatus } = readExitRecord(this.directory.exitRecordPath);
    const message = 'Lifeline failed while it supervised this job; what was left of it was killed. The log of the server says more.';
    const neverRan = this.#life.status === 'QUEUED' || this.#life.status === 'STARTING';
    if (neverRan) await this.#conclude(outcomeOfLaunchFailure(message));
    else await this.#conclude({ ...outcomeLost('NONE', message), exitCode: exitStatus });
  }

  #terminateIfAsked(): void {
    if (this.#endRequest === null || !this.#gateOpen || this.#root === null || this.#termination !== null) return;
    const sinceMs = Math.max(0, Date.now() - this.#endRequest.requestedAtMs);
    this.#termination = this.#newTermination(this.#root, Math.max(0, this.#endRequest.gracePeriodMs - sinceMs));
    void this.#termination.run().then(
      () => {
        this.#bell.ring();
      },
      (error: unknown) => {
        this.#ports.log.failure(this.#life.jobId, 'the job could not be ended', error);
      },
    );
  }

  #newTermination(root: TreeRoot, gracePeriodMs: number): TreeTermination {
    return new TreeTermination(this.#ports.table, root, gracePeriodMs, this.#ports.released);
  }

  #cancellation(request: EndRequest): CancellationFacts {
    return {
      reason: request.reason,
      requestedAtMs: request.requestedAtMs,
      requestedBy: request.requestedBy,
      gracePeriodMs: request.gracePeriodMs,
      killedAtMs: this.#termination?.killedAtMs ?? null,
      finishedAtMs: null,
      containment: 'BEST_EFFORT',
      processes: this.#termination?.processes ?? [],
    };
  }

  #armTimeout(): Disposable | undefined {
    const { timeoutMs, gracePeriodMs } = this.spec;
    if (timeoutMs === null || this.#startedAtMs === null) return undefined;
    return new LongTimer(this.#startedAtMs + timeoutMs - Date.now(), () => {
      void this.requestEnd({ reason: 'TIMEOUT', gracePeriodMs, requestedBy: null, requestedAtMs: Date.now() }).catch(
        (error: unknown) => {
          this.#ports.log.failure(this.#life.jobId, 'the timeout of the job could not be stored', error);
        },
      );
    });
  }

  /** Not before the end: the shim may still be about to read them. */
  #removeLaunchFiles(): void {
    rmSync(this.directory.launchScriptPath, { force: true });
    rmSync(this.directory.stdinPath, { force: true });
  }

  #stopIfReleased(): void {
    if (this.#ports.released.aborted) throw new ReleasedError();
  }
}

/** Why nothing of a job can be here: another boot, or another pid namespace. */
function foreignHost(then: HostIdentity, now: HostIdentity): Outcome | null {
  if (then.bootId !== now.bootId) {
    return outcomeLost('HOST_REBOOTED', 'The machine was restarted while the job ran, so its outcome cannot be known.');
  }
  if (then.pidNamespace !== now.pidNamespace) {
    return outcomeLost('IDENTITY_GONE', 'The job ran in another container or pid namespace, so its outcome cannot be known.');
  }
  return null;
}

/** Entries of the request replace defaults of the same name. */
function merge(defaults: readonly EnvEntry[], given: readonly EnvEntry[]): EnvEntry[] {
  const names = new Set(given.map((entry) => entry.name));
  return [...defaults.filter((entry) => !names.has(entry.name)), ...given];
}

function causedBy(request: EndRequest): { readonly cause?: string } {
  return request.requestedBy === null ? {} : { cause: request.requestedBy };
}

export function processIdentity(pid: number | null, startTicks: bigint | null): ProcessIdentity | null {
  return pid === null || startTicks === null ? null : { pid, startTicks: Number(startTicks) };
}
