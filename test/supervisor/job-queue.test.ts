import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobId } from '../../src/domain/job-id.ts';
import { JobQueue, type QueueTerms } from '../../src/supervisor/job-queue.ts';

const FREE: QueueTerms = { priority: 0, concurrencyKey: null, concurrencyLimit: 1 };
const keyed = (concurrencyKey: string, concurrencyLimit = 1): QueueTerms => ({
  ...FREE,
  concurrencyKey,
  concurrencyLimit,
});

describe('the active map', () => {
  it('has an entry exactly while its guard is held', () => {
    const queue = new JobQueue(4);
    expect(() => {
      using _first = queue.enter(1, null);
      using _second = queue.enter(2, 'deploy');
      expect(queue.active).toBe(2);
      throw new Error('the executor');
    }).toThrow('the executor');
    expect(queue.active).toBe(0);
    queue.add(3, keyed('deploy'));
    expect(queue.take()).toBe(3);
  });

  it('refuses a job that is in it', () => {
    const queue = new JobQueue(4);
    using _entry = queue.enter(1, null);
    expect(() => queue.enter(1, 'deploy')).toThrow('already');
    expect(queue.active).toBe(1);
    queue.add(2, keyed('deploy'));
    expect(queue.take()).toBe(2);
  });

  it('is not harmed by a late guard: it cannot remove its successor, nor free its key', () => {
    const queue = new JobQueue(4);
    const former = queue.enter(1, 'deploy');
    former[Symbol.dispose]();
    using _successor = queue.enter(1, 'deploy');
    former[Symbol.dispose]();
    expect(queue.active).toBe(1);
    queue.add(2, keyed('deploy'));
    expect(queue.take()).toBeUndefined();
  });
});

/** A waiting job of the model: a list that is looked through from the beginning each time. */
interface Waiting extends QueueTerms {
  readonly jobId: JobId;
}

interface Active {
  readonly jobId: JobId;
  readonly key: string | null;
  readonly guard: Disposable;
}

class NaiveQueue {
  waiting: Waiting[] = [];
  active: Active[] = [];
  readonly #maxRunning: number;

  constructor(maxRunning: number) {
    this.#maxRunning = maxRunning;
  }

  inOrder(): Waiting[] {
    return this.waiting.toSorted((a, b) => b.priority - a.priority || a.jobId - b.jobId);
  }

  keys(): number {
    const waiting = this.waiting.map(({ concurrencyKey }) => concurrencyKey);
    return new Set([...waiting, ...this.active.map((job) => job.key)]).size;
  }

  holders(key: string): JobId[] {
    return this.active.filter((job) => job.key === key).map(({ jobId }) => jobId);
  }

  isHeldBack({ concurrencyKey, concurrencyLimit }: Waiting): boolean {
    return concurrencyKey !== null && this.holders(concurrencyKey).length >= concurrencyLimit;
  }

  next(): Waiting | undefined {
    if (this.active.length >= this.#maxRunning) return undefined;
    return this.inOrder().find((job) => !this.isHeldBack(job));
  }

  placeOf(job: Waiting): [position: number, reason: string] {
    const order = this.inOrder();
    const position = order.indexOf(job) + 1;
    if (this.isHeldBack(job)) return [position, 'CONCURRENCY_LIMIT'];
    const first = order.find((other) => !this.isHeldBack(other));
    return [position, first === job ? 'SERVER_LIMIT' : 'AHEAD_IN_QUEUE'];
  }
}

const key = fc.constantFrom(null, 'a', 'b', 'c');
const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('add' as const),
      priority: fc.integer({ min: -2, max: 2 }),
      concurrencyKey: key,
      concurrencyLimit: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('adopt' as const), key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('end' as const, 'end twice' as const),
      at: fc.nat(100),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: fc.nat(100) }) },
);

