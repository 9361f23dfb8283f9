import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../chaos/random.ts';
import { isAbsence } from '../chaos/readers.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import type { SseStream } from '../end-to-end/harness/sse-stream.ts';
import type { Counts } from './counts.ts';
import type { SoakPlan } from './plan.ts';
import { WrittenLines, type Piece } from './written-lines.ts';

/** How a reader behaves: one that is slow does not read for a while, one that leaves comes back, or does not. */
export type Habit = 'STEADY' | 'LEAVES' | 'SLOW';

export interface FollowerOptions {
  readonly server: LifelineServer;
  readonly jobId: string;
  readonly plan: SoakPlan;
  readonly habit: Habit;
  readonly random: SeededRandom;
  readonly counts: Counts;
  /** Whether the job can have been removed, which is the one reason to give a reader no end. */
  readonly mayBeRemoved: () => boolean;
  /** Its reason is what a reader that waits for ever fails with. */
  readonly signal: AbortSignal;
}

/** A job as the end of its log shows it. */
export interface EndedJob {
  readonly id: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string | null;
  readonly exitCode: number | null;
}

/** What a reader was told at last. */
export interface FollowerEnd {
  readonly job: EndedJob;
  readonly lastSeq: number;
  /** Whole lines that the program wrote, those that are in a gap included. */
  readonly lines: number;
}

type LogEvent =
  | {
      readonly __typename: 'LogLines';
      readonly lines: readonly Piece[];
      readonly lastSeq: number;
    }
  | {
      readonly __typename: 'LogGap';
      readonly fromSeq: number;
      readonly toSeq: number;
      readonly reason: string;
    }
  | { readonly __typename: 'LogDone'; readonly job: EndedJob; readonly lastSeq: number };

interface Answer {
  readonly data?: { readonly jobLogs: LogEvent } | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

const FOLLOW = `
  subscription ($jobId: ID!, $after: SafeInt) {
    jobLogs(jobId: $jobId, after: $after) {
      __typename
      ... on LogLines { lines { seq stream text continued } lastSeq }
      ... on LogGap { fromSeq toSeq reason }
      ... on LogDone { job { id status reason message exitCode } lastSeq }
    }
  }`;

/**
 * Reads a job of the soak to its end over as many connections as it takes, drops nothing, and checks each line as it comes: every
 * number once and in order, as a line or in a gap that says why, and each line says what its program wrote there.
 */
export class Follower {
  readonly #options: FollowerOptions;
  readonly #written: WrittenLines;
  #cursor = 0;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#written = new WrittenLines(options.plan);
  }

  /** How far it has come, for the message of a run that does not end. */
  get cursor(): number {
    return this.#cursor;
  }

  /** @returns `null` where its job was removed, or it left for good */
  async end(): Promise<FollowerEnd | null> {
    const { habit, random, counts, signal } = this.#options;
    for (;;) {
      signal.throwIfAborted();
      try {
        const end = await this.#connect();
        if (end !== 'CUT') return end;
      } catch (error) {
        if (!isAbsence(error)) throw error;
      }
      if (habit === 'LEAVES' && random.next() < 0.2) {
        counts.add('readers that left for good');
        return null;
      }
      await delay(50);
    }
  }

  /** A function of its own: what esbuild makes of `using` in a loop throws the error of an earlier turn again. */
  async #connect(): Promise<FollowerEnd | null | 'CUT'> {
    const { server, jobId, counts } = this.#options;
    using stream = await server.subscribe(FOLLOW, { jobId, after: this.#cursor });
    counts.add('connections of readers');
    assert.equal(stream.status, 200, `job ${jobId}: the answer to a reader`);
    return await this.#read(stream);
  }

  async #read(stream: SseStream): Promise<FollowerEnd | null | 'CUT'> {
    const { habit, random, counts, signal } = this.#options;
    const leavesAtMs = habit === 'LEAVES' ? performance.now() + random.integer(0, 3_000) : Infinity;
    for (;;) {
      signal.throwIfAborted();
      // In this order: what came with the end is there when the end is.
      const hasEnded = stream.ended !== undefined;
      for (const { event, data } of stream.events.splice(0)) {
        if (event !== 'next') continue;
        const { data: answer, errors } = JSON.parse(data) as Answer;
        if (answer == null || errors !== undefined) {
          this.#acceptErrors(errors ?? []);
          return null;
        }
        const end = this.#take(answer.jobLogs);
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
  }

  #acceptErrors(errors: NonNullable<Answer['errors']>): void {
    const { jobId, counts, mayBeRemoved } = this.#options;
    const codes = errors.map(({ extensions }) => extensions?.code);
    assert.deepEqual(codes, ['JOB_NOT_FOUND'], `job ${jobId}: ${JSON.stringify(errors)}`);
    assert.ok(mayBeRemoved(), `job ${jobId} is gone, and nobody removed it`);
    counts.add('readers whose job was removed');
  }

  #take(event: LogEvent): FollowerEnd | null {
    const { jobId, counts } = this.#options;
    const what = `job ${jobId}`;
    switch (event.__typename) {
      case 'LogGap':
        assert.equal(event.fromSeq, this.#cursor + 1, `${what}: where the gap begins`);
        assert.ok(event.toSeq >= event.fromSeq, `${what}: a gap of nothing`);
        assert.equal(
          event.reason,
          'TRIMMED',
          `${what}: lines ${event.fromSeq} to ${event.toSeq} are missing`,
        );
        counts.add('lines told as trimmed', event.toSeq - this.#cursor);
        this.#cursor = event.toSeq;
        this.#written.skip();
        return null;
      case 'LogLines':
        for (const piece of event.lines) {
          assert.equal(piece.seq, this.#cursor + 1, `${what}: the number of the next line`);
          this.#cursor = piece.seq;
          const wrong = this.#written.take(piece);
          assert.equal(wrong, null, what);
        }
        assert.equal(event.lastSeq, this.#cursor, `${what}: lastSeq`);
        counts.add('lines checked', event.lines.length);
        return null;
      case 'LogDone': {
        assert.equal(event.lastSeq, this.#cursor, `${what}: lastSeq at the end`);
        // What was killed in the midst of a line has written a part of it.
        if (!saysDiskWasFull(event.job) && event.job.status !== 'CANCELLED')
          assert.equal(this.#written.torn, null, what);
        counts.add('lines in pieces', this.#written.inPieces);
        return { job: event.job, lastSeq: event.lastSeq, lines: this.#written.count };
      }
    }
  }
}

/** Whether the job says itself that lines of its log are missing. */
export function saysDiskWasFull({ message }: EndedJob): boolean {
  return message?.includes('the disk was full') === true;
}
