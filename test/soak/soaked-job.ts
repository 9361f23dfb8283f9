import assert from 'node:assert/strict';
import type { SeededRandom } from '../chaos/random.ts';
import { cancelJob, tryStartJob } from '../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import type { Counts } from './counts.ts';
import { Follower, saysDiskWasFull, type FollowerEnd, type Habit } from './follower.ts';
import type { SoakPlan } from './plan.ts';
import { untilAnswered } from './until-answered.ts';

/** The reasons for which a launch may fail here. */
const LAUNCH_MAY_FAIL = /^The server ended before the program could start|ENOSPC|disk is full|disk was full/;

export interface SoakedJobOptions {
  readonly server: LifelineServer;
  readonly plan: SoakPlan;
  readonly random: SeededRandom;
  readonly counts: Counts;
  /** Whether a job with this id can have been removed. */
  readonly mayBeRemoved: (jobId: string) => boolean;
  /** Aborts when all must have come to an end. */
  readonly signal: AbortSignal;
}

/** One job of the soak: it is started, read by one to three readers, perhaps cancelled, and held against its plan. */
export class SoakedJob {
  readonly #options: SoakedJobOptions;
  #readers: readonly Follower[] = [];
  #jobId: string | null = null;
  #isCancelled = false;

  constructor(options: SoakedJobOptions) {
    this.#options = options;
  }

  get jobId(): string | null {
    return this.#jobId;
  }

  /** Whether it only ends when it is told to, and nobody has told it yet. */
  get waitsForCancel(): boolean {
    return this.#jobId !== null && this.#options.plan.lineCount === null && !this.#isCancelled;
  }

  toString(): string {
    const cursors = this.#readers.map(({ cursor }) => cursor);
    return `job ${this.#jobId ?? 'not started'} (${this.#options.plan.kind}, read to ${cursors.join(' and ')})`;
  }

  /** Resolves when each of its readers has had its end. @throws Error where something is not as planned */
  async run(): Promise<void> {
    const { server, plan, random, counts, mayBeRemoved, signal } = this.#options;
    const jobId = await this.#start();
    if (jobId === null) return;
    this.#jobId = jobId;
    counts.add('jobs');
    counts.add(`jobs: ${plan.kind.toLowerCase()}`);
    const further = Array.from({ length: random.integer(0, 2) }, () =>
      random.pick<Habit>(['STEADY', 'LEAVES', 'SLOW']),
    );
    this.#readers = (['STEADY', ...further] as const).map(
      (habit) =>
        new Follower({
          server,
          jobId,
          plan,
          habit,
          random,
          counts,
          signal,
          mayBeRemoved: () => mayBeRemoved(jobId),
        }),
    );
    counts.add('readers', this.#readers.length);
    const told = await Promise.all(this.#readers.map(async (reader) => reader.end()));
    const ends = told.filter((end) => end !== null);
    for (const end of ends) this.#check(end);
    const different = new Set(ends.map(({ job, lastSeq }) => JSON.stringify({ ...job, lastSeq })));
    assert.ok(different.size <= 1, `job ${jobId}: its readers were told ${[...different].join(', ')}`);
  }

  async cancel(): Promise<void> {
    const { server, counts, signal } = this.#options;
    const jobId = this.#jobId;
    if (jobId === null) return;
    // Before the question: it may be done and its answer lost.
    this.#isCancelled = true;
    try {
      await untilAnswered(async () => cancelJob(server, jobId), signal);
      counts.add('cancels');
    } catch (error) {
      const said = String(error);
      // Then nothing of it is done.
      if (said.includes('DISK_LOW')) this.#isCancelled = false;
      // It has ended, and been removed since.
      else if (!said.includes('JOB_NOT_FOUND')) throw error;
    }
  }

  /** @returns `null` where the server would not have it */
  async #start(): Promise<string | null> {
    const { server, plan, counts, signal } = this.#options;
    const { data, errors } = await untilAnswered(async () => {
      const answer = await tryStartJob(server, plan.input);
      if (answer.data == null && answer.errors[0]?.extensions?.code !== 'DISK_LOW')
        throw new Error(JSON.stringify(answer.errors));
      return answer;
    }, signal);
    if (data != null) return data.startJob.id;
    assert.equal(errors.length, 1);
    counts.add('starts refused for want of disk');
    return null;
  }

  /** A job that nobody ended has done what its program did; but for one whose launch or log met a death or a full disk, and which says so. */
  #check({ job, lastSeq, lines }: FollowerEnd): void {
    const { plan, counts } = this.#options;
    const what = `job ${job.id} (${plan.kind}): ${JSON.stringify(job)}`;
    if (saysDiskWasFull(job)) {
      counts.add('ends that say that the disk was full');
      return;
    }
    if (job.reason === 'LAUNCH_FAILED') {
      counts.add('launches that failed');
      assert.match(job.message ?? '', LAUNCH_MAY_FAIL, what);
      assert.equal(lastSeq, 0, what);
      return;
    }
    if (this.#isCancelled && job.status === 'CANCELLED') {
      assert.ok(plan.lineCount === null || lines <= plan.lineCount, what);
      return;
    }
    const { status, exitCode } = job;
    assert.deepEqual(
      { status, exitCode },
      { status: plan.exitCode === 0 ? 'SUCCEEDED' : 'FAILED', exitCode: plan.exitCode },
      what,
    );
    assert.equal(lines, plan.lineCount, what);
  }
}
