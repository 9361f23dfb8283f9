import type { Clock } from '../../domain/clock.ts';
import { LifelineError, ServerStoppingError } from '../../domain/errors.ts';
import type { JobId } from '../../domain/job-id.ts';
import type { PendingRun } from '../../domain/scheduled-run.ts';
import type { PendingRunEnd, SchedulePosition, ScheduleStep } from '../../storage/scheduled-run-records.ts';
import { decideRuns, MOST_CAUGHT_UP, ON_TIME_MS, written } from './decide-runs.ts';
import { ScheduleTimes } from './schedule-times.ts';
import type { RunStarter, ScheduledService, SchedulerLog, ScheduleStore } from './scheduler-ports.ts';

/** The longest wait of one timer: it is on the monotonic clock, and the wall clock may jump, or the machine sleep. */
const LONGEST_WAIT_MS = 60_000;
/** The pause before what failed (a full disk) is tried again; it doubles up to the longest wait. */
const FIRST_PAUSE_MS = 1_000;
/** A wall clock this far behind what has been decided had been wrong then, and is right now. */
const WRONG_CLOCK_MS = 24 * 3_600_000;

export interface KeeperPorts {
  readonly store: ScheduleStore;
  readonly starter: RunStarter;
  readonly clock: Clock;
  readonly log: SchedulerLog;
  /** After so many milliseconds the wall clock is looked at, at the latest. Default: a minute. */
  readonly longestWaitMs?: number;
}

/**
 * Keeps the schedule of one service.
 *
 * States: open → each wake (a timer, the end of a run) makes a turn, one after the other → closed, by `release`, a server
 * that stops, or a position that another has moved.
 * A turn: what may have become a job is looked up, what is due is decided and stored, what may begin becomes a job. It
 * looks at the rows alone, so that a server that dies between any two steps comes to the same at its next start. A run
 * becomes one job at the most, since the database takes one for each time that was due.
 */
export class ScheduleKeeper {
  readonly #service: ScheduledService;
  readonly #ports: KeeperPorts;
  readonly #times: ScheduleTimes;
  /** Of those that are pending: a job may be there already, made by a former server or in a turn that failed. */
  readonly #unsure: Set<number>;
  #pending: readonly PendingRun[];
  #decidedToMs: number;
  #timer: Disposable | undefined;
  #turns: Promise<void> | undefined;
  #isWanted = false;
  #isClosed = false;
  #failures = 0;

  private constructor(service: ScheduledService, ports: KeeperPorts, position: SchedulePosition) {
    this.#service = service;
    this.#ports = ports;
    this.#times = new ScheduleTimes(service.schedule.time);
    this.#decidedToMs = position.decidedToMs;
    this.#pending = position.pending;
    this.#unsure = new Set(position.pending.map(({ dueAtMs }) => dueAtMs));
  }

  /** Goes on where the service stands; `null` where there is no such service. The caller owns it. */
  static async open(service: ScheduledService, ports: KeeperPorts): Promise<ScheduleKeeper | null> {
    const position = await ports.store.open(service.id, ports.clock.nowMs());
    if (position === null) return null;
    const keeper = new ScheduleKeeper(service, ports, position);
    keeper.wake();
    return keeper;
  }

  /** Looks whether anything is to be done, now or after the turn that goes on. */
  wake(): void {
    if (this.#isClosed) return;
    this.#isWanted = true;
    this.#turns ??= this.#takeTurns();
  }

  /** Nothing is started after this has resolved. */
  async release(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    await this.#turns;
  }

  async #takeTurns(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    while (this.#isWanted && !this.#isClosed) {
      this.#isWanted = false;
      try {
        await this.#turn();
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        if (this.#failures === 1)
          this.#ports.log.failure(this.#service.name, 'its schedule cannot be kept for now', error);
      }
    }
    this.#turns = undefined;
    if (!this.#isClosed) this.#wait();
  }

  #wait(): void {
    const nextMs = this.#times.next(this.#decidedToMs) ?? Infinity;
    if (nextMs === Infinity && this.#pending.length === 0) return;
    const untilDueMs = nextMs - this.#ports.clock.nowMs();
    const { longestWaitMs = LONGEST_WAIT_MS } = this.#ports;
    const wishedMs = this.#failures === 0 ? untilDueMs : FIRST_PAUSE_MS * 2 ** (this.#failures - 1);
    const waitMs = Math.max(0, Math.min(longestWaitMs, wishedMs));
    this.#timer = this.#ports.clock.after(waitMs, () => {
      if (this.#hasWork()) this.wake();
      else this.#wait();
    });
  }

