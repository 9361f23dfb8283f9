import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import type { PlainEnvEntry } from '../domain/env-entry.ts';
import { SecretsUnavailableError } from '../domain/errors.ts';
import type { JobSignal } from '../domain/job-signal.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import { isFinal } from '../domain/job-status.ts';
import type { ChannelGuard } from '../logs/log-event-bus.ts';
import { allocatedBytesNow } from '../storage/allocated-bytes.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import type { CancellationFacts } from '../storage/job-records.ts';
import { Containment } from './containment.ts';
import type { EndRequest } from './end-request.ts';
import { ReleasedError } from './end-watch.ts';
import { readExitRecord } from './exit-record.ts';
import { JobEnding } from './job-ending.ts';
import type { ErrandPlace } from './errand.ts';
import { errandPlace, jobEnvironment } from './job-environment.ts';
import type { LogPressure } from './job-logs.ts';
import type { JobLife } from './job-life.ts';
import type { JobRunPorts } from './job-run-ports.ts';
import { JobSupervision } from './job-supervision.ts';
import { JobTree } from './job-tree.ts';
import { LaunchFailedError } from './launcher.ts';
import { withLogLoss } from './log-loss.ts';
import {
  outcomeElsewhere,
  outcomeLost,
  outcomeOfLaunchFailure,
  outcomeOfRequest,
  type Outcome,
} from './outcome.ts';
import type { TreeRoot } from './process-tree.ts';
import type { ResumedRun } from './resumed-run.ts';
import { StartTime } from './start-time.ts';
import { StopCommand } from './stop-command.ts';
import { NO_HOLDER, type TreeHolder } from './tree-holder.ts';

/**
 * One job from its place in the queue, or from its adoption, to its outcome. It owns the job's channel, and its place among
 * those of its token.
 *
 * QUEUED: `cancel` ends it here. Then `run` or `resume` is called once, and everything that they acquire is released by
 * the same path, however they end: outcome, cancel, a throw, or the server letting go.
 * From its gate, or from its adoption, until nothing of it is left a `JobSupervision` goes on with it.
 * The end, in this order: exit record, tree swept, sinks drained, index, job directory, database, end of the channel.
 */
export class JobRun {
  readonly directory: JobDirectory;
  readonly spec: JobSpec;
  readonly #ports: JobRunPorts;
  readonly #life: JobLife;
  readonly #place: Disposable;
  readonly #channel: ChannelGuard;
  readonly #ending: JobEnding;
  readonly #start = new StartTime();
  #supervision: JobSupervision | null = null;