describe('the queue', () => {
  it('gives what a list would give that is looked through each time, whatever comes, goes and is taken back', () => {
    fc.assert(
      fc.property(
        fc.array(step, { size: 'max', maxLength: 150 }),
        fc.integer({ min: 1, max: 6 }),
        // Ids do not come in order where a place was made anew from a directory.
        fc.shuffledSubarray(
          Array.from({ length: 150 }, (_, index) => index + 1),
          { minLength: 150 },
        ),
        (steps, maxRunning, jobIds) => {
          const queue = new JobQueue(maxRunning);
          const model = new NaiveQueue(maxRunning);
          for (const now of steps) {
            if (now.kind === 'add') {
              const { kind: _, ...terms } = now;
              const job = { jobId: jobIds.pop()!, ...terms };
              queue.add(job.jobId, job);
              model.waiting.push(job);
            } else if (now.kind === 'take') {
              const next = model.next();
              expect(queue.take()).toBe(next?.jobId);
              if (next !== undefined) {
                const { jobId, concurrencyKey } = next;
                model.waiting.splice(model.waiting.indexOf(next), 1);
                model.active.push({
                  jobId,
                  key: concurrencyKey,
                  guard: queue.enter(jobId, concurrencyKey),
                });
              }
            } else if (now.kind === 'adopt') {
              const jobId = jobIds.pop()!;
              model.active.push({ jobId, key: now.key, guard: queue.enter(jobId, now.key) });
            } else if (now.kind === 'delete') {
              const [gone] = model.waiting.splice(now.at % Math.max(model.waiting.length, 1), 1);
              expect(queue.delete(gone?.jobId ?? 0)).toBe(gone !== undefined);
              expect(queue.delete(gone?.jobId ?? 0)).toBe(false);
            } else {
              const [ended] = model.active.splice(now.at % Math.max(model.active.length, 1), 1);
              ended?.guard[Symbol.dispose]();
              if (now.kind === 'end twice') ended?.guard[Symbol.dispose]();
            }
            expect([queue.size, queue.active, queue.keys]).toEqual([
              model.waiting.length,
              model.active.length,
              model.keys(),
            ]);
            if (model.next() === undefined) {
              const places = model.waiting.map((job) => queue.placeOf(job.jobId));
              expect(places.map((place) => [place?.position, place?.reason])).toEqual(
                model.waiting.map((job) => model.placeOf(job)),
              );
            }
            expect(model.active.filter(({ jobId }) => queue.placeOf(jobId) !== undefined)).toEqual([]);
          }
        },
      ),
    );
  });

  it('starts at once, when a thousand adopted jobs hold its keys, what none of them holds back', () => {
    const queue = new JobQueue(1_001);
    for (let jobId = 1; jobId <= 1_000; jobId += 1) queue.enter(jobId, `key ${jobId % 500}`);
    for (let jobId = 1_001; jobId <= 11_000; jobId += 1) queue.add(jobId, keyed(`key ${jobId % 500}`));
    expect(queue.take()).toBeUndefined();
    queue.add(11_001, keyed('another'));
    expect(queue.take()).toBe(11_001);
  });

  it('lets nothing out after it is closed, and says so', () => {
    const queue = new JobQueue(2);
    queue.add(1, FREE);
    queue.close();
    expect(queue.take()).toBeUndefined();
    expect(queue.placeOf(1)).toMatchObject({ position: 1, reason: 'SERVER_STOPPING' });
  });

  it('refuses a job that waits in it', () => {
    const queue = new JobQueue(1);
    queue.add(1, FREE);
    expect(() => {
      queue.add(1, keyed('deploy'));
    }).toThrow('already');
    expect(queue.size).toBe(1);
  });
});

describe('the sentence of a place', () => {
  it('names those that hold the key, three of many', () => {
    const queue = new JobQueue(100);
    for (const jobId of [7, 9]) queue.enter(jobId, 'deploy');
    queue.add(10, keyed('deploy', 2));
    expect(queue.placeOf(10)?.message).toBe(
      'Waits for job 7 and job 9, which hold the key "deploy" (limit 2).',
    );
    queue.add(11, keyed('a"b'));
    using _one = queue.enter(12, 'a"b');
    expect(queue.placeOf(11)?.message).toBe('Waits for job 12, which holds the key "a\\"b" (limit 1).');
    for (let jobId = 13; jobId < 30; jobId += 1) queue.enter(jobId, 'deploy');
    expect(queue.placeOf(10)?.message).toBe(
      'Waits for job 7, job 9, job 13 and 16 more, which hold the key "deploy" (limit 2).',
    );
  });

  it('says how full the server is, and how many stand before it', () => {
    const queue = new JobQueue(2);
    for (const jobId of [1, 2]) queue.enter(jobId, null);
    for (const jobId of [3, 4, 5]) queue.add(jobId, FREE);
    const full = '2 jobs run, and --max-running allows 2.';
    expect([3, 4, 5].map((jobId) => queue.placeOf(jobId)?.message)).toEqual([
      `Waits for a place: ${full}`,
      `Waits for a place behind 1 job that waits: ${full}`,
      `Waits for a place behind 2 jobs that wait: ${full}`,
    ]);
  });
});

describe('a job that keeps a service up', () => {
  it('needs no place, takes none, and goes first', () => {
    const queue = new JobQueue(1);
    const terms = { priority: 0, concurrencyKey: null, concurrencyLimit: 1 };
    const service = { id: 1, name: 'db', version: 1, run: 1 };
    queue.add(1, terms);
    queue.add(2, { ...terms, service });
    queue.add(3, terms);
    expect(queue.take()).toBe(2);
    using _kept = queue.enter(2, null, service);
    expect(queue.take()).toBe(1);
    using _other = queue.enter(1, null);
    expect(queue.take()).toBeUndefined();
    queue.add(4, { ...terms, service: { ...service, id: 2 } });
    expect(queue.take()).toBe(4);
  });
});
