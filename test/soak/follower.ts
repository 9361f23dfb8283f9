import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { SeededRandom } from '../chaos/random.ts';
import { isAbsence } from '../chaos/readers.ts';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import type { SseStream } from '../end-to-end/harness/sse-stream.ts';
import type { Counts } from './counts.ts';
import { lineText, type SoakPlan } from './plan.ts';

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
}

type LogEvent =
  | {
      readonly __typename: 'LogLines';
      readonly lines: readonly { readonly seq: number; readonly stream: Stream; readonly text: string }[];
      readonly lastSeq: number;
    }
  | {
      readonly __typename: 'LogGap';
      readonly fromSeq: number;
      readonly toSeq: number;
      readonly reason: string;
    }
  | { readonly __typename: 'LogDone'; readonly job: EndedJob; readonly lastSeq: number };

type Stream = 'STDOUT' | 'STDERR';

interface Answer {
  readonly data?: { readonly jobLogs: LogEvent } | null;
  readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[];
}

const FOLLOW = `
  subscription ($jobId: ID!, $after: SafeInt) {
    jobLogs(jobId: $jobId, after: $after) {
      __typename
      ... on LogLines { lines { seq stream text } lastSeq }
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
  readonly #written = { STDOUT: 0, STDERR: 0 };
  #cursor = 0;
  #hasGap = false;
  /** The first line that is not what was written: only a full disk tears one, and then it is the last. */
  #torn: string | null = null;

  constructor(options: FollowerOptions) {
    this.#options = options;
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
    const { jobId, plan, counts } = this.#options;
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
        this.#hasGap = true;
        return null;
      case 'LogLines':
        for (const { seq, stream, text } of event.lines) {
          assert.equal(seq, this.#cursor + 1, `${what}: the number of the next line`);
          assert.equal(this.#torn, null, `${what}: what is before line ${seq}`);
          this.#cursor = seq;
          // Only a flood has gaps, and it is on one stream, where the seq is the number of the line.
          const number = this.#hasGap ? seq : ++this.#written[stream];
          const expected = lineText(plan, stream, number);
          if (text !== expected) this.#torn = `line ${seq} of ${stream} is ${text} and not ${expected}`;
        }
        assert.equal(event.lastSeq, this.#cursor, `${what}: lastSeq`);
        counts.add('lines checked', event.lines.length);
        return null;
      case 'LogDone':
        assert.equal(event.lastSeq, this.#cursor, `${what}: lastSeq at the end`);
        if (!saysDiskWasFull(event.job)) assert.equal(this.#torn, null, what);
        return { job: event.job, lastSeq: event.lastSeq };
    }
  }
}

/** Whether the job says itself that lines of its log are missing. */
export function saysDiskWasFull({ message }: EndedJob): boolean {
  return message?.includes('the disk was full') === true;
}
