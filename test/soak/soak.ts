import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../chaos/random.ts';
import { cancelJob } from '../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { fillDirectory, makeRoomIn } from '../end-to-end/harness/small-disk.ts';
import { Counts } from './counts.ts';
import { planJob } from './plan.ts';
import { SoakedJob } from './soaked-job.ts';
import { isUnanswered } from './until-answered.ts';

/** Jobs under way at once; some of them wait in the queue. */
const MOST_JOBS = 14;
/**
 * So many of the first jobs have a `requestId`, for which a server keeps them an hour; of the others, a start whose answer a death has
 * taken leaves a job that nobody here knows.
 */
export const REQUEST_IDS = 20;
/** What a disk that is filled has left: less than the guard wants, and enough for what runs. */
const LEFT_BYTES = 16 * 1024 * 1024;
/** All that is under way at the end of a stretch must have ended so long after it. */
const DRAIN_LIMIT_MS = 120_000;

export interface SoakOptions {
  readonly server: LifelineServer;
  readonly seed: string;
  /** Finished jobs that the server keeps. */
  readonly retainedJobs: number;
  /** Whether its data directory is a file system of its own. */
  readonly canFill: boolean;
}

/**
 * One server, and everything at once on it: starts, readers of all habits, cancels, removals, queries, deaths and restarts of
 * the server, a disk that fills. The seed gives the choices; what the machine makes of them, it cannot.
 */
export class Soak implements Disposable {
  readonly counts = new Counts();
  /** What was not as it must be, a sentence and its error each. */
  readonly failures: { readonly what: string; readonly error: unknown }[] = [];
  readonly #options: SoakOptions;
  readonly #underWay = new Set<SoakedJob>();
  readonly #removedByHand = new Set<string>();
  #overdue = new AbortController();
  #jobs = 0;
  #stretches = 0;
  /** The highest id that a job here has had. */
  #newest = 0;

  constructor(options: SoakOptions) {
    this.#options = options;
  }

  /** Goes on for so long, then lets everything come to its end. @throws Error where that does not come */
  async stretch(durationMs: number, { deaths }: { readonly deaths: boolean }): Promise<void> {
    const endMs = performance.now() + durationMs;
    this.#overdue = new AbortController();
    this.#stretches += 1;
    await Promise.all([
      this.#startAndDisturb(endMs),
      deaths ? this.#dieNowAndThen(endMs, durationMs) : undefined,
      this.#options.canFill ? this.#fillNowAndThen(endMs, durationMs) : undefined,
    ]);
    await this.#drain();
  }

  /** Lets go of what is still under way, in silence. */
  [Symbol.dispose](): void {
    this.#overdue.abort();
  }

