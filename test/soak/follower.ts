import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../chaos/random.ts';
import { isAbsence } from '../chaos/readers.ts';
import { followJob, type JobView, type LogEventView } from '../end-to-end/harness/jobs.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import type { SseStream } from '../end-to-end/harness/sse-stream.ts';
import type { Counts } from './counts.ts';

/** How a reader behaves. */
export type Habit = 'STEADY' | 'LEAVES' | 'SLOW';

/** A reader longer without an end than this has been forgotten: the one thing that must never be. */
const LIMIT_MS = 240_000;

export interface FollowerOptions {
  readonly server: LifelineServer;
  readonly jobId: string;
  readonly habit: Habit;
  readonly random: SeededRandom;
  readonly counts: Counts;
}

/** What a reader that stayed was told at last; `null` where its job was removed, or it left for good. */
export interface FollowerEnd {
  readonly job: JobView;
  readonly lastSeq: number;
}

/**
 * Reads a job of the soak to its end over as many connections as it takes, keeps nothing, and checks each line as it comes: every
 * number once and in order, as a line or in a gap that says why, and each line says what its program wrote there.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #written = { STDOUT: 0, STDERR: 0 };
  #cursor = 0;
  #hasGap = false;
  /** A last line that is not what was written: where the disk became full in its midst. */
  #torn: string | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  async end(): Promise<FollowerEnd | null> {
    const { server, jobId, habit, random, counts } = this.#options;
    const untilMs = performance.now() + LIMIT_MS;
    while (performance.now() < untilMs) {
      try {
        using stream = await followJob(server, jobId, { after: this.#cursor });
        counts.add('connections of readers');
        const end = await this.#read(stream, untilMs);
        if (end !== 'CUT') return end;
        if (habit === 'LEAVES' && random.next() < 0.2) {
          counts.add('readers that left for good');
          return null;
        }
      } catch (error) {
        if (!isAbsence(error)) throw error;
        await delay(50);
      }
    }
    throw new Error(
      `a reader of job ${jobId} had no end within ${String(LIMIT_MS)} ms, at line ${String(this.#cursor)}`,
    );
  }

  async #read(stream: SseStream, untilMs: number): Promise<FollowerEnd | null | 'CUT'> {
    const { habit, random, counts } = this.#options;
    const leavesAtMs = habit === 'LEAVES' ? performance.now() + random.integer(0, 3_000) : Infinity;
    while (performance.now() < untilMs) {
      // In this order: what came with the end is there when the end is.
      const hasEnded = stream.ended !== undefined;
      for (const { event, data } of stream.events.splice(0)) {
        if (event !== 'next') continue;
        const answer = JSON.parse(data) as { data?: { jobLogs: LogEventView } | null; errors?: ErrorView[] };
        if (answer.data == null || answer.errors !== undefined) {
          this.#acceptError(answer.errors ?? []);
          return null;
        }
        const end = this.#take(answer.data.jobLogs);
        if (end !== null) return end;
      }
      if (hasEnded) return 'CUT';
      if (performance.now() > leavesAtMs) {
        counts.add('readers that left');
        return 'CUT';
      }
      if (habit === 'SLOW' && random.next() < 0.02) {
        counts.add('pauses of slow readers');
        stream.pause();
        await delay(random.integer(100, 2_000));
        stream.resume();
      }
      await delay(20);
    }
    return 'CUT';
  }

  /** Only that the job was removed may keep a reader from its end. */
  #acceptError(errors: readonly ErrorView[]): void {
    const codes = errors.map(({ extensions }) => extensions?.code);
    assert.deepEqual(codes, ['JOB_NOT_FOUND'], `job ${this.#options.jobId}: ${JSON.stringify(errors)}`);
    this.#options.counts.add('readers whose job was removed');
  }

  #take(event: LogEventView): FollowerEnd | null {
    const what = `job ${this.#options.jobId}`;
    switch (event.__typename) {
      case 'LogGap':
        assert.equal(event.fromSeq, this.#cursor + 1, `${what}: where the gap begins`);
        assert.equal(
          event.reason,
          'TRIMMED',
          `${what}: why lines ${event.fromSeq} to ${event.toSeq} are missing`,
        );
        this.#options.counts.add('lines told as trimmed', event.toSeq - this.#cursor);
        this.#cursor = event.toSeq;
        this.#hasGap = true;
        return null;
      case 'LogLines':
        for (const { seq, stream, text } of event.lines) {
          assert.equal(seq, this.#cursor + 1, `${what}: the number of the next line`);
          this.#cursor = seq;
          // With a gap, or on one stream alone: a flood, which counts as its seqs do.
          const number = this.#hasGap ? seq : ++this.#written[stream];
          assert.equal(this.#torn, null, `${what}: what is before line ${seq}`);
          const expected = `${stream === 'STDERR' ? 'e' : ''}${number}`;
          if (text !== expected) this.#torn = `line ${seq} of ${stream} is ${text} and not ${expected}`;
        }
        assert.equal(event.lastSeq, this.#cursor, `${what}: lastSeq`);
        this.#options.counts.add('lines checked', event.lines.length);
        return null;
      case 'LogHeartbeat':
        return null;
      case 'LogDone':
        assert.equal(event.lastSeq, this.#cursor, `${what}: lastSeq at the end`);
        if (!saysDiskWasFull(event.job)) assert.equal(this.#torn, null, what);
        return { job: event.job, lastSeq: event.lastSeq };
    }
  }
}

/** Whether the job says itself that lines of its log are missing. */
export function saysDiskWasFull({ message }: JobView): boolean {
  return message?.includes('the disk was full') === true;
}

interface ErrorView {
  readonly extensions?: { readonly code?: string };
}
