import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../chaos/random.ts';
import { isAbsence } from '../chaos/readers.ts';
import { cancelJob, tryStartJob } from '../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { fillDirectory, makeRoomIn } from '../end-to-end/harness/small-disk.ts';
import { Counts } from './counts.ts';
import { Follower, saysDiskWasFull, type FollowerEnd, type Habit } from './follower.ts';
import { planJob, type SoakPlan } from './soak-job.ts';

/** Jobs under way at once; some of them wait in the queue. */
const MOST_JOBS = 14;
/** What a disk that is filled has left: less than the guard wants, and enough for what runs. */
const LEFT_BYTES = 16 * 1024 * 1024;
/** A stretch that does not come to its end has failed. */
const DRAIN_LIMIT_MS = 300_000;

interface JobUnderWay {
  readonly plan: SoakPlan;
  jobId: string | null;
  isCancelled: boolean;
}

/**
 * One server, and everything at once on it: starts, readers of all habits, cancels, removals, queries, deaths and restarts of
 * the server, a disk that fills. The seed gives the choices; what the machine makes of them, it cannot.
 */
export class Soak {
  readonly counts = new Counts();
  /** What was not as it must be, a sentence and its error each. */
  readonly failures: { readonly what: string; readonly error: unknown }[] = [];
  readonly #server: LifelineServer;
  readonly #seed: string;
  readonly #random: SeededRandom;
  readonly #canFill: boolean;
  readonly #underWay = new Map<JobUnderWay, Promise<void>>();
  #number = 0;

  constructor(server: LifelineServer, seed: string, canFill: boolean) {
    this.#server = server;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#canFill = canFill;
  }

  /** Goes on for so long, then lets everything come to its end. */
  async stretch(durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs;
    const jobs = this.#startAndDisturb(endMs);
    const deaths = this.#dieNowAndThen(endMs, durationMs);
    const disk = this.#canFill ? this.#fillNowAndThen(endMs) : Promise.resolve();
    await Promise.all([jobs, deaths, disk]);
    await this.#drain();
  }

  async #startAndDisturb(endMs: number): Promise<void> {
    while (performance.now() < endMs) {
      await delay(this.#random.integer(5, 250));
      const chance = this.#random.next();
      if (chance < 0.7) {
        if (this.#underWay.size < MOST_JOBS) this.#begin();
      } else if (chance < 0.85) await this.#attempt('a cancel', async () => this.#cancelOne());
      else if (chance < 0.95) await this.#attempt('a query', async () => this.#query());
      else await this.#attempt('a removal', async () => this.#removeOne());
    }
  }

  /** kill -9, and now and then an orderly end; the jobs do not notice. */
  async #dieNowAndThen(endMs: number, durationMs: number): Promise<void> {
    for (;;) {
      await this.#pause(this.#random.integer(6_000, Math.max(12_000, durationMs / 5)), endMs);
      if (performance.now() >= endMs) return;
      const signal = this.#random.next() < 0.75 ? 'SIGKILL' : 'SIGTERM';
      await this.#server.end(signal);
      await delay(this.#random.integer(0, 500));
      await this.#server.launch();
      this.counts.add(`restarts after ${signal}`);
    }
  }

  async #fillNowAndThen(endMs: number): Promise<void> {
    for (;;) {
      await this.#pause(this.#random.integer(8_000, 25_000), endMs);
      if (performance.now() >= endMs) return;
      await this.#attempt('filling the disk', async () => {
        fillDirectory(this.#server.dataDirectory, LEFT_BYTES);
        this.counts.add('times that the disk was filled');
        await delay(this.#random.integer(500, 3_000));
        makeRoomIn(this.#server.dataDirectory);
      });
    }
  }

  /** As long as that, or until the end. */
  async #pause(milliseconds: number, endMs: number): Promise<void> {
    await delay(Math.max(0, Math.min(milliseconds, endMs - performance.now())));
  }