  #hasWork(): boolean {
    const nowMs = this.#ports.clock.nowMs();
    const nextMs = this.#times.next(this.#decidedToMs);
    const isDue = nextMs !== null && nextMs <= nowMs;
    return isDue || this.#pending.length > 0 || this.#decidedToMs - nowMs > WRONG_CLOCK_MS;
  }

  async #turn(): Promise<void> {
    await this.#settleUnsure();
    await this.#decide();
    await this.#begin();
  }

  async #settleUnsure(): Promise<void> {
    for (const dueAtMs of this.#unsure) {
      const jobId = await this.#ports.store.jobOf(this.#service.id, dueAtMs);
      if (jobId !== null) await this.#settle(dueAtMs, { jobId });
      this.#unsure.delete(dueAtMs);
    }
  }

  async #decide(): Promise<void> {
    const { store, clock } = this.#ports;
    const { id, schedule } = this.#service;
    const nowMs = clock.nowMs();
    const fromMs = this.#decidedToMs;
    if (fromMs - nowMs > WRONG_CLOCK_MS) {
      await this.#step({ fromMs, toMs: nowMs, decidedAtMs: nowMs, runs: [] });
      return;
    }
    const due = this.#times.between(fromMs, nowMs, MOST_CAUGHT_UP);
    await this.#missStale(nowMs, due.newest.length > 0);
    const toMs = due.newest.at(-1);
    if (toMs === undefined) return;
    const unfinished = await store.unfinishedRuns(id);
    const { runs, pending } = decideRuns({ schedule, due, nowMs, unfinished, pending: this.#pending });
    if (await this.#step({ fromMs, toMs, decidedAtMs: nowMs, runs })) this.#pending = pending;
  }

  /** What was to begin at once, and has not by now, is missed like what could not be decided in time. */
  async #missStale(nowMs: number, isNewerDue: boolean): Promise<void> {
    const { catchUp } = this.#service.schedule;
    if (catchUp === 'ALL' || (catchUp === 'LAST' && !isNewerDue)) return;
    for (const { dueAtMs, outcome } of this.#pending) {
      if (outcome !== 'STARTED' || nowMs - dueAtMs <= ON_TIME_MS) continue;
      const why = `it had not begun by ${written(nowMs)}: no server was there, or it could not be started; catchUp is ${catchUp}`;
      await this.#settle(dueAtMs, { outcome: 'MISSED', why });
    }
  }

  async #step(step: ScheduleStep): Promise<boolean> {
    const isStored = await this.#ports.store.step(this.#service.id, step);
    if (isStored) this.#decidedToMs = step.toMs;
    else this.#isClosed = true;
    return isStored;
  }

  /** What is pending becomes a job, in order, each when nothing of the service runs. */
  async #begin(): Promise<void> {
    for (;;) {
      const [run] = this.#pending;
      if (run === undefined || this.#isClosed) return;
      const unfinished = await this.#ports.store.unfinishedRuns(this.#service.id);
      if (unfinished.length > 0) {
        if (run.outcome === 'REPLACED') await this.#cancel(unfinished, run);
        return;
      }
      await this.#start(run);
    }
  }

  async #start({ dueAtMs }: PendingRun): Promise<void> {
    const { starter, log } = this.#ports;
    const { id, name } = this.#service;
    this.#unsure.add(dueAtMs);
    try {
      const jobId = await starter.startRun(id, dueAtMs);
      await this.#settle(dueAtMs, { jobId });
    } catch (error) {
      if (error instanceof ServerStoppingError) {
        this.#isClosed = true;
        return;
      }
      if (!(error instanceof LifelineError)) throw error;
      log.failure(name, `the run of ${written(dueAtMs)} was refused`, error);
      await this.#settle(dueAtMs, { outcome: 'REFUSED', why: error.message });
    }
    this.#unsure.delete(dueAtMs);
  }

  async #cancel(unfinished: readonly JobId[], run: PendingRun): Promise<void> {
    const requestedBy = `replaced by the run of ${written(run.dueAtMs)}`;
    for (const jobId of unfinished) await this.#ports.starter.cancelRun(jobId, requestedBy);
  }

  async #settle(dueAtMs: number, end: PendingRunEnd): Promise<void> {
    await this.#ports.store.settle(this.#service.id, dueAtMs, end);
    this.#pending = this.#pending.filter((run) => run.dueAtMs !== dueAtMs);
  }
}
