import type { JobSignal } from '../domain/job-signal.ts';
import type { JobSpec } from '../domain/job-spec.ts';
import type { LogAnomaly } from '../logs/errors.ts';
import type { ChannelGuard } from '../logs/log-event-bus.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { Doorbell } from './doorbell.ts';
import type { EndRequest } from './end-request.ts';
import { EndWatch, ReleasedError, type ShimWatch } from './end-watch.ts';
import { exitRecordTimeMs, readExitRecord } from './exit-record.ts';
import type { JobEnding } from './job-ending.ts';
import type { JobLife } from './job-life.ts';
import { openJobLogs, type JobLogs, type LogPressure } from './job-logs.ts';
import type { JobRunPorts } from './job-run-ports.ts';
import type { JobTree } from './job-tree.ts';
import type { GatedProcess } from './launcher.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import { isAlive } from './process-table.ts';
import { signalGroup, signalProcess, type TreeRoot } from './process-tree.ts';
import { Sinks } from './sinks.ts';
import type { StartTime } from './start-time.ts';

/** How often an adopted shim, which is not our child, is looked at. Its exit record is watched; this only notices its death. */
const ADOPTED_POLL_MS = 1_000;

/** What a run lends to its supervision. */
export interface SupervisedJob {
  readonly life: JobLife;
  readonly directory: JobDirectory;
  readonly spec: JobSpec;
  readonly channel: ChannelGuard;
  readonly ending: JobEnding;
  readonly start: StartTime;
  requestEnd(request: EndRequest): Promise<void>;
  /** Stores the outcome; everything of the job is over then. */
  conclude(outcome: Outcome, finishedAtMs?: number): Promise<void>;
}

/**
 * One job from its gate, or from its adoption, until nothing of it is left and its outcome is stored.
 *
 * States: made → `launched`, `adopted` or `unwatched`, one of them once. Each resolves when the outcome is stored.
 */
export class JobSupervision {
  /** Borrowed; `null` where its identities mean nothing here. */
  readonly tree: JobTree | null;
  readonly #job: SupervisedJob;
  readonly #ports: JobRunPorts;
  readonly #bell = new Doorbell();
  #gateOpen = false;
  #logs: JobLogs | null = null;
  /** Since the gate opened, or since the adoption. */
  #memoryRanOut = (): boolean => false;

  constructor(ports: JobRunPorts, job: SupervisedJob, tree: JobTree | null) {
    this.#ports = ports;
    this.#job = job;
    this.tree = tree;
  }

  /** Opens the gate, unless somebody has ended the job by now. */
  async launched(process: GatedProcess): Promise<void> {
    const { life, ending, start } = this.#job;
    let shimEnded = false;
    process.onShimEnd(() => {
      shimEnded = true;
      this.#bell.ring();
    });
    using logs = this.#openLogs('NEW');
    if (ending.request === null) {
      this.#memoryRanOut = this.#ports.oomKills.watch();
      this.#gateOpen = true;
      const startedAtMs = start.set();
      process.openGate();
      this.#ports.pass('GATE_OPENED');
      if (life.status === 'STARTING') {
        await life.advance('RUNNING', { reason: 'NONE', facts: { pid: process.program.pid, startedAtMs } });
      }
      this.endIfAsked();
    } else {
      process.closeGate();
    }
    await this.#untilEnd(logs, { isAlive: () => !shimEnded });
  }

