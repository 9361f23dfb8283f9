import type { JobId } from '../../domain/job-id.ts';
import type { DecidedRun, PendingRun, ScheduledRunOutcome } from '../../domain/scheduled-run.ts';
import type { CatchUpRule, OverlapRule, Schedule } from '../../domain/service-definition.ts';
import type { DueTimes } from './schedule-times.ts';

/** A run that begins no later than this after its time is on time; one that did not is missed. */
export const ON_TIME_MS = 60_000;
/** How many missed runs are made up for at the most, the newest of them. */
export const MOST_CAUGHT_UP = 100;

/** How a service and its schedule stand when runs are due. */
export interface DueSituation {
  readonly schedule: Pick<Schedule, 'overlap' | 'catchUp'>;
  readonly due: DueTimes;
  readonly nowMs: number;
  /** The jobs of the service that have not ended. */
  readonly unfinished: readonly JobId[];
  /** Runs that are to become jobs, in order. */
  readonly pending: readonly PendingRun[];
}

export interface RunDecisions {
  /** Each is a row: runs that were due, and those that were pending and will not be. */
  readonly runs: readonly DecidedRun[];
  /** What is pending from now on, in order. */
  readonly pending: readonly PendingRun[];
}

/** What becomes of runs that are due, by the rules for what was missed, then by those for what overlaps. Pure. */
export function decideRuns(situation: DueSituation): RunDecisions {
  const { schedule, due, nowMs } = situation;
  const missed = due.newest.filter((dueAtMs) => nowMs - dueAtMs > ON_TIME_MS);
  const onTime = due.newest.slice(missed.length);
  const madeUpFor = caughtUp(schedule.catchUp, missed, onTime.length > 0);
  const decisions = new Decisions(situation);
  const left = missed.length - madeUpFor.length;
  if (left + due.older > 0) {
    const lastMs = missed[left - 1] ?? due.lastOlderMs ?? nowMs;
    decisions.settle(lastMs, 'MISSED', missedWhy(situation, left + due.older, lastMs));
  }
  for (const dueAtMs of madeUpFor) decisions.makeUpFor(dueAtMs);
  for (const dueAtMs of onTime) decisions.decide(dueAtMs);
  return decisions.result();
}

function caughtUp(rule: CatchUpRule, missed: readonly number[], isCovered: boolean): readonly number[] {
  if (rule === 'ALL') return missed.slice(-MOST_CAUGHT_UP);
  return rule === 'LAST' && !isCovered ? missed.slice(-1) : [];
}

function missedWhy({ due, nowMs, schedule }: DueSituation, count: number, lastMs: number): string {
  const runs =
    count === 1 && !due.isMore ? '1 run' : `${due.isMore ? 'more than ' : ''}${String(count)} runs`;
  const firstMs = due.firstMs ?? lastMs;
  const span =
    count === 1 ? `due at ${written(lastMs)}` : `due from ${written(firstMs)} to ${written(lastMs)}`;
  return `${runs}, ${span}, not begun by ${written(nowMs)}: no server was there, or it slept; catchUp is ${schedule.catchUp}`;
}

/** Collects what is decided, each time by what was decided before it. */
class Decisions {
  readonly #rule: OverlapRule;
  readonly #nowMs: number;
  readonly #unfinished: readonly JobId[];
  readonly #runs = new Map<number, DecidedRun>();
  #pending: readonly PendingRun[];

  constructor({ schedule, nowMs, unfinished, pending }: DueSituation) {
    this.#rule = schedule.overlap;
    this.#nowMs = nowMs;
    this.#unfinished = unfinished;
    this.#pending = pending;
  }

  settle(dueAtMs: number, outcome: ScheduledRunOutcome, why: string | null): void {
    this.#runs.set(dueAtMs, { dueAtMs, outcome, why });
  }

  /** One that was missed begins when all before it has ended, whatever the rule for overlaps. */
  makeUpFor(dueAtMs: number): void {
    const why = 'made up for: no server was there, or it slept, when it was due';
    this.#add(dueAtMs, this.#isFree ? 'STARTED' : 'QUEUED', why);
  }

  decide(dueAtMs: number): void {
    if (this.#isFree) this.#add(dueAtMs, 'STARTED', null);
    else if (this.#rule === 'REPLACE') this.#replace(dueAtMs);
    else if (this.#rule === 'QUEUE') this.#queue(dueAtMs);
    else this.settle(dueAtMs, 'SKIPPED', this.#former());
  }

  result(): RunDecisions {
    return { runs: [...this.#runs.values()], pending: this.#pending };
  }

  get #isFree(): boolean {
    return this.#unfinished.length === 0 && this.#pending.length === 0;
  }

  #queue(dueAtMs: number): void {
    const waiting = this.#pending.find((run) => run.outcome !== 'STARTED' && !isMadeUpFor(run));
    if (waiting === undefined) this.#add(dueAtMs, 'QUEUED', this.#former());
    else
      this.settle(dueAtMs, 'SKIPPED', `${this.#former()}, and the run of ${written(waiting.dueAtMs)} waits`);
  }

  #replace(dueAtMs: number): void {
    const why = this.#former();
    for (const { dueAtMs: formerMs } of this.#pending)
      this.settle(formerMs, 'SKIPPED', `the run of ${written(dueAtMs)} replaced it before it began`);
    this.#pending = [];
    this.#add(dueAtMs, 'REPLACED', why);
  }

  #add(dueAtMs: number, outcome: PendingRun['outcome'], why: string | null): void {
    this.settle(dueAtMs, outcome, why);
    this.#pending = [...this.#pending, { dueAtMs, outcome, decidedAtMs: this.#nowMs }];
  }

  #former(): string {
    const [jobId] = this.#unfinished;
    if (jobId !== undefined) return `job ${String(jobId)} had not ended`;
    return `the run of ${written(this.#pending[0]?.dueAtMs ?? 0)} had not begun`;
  }
}

function isMadeUpFor({ dueAtMs, decidedAtMs }: PendingRun): boolean {
  return decidedAtMs - dueAtMs > ON_TIME_MS;
}

/** A moment in a sentence. */
export function written(ms: number): string {
  return new Date(ms).toISOString();
}