  async #startAndDisturb(endMs: number): Promise<void> {
    const random = this.#randomFor('jobs');
    while (performance.now() < endMs) {
      await delay(random.integer(5, 250));
      const chance = random.next();
      if (chance < 0.7) this.#begin();
      else if (chance < 0.85) await this.#attempt('a cancel', async () => this.#cancelOne(random));
      else if (chance < 0.95)
        await this.#attempt('a page of jobs', async () => this.#finishedJobs(random.integer(1, 40)));
      else await this.#attempt('a removal', async () => this.#removeOne(random));
    }
  }

  /** kill -9, and now and then an orderly end; the jobs do not notice. */
  async #dieNowAndThen(endMs: number, durationMs: number): Promise<void> {
    const { server } = this.#options;
    const random = this.#randomFor('deaths');
    for (;;) {
      await pause(random.integer(durationMs / 6, durationMs / 3), endMs);
      if (performance.now() >= endMs) return;
      const signal = random.next() < 0.75 ? 'SIGKILL' : 'SIGTERM';
      await server.end(signal);
      await delay(random.integer(0, 500));
      await server.launch();
      this.counts.add(`restarts after ${signal}`);
    }
  }

  async #fillNowAndThen(endMs: number, durationMs: number): Promise<void> {
    const { dataDirectory } = this.#options.server;
    const random = this.#randomFor('disk');
    for (;;) {
      await pause(random.integer(durationMs / 6, durationMs / 2), endMs);
      if (performance.now() >= endMs) return;
      fillDirectory(dataDirectory, LEFT_BYTES);
      this.counts.add('times that the disk was filled');
      await delay(random.integer(500, 3_000));
      makeRoomIn(dataDirectory);
    }
  }

  #begin(): void {
    this.#newestId();
    if (this.#underWay.size >= MOST_JOBS) return;
    const { server, seed } = this.#options;
    const name = `soak-${++this.#jobs}`;
    const random = new SeededRandom(`${seed}/${name}`);
    const job = new SoakedJob({
      server,
      random,
      plan: planJob(random, this.#jobs <= REQUEST_IDS ? name : undefined),
      counts: this.counts,
      mayBeRemoved: (jobId) => this.#mayBeRemoved(jobId),
      signal: this.#overdue.signal,
    });
    this.#underWay.add(job);
    void this.#attempt(name, async () => job.run()).finally(() => this.#underWay.delete(job));
  }

  /** Retention keeps the newest: what is gone was removed by hand, or has that many behind it. */
  #mayBeRemoved(jobId: string): boolean {
    if (this.#removedByHand.has(jobId)) return true;
    return this.#newestId() - Number(jobId) >= this.#options.retainedJobs - 2 * MOST_JOBS;
  }

  #newestId(): number {
    const ids = [...this.#underWay].map(({ jobId }) => Number(jobId ?? 0));
    return (this.#newest = Math.max(this.#newest, ...ids));
  }

  async #cancelOne(random: SeededRandom): Promise<void> {
    const begun = [...this.#underWay].filter(({ jobId }) => jobId !== null);
    if (begun.length > 0) await random.pick(begun).cancel();
  }

  async #removeOne(random: SeededRandom): Promise<void> {
    const ended = await this.#finishedJobs(random.integer(1, 40));
    if (ended.length === 0) return;
    const jobId = random.pick(ended);
    this.#removedByHand.add(jobId);
    const { errors } = await this.#options.server.graphql(
      'mutation ($jobId: ID!) { deleteJob(jobId: $jobId) }',
      { jobId },
    );
    const codes = errors.map(({ extensions }) => extensions?.code ?? 'none');
    if (codes.length === 0) this.counts.add('removals');
    else if (!/^(JOB_NOT_FOUND|DISK_LOW|SERVER_STOPPING)$/.test(codes.join()))
      throw new Error(JSON.stringify(errors));
  }

  /** Of the newest so many, with a page of their logs as a list shows it. */
  async #finishedJobs(first: number): Promise<string[]> {
    const { jobs } = await this.#options.server.ask<{
      jobs: { edges: { node: { id: string; finishedAt: string | null } }[] };
    }>(
      'query ($first: Int) { jobs(first: $first) { edges { node { id finishedAt log { lastSeq lines(last: 3) { nodes { seq text } } } } } } }',
      { first },
    );
    this.counts.add('pages of jobs');
    return jobs.edges.flatMap(({ node }) => (node.finishedAt === null ? [] : [node.id]));
  }

  /** Each strand has its own, so that what one does not take does not change another. */
  #randomFor(strand: string): SeededRandom {
    return new SeededRandom(`${this.#options.seed}/${strand}/${String(this.#stretches)}`);
  }

  async #drain(): Promise<void> {
    const endMs = performance.now() + DRAIN_LIMIT_MS;
    while (this.#underWay.size > 0) {
      if (performance.now() > endMs) {
        const left = [...this.#underWay].map(String).join(', ');
        const error = new Error(`no end came within ${String(DRAIN_LIMIT_MS)} ms: ${left}`);
        this.#overdue.abort(error);
        throw error;
      }
      for (const job of this.#underWay)
        if (job.waitsForCancel) await this.#attempt('a cancel at the end', async () => job.cancel());
      await delay(50);
    }
    await this.#cancelUnknown();
  }

  /** Jobs of starts that nobody has had an answer to. */
  async #cancelUnknown(): Promise<void> {
    const { jobs } = await this.#options.server.ask<{
      jobs: { edges: { node: { id: string; finishedAt: string | null } }[] };
    }>('{ jobs(first: 100) { edges { node { id finishedAt } } } }');
    for (const { node } of jobs.edges) {
      if (node.finishedAt !== null) continue;
      await cancelJob(this.#options.server, node.id, 1_000);
      this.counts.add('cancels of jobs whose start had no answer');
    }
  }

  async #attempt(what: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isUnanswered(error)) this.counts.add('requests that found no server');
      else if (!this.#overdue.signal.aborted) {
        console.log(`failed: ${what}`);
        this.failures.push({ what, error });
      }
    }
  }
}

/** As long as that, or until the end. */
async function pause(milliseconds: number, endMs: number): Promise<void> {
  await delay(Math.max(0, Math.min(milliseconds, endMs - performance.now())));
}