  /**
   * @param root `null` where nothing says who its processes were
   * @param afterLoss whether the machine was restarted since
   */
  async adopted(root: TreeRoot | null, afterLoss: boolean): Promise<void> {
    const { life, directory, start } = this.#job;
    this.#gateOpen = true;
    this.#memoryRanOut = this.#ports.oomKills.watch();
    if (this.tree !== null) Sinks.releaseFormer(directory);
    using logs = this.#openLogs(afterLoss ? 'AFTER_LOSS' : 'RESUMED');
    if (life.status === 'STARTING' && readExitRecord(directory.exitRecordPath).started) {
      await life.advance('RUNNING', {
        reason: 'NONE',
        cause: 'found running after a restart of the server',
        facts: { pid: root?.program.pid, startedAtMs: start.infer() },
      });
    }
    this.endIfAsked();
    await this.#untilEnd(logs, {
      isAlive: () => this.tree !== null && isAlive(this.tree.root.shim),
      pollMs: ADOPTED_POLL_MS,
    });
  }

  /** For a job of another boot or namespace: nothing of it can be here, and nothing is signalled. */
  async unwatched(outcome: Outcome, afterLoss: boolean): Promise<void> {
    using logs = this.#openLogs(afterLoss ? 'AFTER_LOSS' : 'RESUMED');
    await logs.drained();
    await this.#job.conclude(outcome);
  }

  /** Whether the log keeps within its bounds now. */
  get logPressure(): LogPressure | null {
    return this.#logs?.pressure ?? null;
  }

  /** Signals the program's group, or the program alone while it is not yet in a group of its own. `false` if it does not run. */
  signal(signal: JobSignal): boolean {
    const program = this.tree?.root.program;
    if (program === undefined || !this.#gateOpen || !isAlive(program)) return false;
    return signalGroup(program.pid, signal) || signalProcess(program, signal);
  }

  /** Begins to end the job, where that was asked for and there is something to end. */
  endIfAsked(): void {
    const { ending, life } = this.#job;
    if (ending.request === null || ending.hasBegun) return;
    if (!this.#gateOpen || this.tree === null) return;
    void ending.begin(this.tree).then(
      () => {
        this.#bell.ring();
      },
      (error: unknown) => {
        this.#ports.log.failure(life.jobId, 'the job could not be ended', error);
      },
    );
  }

  async #untilEnd(logs: JobLogs, shim: ShimWatch): Promise<void> {
    using _timeout = this.#armTimeout();
    const { tree } = this;
    const { directory, spec, ending } = this.#job;
    const { table, released } = this.#ports;
    using _family = tree === null || tree.isHeld ? undefined : this.#ports.families.add(tree);
    const endWatch = new EndWatch({ directory, table, tree, shim, bell: this.#bell, released });
    const record = await endWatch.end();
    this.#ports.pass('EXIT_SEEN');
    const memoryRanOut = this.#memoryRanOut();
    const writtenAtMs = exitRecordTimeMs(directory.exitRecordPath);
    const endedAtMs = record.exitStatus === null ? Date.now() : (writtenAtMs ?? Date.now());
    if (spec.onEnd === 'KILL_TREE') ending.close();
    await this.#sweep(endWatch);
    // Nothing of the job lives that could write on: what is in the pipes is all that comes.
    logs.letGo();
    await endWatch.drained();
    await logs.drained();
    const { request, killed } = ending;
    const evidence = { recordIsGone: writtenAtMs === undefined, memoryRanOut };
    await this.#job.conclude(outcomeOf(record, request, killed, evidence), endedAtMs);
  }

  /** Nothing of the job is left when this resolves, or only survivors that are in the report. */
  async #sweep(endWatch: EndWatch): Promise<void> {
    if (this.tree === null || !this.#gateOpen) return;
    const { spec, ending } = this.#job;
    if (spec.onEnd === 'WAIT') await endWatch.treeEnd(() => ending.request !== null);
    ending.close();
    await ending.sweep(this.tree, spec.gracePeriodMs);
    if (this.#ports.released.aborted) throw new ReleasedError();
  }

  /** Ends the job for itself, not for somebody. */
  #endFor(reason: 'TIMEOUT' | 'LOG_LIMIT'): void {
    const { spec, life } = this.#job;
    const { gracePeriodMs } = spec;
    this.#job
      .requestEnd({ reason, gracePeriodMs, requestedBy: null, requestedAtMs: Date.now() })
      .catch((error: unknown) => {
        this.#ports.log.failure(life.jobId, `the end for ${reason} could not be stored`, error);
      });
  }

  #armTimeout(): Disposable | undefined {
    const { spec, start } = this.#job;
    if (spec.timeoutMs === null || start.atMs === null) return undefined;
    return start.timer(spec.timeoutMs, () => {
      this.#endFor('TIMEOUT');
    });
  }

  #openLogs(state: 'NEW' | 'RESUMED' | 'AFTER_LOSS'): JobLogs {
    const { directory, channel, spec, life } = this.#job;
    const { log, pass, share, settler, puncher, masks } = this.#ports;
    this.#logs = openJobLogs({
      directory,
      channel,
      resumed: state !== 'NEW',
      afterLoss: state === 'AFTER_LOSS',
      bounds: {
        maxBytes: spec.maxLogBytes,
        overflow: spec.logOverflow,
        puncher,
        brake: this.tree === null ? null : new Sinks(directory, this.tree.root.shim, pass),
      },
      on: {
        exitRecord: () => {
          this.#bell.ring();
        },
        anomaly: (anomaly: LogAnomaly) => {
          log.anomaly(life.jobId, anomaly);
        },
        limit: () => {
          this.#endFor('LOG_LIMIT');
        },
      },
      masks,
      share,
      settler,
      pass,
    });
    return this.#logs;
  }
}