  #begin(): void {
    const name = `soak-${++this.#number}`;
    const random = new SeededRandom(`${this.#seed}/${name}`);
    const job: JobUnderWay = { plan: planJob(random, name), jobId: null, isCancelled: false };
    const run = this.#attempt(name, async () => this.#run(job, random)).finally(() =>
      this.#underWay.delete(job),
    );
    this.#underWay.set(job, run);
  }

  async #run(job: JobUnderWay, random: SeededRandom): Promise<void> {
    const jobId = await this.#start(job.plan);
    if (jobId === null) return;
    job.jobId = jobId;
    this.counts.add('jobs');
    this.counts.add(`jobs: ${job.plan.kind.toLowerCase()}`);
    const further = Array.from({ length: random.integer(0, 2) }, () =>
      random.pick<Habit>(['STEADY', 'LEAVES', 'SLOW']),
    );
    const readers = (['STEADY', ...further] as const).map(
      (habit) => new Follower({ server: this.#server, jobId, habit, random, counts: this.counts }),
    );
    this.counts.add('readers', readers.length);
    const ends = (await Promise.all(readers.map(async (reader) => reader.end()))).filter(
      (end) => end !== null,
    );
    for (const end of ends) this.#check(job, end);
    const told = new Set(ends.map(({ job: { status }, lastSeq }) => `${status} at ${String(lastSeq)}`));
    assert.ok(told.size <= 1, `job ${jobId}: its readers were told ${[...told].join(', ')}`);
  }

  /** @returns `null` where the server would not have it */
  async #start({ input }: SoakPlan): Promise<string | null> {
    return this.#answered(async () => {
      const { data, errors } = await tryStartJob(this.#server, input);
      if (data != null) return data.startJob.id;
      const code = errors[0]?.extensions?.code;
      if (code === 'SERVER_STOPPING') return undefined;
      assert.equal(code, 'DISK_LOW', JSON.stringify(errors));
      this.counts.add('starts refused for want of disk');
      return null;
    });
  }

  /** A job that nobody ended has done what its program did; but for one whose launch or log met a death or a full disk, and which says so. */
  #check({ plan, isCancelled }: JobUnderWay, { job, lastSeq }: FollowerEnd): void {
    const what = `job ${job.id} (${plan.kind}): ${JSON.stringify(job)}`;
    if (saysDiskWasFull(job)) {
      this.counts.add('ends that say that the disk was full');
      return;
    }
    if (job.reason === 'LAUNCH_FAILED') {
      this.counts.add('launches that failed with their server');
      assert.equal(lastSeq, 0, what);
      return;
    }
    if (isCancelled && job.status === 'CANCELLED') return;
    const { status, exitCode } = job;
    assert.deepEqual(
      { status, exitCode },
      { status: plan.exitCode === 0 ? 'SUCCEEDED' : 'FAILED', exitCode: plan.exitCode },
      what,
    );
    assert.equal(lastSeq, plan.lineCount, what);
  }

  async #cancelOne(): Promise<void> {
    const job = this.#oneOf([...this.#underWay.keys()].filter(({ jobId }) => jobId !== null));
    if (job !== undefined) await this.#cancel(job);
  }

  async #cancel(job: JobUnderWay): Promise<void> {
    const { jobId } = job;
    if (jobId === null) return;
    job.isCancelled = true;
    const wasThere = await this.#answered(async () => {
      const answer = await cancelJob(this.#server, jobId).catch((error: unknown) => {
        // It may have ended, and been removed since.
        if (error instanceof Error && error.message.includes('JOB_NOT_FOUND')) return null;
        if (error instanceof Error && error.message.includes('SERVER_STOPPING')) return undefined;
        throw error;
      });
      return answer === undefined ? undefined : answer !== null;
    });
    if (wasThere) this.counts.add('cancels');
  }

  async #removeOne(): Promise<void> {
    const ids = await this.#query();
    const jobId = this.#oneOf(ids);
    if (jobId === undefined) return;
    const { errors } = await this.#server.graphql(
      'mutation ($id: ID!) { deleteJob(jobId: $id) { __typename } }',
      {
        id: jobId,
      },
    );
    if (errors.length === 0) this.counts.add('removals');
  }

  /** @returns ids of jobs that have ended */
  async #query(): Promise<string[]> {
    const first = this.#random.integer(1, 40);
    const answer = await this.#server.ask<{
      jobs: { edges: { node: { id: string; finishedAt: string | null; log: { lastSeq: number } } }[] };
    }>(
      'query ($first: Int) { jobs(first: $first) { edges { node { id finishedAt log { lastSeq lines(last: 3) { nodes { seq text } } } } } } }',
      { first },
    );
    this.counts.add('pages of jobs');
    return answer.jobs.edges.flatMap(({ node }) => (node.finishedAt === null ? [] : [node.id]));
  }

  /** Asks until somebody answers. @param ask gives `undefined` where it is to be asked again */
  async #answered<T>(ask: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      try {
        const answer = await ask();
        if (answer !== undefined) return answer;
      } catch (error) {
        if (!isAbsence(error) && !(error instanceof SyntaxError)) throw error;
      }
      await delay(50);
    }
  }

  #oneOf<T>(list: readonly T[]): T | undefined {
    return list.length === 0 ? undefined : this.#random.pick(list);
  }

  async #drain(): Promise<void> {
    const endMs = performance.now() + DRAIN_LIMIT_MS;
    while (this.#underWay.size > 0) {
      for (const job of this.#underWay.keys())
        if (job.plan.lineCount === null && !job.isCancelled)
          await this.#attempt('a cancel at the end', async () => this.#cancel(job));
      if (performance.now() > endMs) {
        const left = [...this.#underWay.keys()].map(({ jobId, plan }) => `${jobId ?? 'none'} (${plan.kind})`);
        throw new Error(`jobs that do not end: ${left.join(', ')}`);
      }
      await delay(50);
    }
  }

  async #attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isAbsence(error) || error instanceof SyntaxError) this.counts.add('requests that found no server');
      else this.failures.push({ what, error });
    }
  }
}