  constructor(
    ports: JobRunPorts,
    life: JobLife,
    directory: JobDirectory,
    spec: JobSpec,
    place: Disposable,
    channel: ChannelGuard,
  ) {
    this.#ports = ports;
    this.#life = life;
    this.directory = directory;
    this.spec = spec;
    this.#place = place;
    this.#channel = channel;
    const { table, released } = ports;
    this.#ending = new JobEnding({
      table,
      released,
      stopSignal: spec.stopSignal,
      runStopCommand: (root, onEnd) => this.#runStopCommand(root, onEnd),
      onProgress: (facts) => {
        life.reportCancellation(facts);
      },
    });
  }

  get status() {
    return this.#life.status;
  }

  /** Runs a queued job to its end. Never rejects: what goes wrong becomes the job's outcome. */
  async run(): Promise<void> {
    await this.#guarded(async () => {
      const cookie = randomBytes(16).toString('hex');
      await this.#life.advance('STARTING', { reason: 'NONE', active: { cookie, host: this.#ports.host } });
      const environment = this.#environment(cookie);
      using process = await this.#ports.launcher.launch(this.directory, this.spec, environment);
      this.#ports.pass('SHIM_SPAWNED');
      const { shim, program } = process;
      const root = { cookie, program, shim };
      using tree = new JobTree(root, await this.#holdAndRecord(root), this.directory.strayPath);
      await this.#supervise(tree).launched(process);
    });
  }

  /** Goes on with a job that a former server started. Never rejects. */
  async resume(former: ResumedRun): Promise<void> {
    await this.#guarded(async () => {
      this.#start.resume(former.startedAtMs, former.startedMonotonicMs);
      this.#ending.resume(former.endRequest, former.endRequestedMonotonicMs);
      if (former.root === null && former.startedAtMs === null)
        throw new LaunchFailedError(former.launchFailure);
      const afterLoss = former.host.bootId !== this.#ports.host.bootId;
      const elsewhere =
        former.root === null
          ? outcomeLost(
              'IDENTITY_GONE',
              'Nothing says who its processes were, so its outcome cannot be known.',
            )
          : outcomeElsewhere(former.host, this.#ports.host);
      if (elsewhere !== null && readExitRecord(this.directory.exitRecordPath).exitStatus === null) {
        await this.#supervise(null).unwatched(elsewhere, afterLoss);
        return;
      }
      if (former.root === null || elsewhere !== null) {
        await this.#supervise(null).adopted(former.root, afterLoss);
        return;
      }
      const holder = Containment.resume(this.directory, former.root);
      using tree = new JobTree(former.root, holder, this.directory.strayPath);
      await this.#supervise(tree).adopted(former.root, afterLoss);
    });
  }

  /**
   * Ends the job; returns when the intent is stored. Of several requests the first counts; a later one only shortens the
   * grace period. A job that is over is left as it is.
   */
  async requestEnd(request: EndRequest): Promise<void> {
    if (isFinal(this.#life.status)) return;
    if (!this.#ending.ask(request)) return;
    if (this.#life.status === 'QUEUED') {
      using _place = this.#place;
      using _channel = this.#channel;
      await this.#conclude(outcomeOfRequest(request, null, false));
      return;
    }
    await this.#life.advance('CANCELLING', {
      reason: request.reason,
      cause: request.requestedBy,
      ...this.#cancellation(null),
    });
    this.#supervision?.endIfAsked();
  }

  /** Signals the program's group, or the program alone while it is not yet in a group of its own. `false` if it does not run. */
  signal(signal: JobSignal): boolean {
    return this.#supervision?.signal(signal) ?? false;
  }

  /** Whether its log keeps within its bounds now; `null` before it runs. */
  get logPressure(): LogPressure | null {
    return this.#supervision?.logPressure ?? null;
  }

  /** In what a program is run beside its own; `null` while that does not run. */
  get errandPlace(): ErrandPlace | null {
    const root = this.#supervision?.tree?.root;
    return root === undefined ? null : this.#errandPlaceAt(root);
  }

  /** Lets go of a job that is still queued; its readers are released with the channel. */
  release(): void {
    using _place = this.#place;
    this.#channel[Symbol.dispose]();
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    using _place = this.#place;
    using _channel = this.#channel;
    try {
      using _active = this.#ports.queue.enter(this.#life.jobId, this.spec.concurrencyKey, this.spec.service);
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

  /** @param tree borrowed; `null` where its identities mean nothing here */
  #supervise(tree: JobTree | null): JobSupervision {
    this.#supervision = new JobSupervision(
      this.#ports,
      {
        life: this.#life,
        directory: this.directory,
        spec: this.spec,
        channel: this.#channel,
        ending: this.#ending,
        start: this.#start,
        requestEnd: async (request) => this.requestEnd(request),
        conclude: async (outcome, finishedAtMs) => this.#conclude(outcome, finishedAtMs),
      },
      tree,
    );
    return this.#supervision;
  }

  async #conclude(outcome: Outcome, finishedAtMs = Date.now()): Promise<void> {
    this.#ending.close();
    this.#removePassingFiles();
    const { status, reason, ...facts } = outcome;
    const pid = this.#supervision?.tree?.root.program.pid;
    const startedAtMs = this.#start.atMs;
    await this.#life.advance(status, {
      reason,
      cause: this.#ending.request?.requestedBy ?? null,
      facts: {
        ...facts,
        message: withLogLoss(facts.message ?? null, this.directory),
        // The time of a file comes from a coarser clock: a short job would end before it began.
        finishedAtMs: Math.max(finishedAtMs, startedAtMs ?? 0),
        allocatedBytes: allocatedBytesNow(this.directory.path),
        ...(pid === undefined || startedAtMs === null ? {} : { pid, startedAtMs }),
      },
      ...this.#cancellation(Date.now()),
    });
    this.#ports.log.ended(this.#life.jobId, outcome);
  }

  /** Something failed that must not: what runs is killed, since nobody would watch it, and the job says so. */
  async #giveUp(error: unknown): Promise<void> {
    this.#ports.log.failure(this.#life.jobId, 'the job could not be supervised any more', error);
    const tree = this.#supervision?.tree ?? null;
    if (tree !== null) {
      this.#ending.hurry(0);
      await this.#ending.sweep(tree, 0);
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

  /** All that the program gets. @throws LaunchFailedError where its secrets cannot be read */
  #environment(cookie: string): readonly PlainEnvEntry[] {
    try {
      return jobEnvironment(this.#ports.environment, this.spec, cookie, this.#ports.secrets);
    } catch (error) {
      if (!(error instanceof SecretsUnavailableError)) throw error;
      throw new LaunchFailedError(error.message, { cause: error });
    }
  }

  /** `null` where its secrets cannot be read: nothing is run without them. */
  #errandPlaceAt(root: TreeRoot): ErrandPlace | null {
    const { jobId } = this.#life;
    try {
      return errandPlace(this.#ports, jobId, this.spec, root);
    } catch (error) {
      if (!(error instanceof SecretsUnavailableError)) throw error;
      this.#ports.log.failure(jobId, 'neither probes nor a stop command can be run for the job', error);
      return null;
    }
  }

  #runStopCommand(root: TreeRoot, onEnd: () => void): StopCommand | null {
    const { stopCommand: command } = this.spec;
    if (command === null) return null;
    const place = this.#errandPlaceAt(root);
    if (place === null) return null;
    const { released } = this.#ports;
    return new StopCommand({ command, place, directory: this.directory, released, onEnd });
  }

  /** Takes hold of the processes, and says who they are, at once; the gate opens after both. */
  async #holdAndRecord(root: TreeRoot): Promise<TreeHolder> {
    const holding = this.#hold(root);
    try {
      const { cookie, shim, program } = root;
      await this.#life.recordIdentity({ cookie, host: this.#ports.host, shim, program });
      this.#ports.pass('IDENTITY_STORED');
      return await holding;
    } catch (error) {
      (await holding)[Symbol.dispose]();
      throw error;
    }
  }

  async #hold(root: TreeRoot): Promise<TreeHolder> {
    try {
      return await this.#ports.containment.hold(this.directory, root);
    } catch (error) {
      this.#ports.log.failure(
        this.#life.jobId,
        'nothing holds the processes of the job together; they are looked for',
        error,
      );
      return NO_HOLDER;
    }
  }

  #cancellation(finishedAtMs: number | null): { readonly cancellation?: CancellationFacts } {
    const cancellation = this.#ending.facts(finishedAtMs);
    return cancellation === null ? {} : { cancellation };
  }

  /** Not before the end: the shim may still be about to read them, and the log may still go on. */
  #removePassingFiles(): void {
    rmSync(this.directory.seqMarkPath, { force: true });
    rmSync(this.directory.launchScriptPath, { force: true });
    rmSync(this.directory.stdinPath, { force: true });
  }
}
