import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LimitExceededError, ServerStoppingError } from '../../../src/domain/errors.ts';
import type { Schedule, ScheduleTime } from '../../../src/domain/service-definition.ts';
import { Scheduler } from '../../../src/supervisor/services/scheduler.ts';
import { nextRuns } from '../../../src/supervisor/services/schedule-times.ts';
import { type Backend, MemoryBackend, SqliteBackend } from './schedule-backends.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { type KillPoint, WatchedCalls } from './watched-calls.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const HOURLY: ScheduleTime = { kind: 'CRON', expression: '0 * * * *', timeZone: 'UTC' };

/** A server with its scheduler, from a start to a stop or a kill. */
class Server {
  readonly #calls: WatchedCalls;
  readonly #clock: SimulatedClock;
  readonly scheduler: Scheduler;
  readonly failures: string[] = [];

  constructor(
    backend: Backend,
    clock: SimulatedClock,
    { killAt = null, ...options }: { killAt?: KillPoint | null; longestWaitMs?: number } = {},
  ) {
    this.#calls = new WatchedCalls(killAt);
    this.#clock = clock;
    this.scheduler = new Scheduler({
      store: this.#calls.of(backend.store),
      starter: this.#calls.of(backend.starter),
      clock,
      ...options,
      log: { failure: (_name, what, error) => this.failures.push(`${what}: ${String(error)}`) },
    });
  }

  async keep(id: number, schedule: Schedule): Promise<void> {
    void this.scheduler.keep({ id, name: 'backup', schedule });
    await this.#calls.settle();
  }

  async advance(ms: number): Promise<void> {
    await this.#clock.advance(ms, () => this.#calls.settle());
  }

  async ended(serviceId: number): Promise<void> {
    this.scheduler.runEnded(serviceId);
    await this.#calls.settle();
  }

  /** As of `WatchedCalls`. */
  settle(): Promise<void> {
    return this.#calls.settle();
  }

  get isDead(): boolean {
    return this.#calls.isDead;
  }
}

/** Rows as one reads them: when, what, which job. */
async function seen(backend: Backend, serviceId: number): Promise<string[]> {
  return (await backend.rows(serviceId)).map(
    ({ dueAtMs, outcome, jobId }) =>
      `${new Date(dueAtMs).toISOString().slice(5, 16)} ${outcome}${jobId === null ? '' : ` ${String(jobId)}`}`,
  );
}

async function reasons(backend: Backend, serviceId: number): Promise<(string | null)[]> {
  return (await backend.rows(serviceId)).map(({ why }) => why);
}

describe('a service with a schedule', () => {
  let backend: SqliteBackend;
  let clock: SimulatedClock;
  let server: Server;
  let serviceId: number;
  beforeEach(async () => {
    backend = await SqliteBackend.open();
    clock = new SimulatedClock('2026-06-01T08:30:00Z');
    server = new Server(backend, clock);
    serviceId = await backend.addService();
  });
  afterEach(async () => {
    await server.scheduler[Symbol.asyncDispose]();
    expect(clock.timers).toBe(0);
    expect(server.scheduler.size).toBe(0);
    await backend[Symbol.asyncDispose]();
  });

  const keep = (schedule: Partial<Schedule> = {}) =>
    server.keep(serviceId, { time: HOURLY, overlap: 'SKIP', catchUp: 'NONE', ...schedule });
  const end = async (jobId: number) => {
    await backend.endJob(jobId, 'SUCCEEDED');
    await server.ended(serviceId);
  };
  /** The server is killed, and comes back after so long. */
  const back = async (downMs: number, schedule: Partial<Schedule> = {}) => {
    await server.scheduler[Symbol.asyncDispose]();
    await clock.advance(downMs, () => Promise.resolve());
    server = new Server(backend, clock);
    await keep(schedule);
  };

  it('runs when it is due, and not before', async () => {
    await keep();
    await server.advance(30 * MINUTE_MS - 1);
    expect(await backend.rows(serviceId)).toEqual([]);
    await server.advance(1);
    expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1']);
    await end(1);
    await server.advance(HOUR_MS);
    expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1', '06-01T10:00 STARTED 2']);
    expect(await reasons(backend, serviceId)).toEqual([null, null]);
  });

  it('runs once, and is then over, where it has one moment', async () => {
    await keep({ time: { kind: 'ONCE', atMs: Date.parse('2026-06-02T00:00:00Z') } });
    await server.advance(48 * HOUR_MS);
    expect(await seen(backend, serviceId)).toEqual(['06-02T00:00 STARTED 1']);
    expect(clock.timers).toBe(0);
  });

  it('runs across a change of the clock in each real hour, and at a time of the day once', async () => {
    clock = new SimulatedClock('2026-10-24T22:30:00Z');
    server = new Server(backend, clock);
    const daily = await backend.addService();
    const berlin = (expression: string): Schedule => ({
      time: { kind: 'CRON', expression, timeZone: 'Europe/Berlin' },
      overlap: 'QUEUE',
      catchUp: 'NONE',
    });
    await server.keep(serviceId, berlin('0 * * * *'));
    await server.keep(daily, berlin('30 2 * * *'));
    for (let hours = 0; hours < 28; hours += 1) {
      await server.advance(HOUR_MS);
      for (const { jobId } of await backend.jobs(serviceId)) await backend.endJob(jobId, 'SUCCEEDED');
      for (const { jobId } of await backend.jobs(daily)) await backend.endJob(jobId, 'SUCCEEDED');
      await server.ended(serviceId);
    }
    expect(await backend.rows(serviceId)).toHaveLength(28);
    expect((await backend.rows(serviceId)).every(({ outcome }) => outcome === 'STARTED')).toBe(true);
    const times = (await seen(backend, daily)).map((row) => row.slice(0, 19));
    expect(times).toEqual(['10-25T00:30 STARTED', '10-26T01:30 STARTED']);
  });

  describe('that is due while its former run has not ended', () => {
    it('is skipped by SKIP, and the row says what had not ended', async () => {
      await keep({ overlap: 'SKIP' });
      await server.advance(2 * HOUR_MS);
      expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1', '06-01T10:00 SKIPPED']);
      expect(await reasons(backend, serviceId)).toEqual([null, 'job 1 had not ended']);
      await end(1);
      await server.advance(HOUR_MS);
      expect(await seen(backend, serviceId)).toContain('06-01T11:00 STARTED 2');
    });

    it('waits by QUEUE, one at the most, and begins when the former ends', async () => {
      await keep({ overlap: 'QUEUE' });
      await server.advance(3 * HOUR_MS);
      expect(await seen(backend, serviceId)).toEqual([
        '06-01T09:00 STARTED 1',
        '06-01T10:00 QUEUED',
        '06-01T11:00 SKIPPED',
      ]);
      expect(await reasons(backend, serviceId)).toEqual([
        null,
        'job 1 had not ended',
        'job 1 had not ended, and the run of 2026-06-01T10:00:00.000Z waits',
      ]);
      await end(1);
      expect((await seen(backend, serviceId))[1]).toBe('06-01T10:00 QUEUED 2');
      await server.advance(HOUR_MS);
      expect((await seen(backend, serviceId))[3]).toBe('06-01T12:00 QUEUED');
    });

    it('ends the former by REPLACE, and begins when that has ended', async () => {
      await keep({ overlap: 'REPLACE' });
      await server.advance(1.5 * HOUR_MS);
      expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1', '06-01T10:00 REPLACED']);
      expect(backend.cancelled[0]).toEqual({
        jobId: 1,
        requestedBy: 'replaced by the run of 2026-06-01T10:00:00.000Z',
      });
      await backend.endJob(1, 'CANCELLED');
      await server.ended(serviceId);
      expect((await seen(backend, serviceId))[1]).toBe('06-01T10:00 REPLACED 2');
    });

    it('takes the place of one that waited to replace it', async () => {
      await keep({ overlap: 'REPLACE' });
      await server.advance(2.5 * HOUR_MS);
      expect(await seen(backend, serviceId)).toEqual([
        '06-01T09:00 STARTED 1',
        '06-01T10:00 SKIPPED',
        '06-01T11:00 REPLACED',
      ]);
      expect((await reasons(backend, serviceId))[1]).toBe(
        'the run of 2026-06-01T11:00:00.000Z replaced it before it began',
      );
    });

    it('goes on waiting under the next server', async () => {
      await keep({ overlap: 'QUEUE' });
      await server.advance(2 * HOUR_MS);
      await back(10 * MINUTE_MS, { overlap: 'QUEUE' });
      expect((await seen(backend, serviceId))[1]).toBe('06-01T10:00 QUEUED');
      await end(1);
      expect((await seen(backend, serviceId))[1]).toBe('06-01T10:00 QUEUED 2');
    });
  });

  describe('whose server was down for hours', () => {
    it('makes up for nothing by NONE, and one row says what was missed', async () => {
      await keep();
      await back(3 * HOUR_MS);
      expect(await seen(backend, serviceId)).toEqual(['06-01T11:00 MISSED']);
      expect(await reasons(backend, serviceId)).toEqual([
        '3 runs, due from 2026-06-01T09:00:00.000Z to 2026-06-01T11:00:00.000Z, not begun by 2026-06-01T11:30:00.000Z: ' +
          'no server was there, or it slept; catchUp is NONE',
      ]);
      await server.advance(30 * MINUTE_MS);
      expect((await seen(backend, serviceId))[1]).toBe('06-01T12:00 STARTED 1');
    });

    it('runs once by LAST, and one row says what else was missed', async () => {
      await keep({ catchUp: 'LAST' });
      await back(3 * HOUR_MS, { catchUp: 'LAST' });
      expect(await seen(backend, serviceId)).toEqual(['06-01T10:00 MISSED', '06-01T11:00 STARTED 1']);
      expect((await reasons(backend, serviceId))[0]).toContain(
        '2 runs, due from 2026-06-01T09:00:00.000Z to 2026-06-01T10:00:00.000Z',
      );
    });

    it('runs each by ALL, one after the other', async () => {
      await keep({ catchUp: 'ALL' });
      await back(3 * HOUR_MS, { catchUp: 'ALL' });
      expect(await seen(backend, serviceId)).toEqual([
        '06-01T09:00 STARTED 1',
        '06-01T10:00 QUEUED',
        '06-01T11:00 QUEUED',
      ]);
      await end(1);
      await end(2);
      await end(3);
      expect(await seen(backend, serviceId)).toEqual([
        '06-01T09:00 STARTED 1',
        '06-01T10:00 QUEUED 2',
        '06-01T11:00 QUEUED 3',
      ]);
    });

    it('makes up for a hundred at the most', async () => {
      await keep({ catchUp: 'ALL' });
      await back(300 * HOUR_MS, { catchUp: 'ALL' });
      const rows = await seen(backend, serviceId);
      expect(rows).toHaveLength(101);
      expect(rows[0]).toContain('MISSED');
      expect((await reasons(backend, serviceId))[0]).toMatch(
        /^200 runs, due from 2026-06-01T09:00:00.000Z to /,
      );
    });

    it('has missed nothing of which a minute has not passed', async () => {
      await keep();
      await back(30 * MINUTE_MS + 59_000);
      expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1']);
    });

    it('says with more than a thousand that there were more', async () => {
      const time: ScheduleTime = { kind: 'INTERVAL', everyMs: 1_000, fromMs: 0 };
      await keep({ time });
      await back(48 * HOUR_MS, { time });
      const [missed, ...others] = await backend.rows(serviceId);
      expect(missed?.outcome).toBe('MISSED');
      expect(missed?.why).toMatch(/^more than 1\d\d\d runs, due from 2026-06-01T08:30:01.000Z to /);
      expect(others.map(({ outcome }) => outcome)).toEqual(['STARTED', ...Array<string>(60).fill('SKIPPED')]);
    });
  });

  it('does not run a time twice when the wall clock is set back', async () => {
    await keep();
    await server.advance(31 * MINUTE_MS);
    await end(1);
    clock.jump(-HOUR_MS);
    await server.advance(1.5 * HOUR_MS);
    expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1']);
    await server.advance(HOUR_MS);
    expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1', '06-01T10:00 STARTED 2']);
  });

  it('notices within a minute that the wall clock was set forward, and has missed what that left out', async () => {
    await keep({ catchUp: 'LAST' });
    await server.advance(MINUTE_MS);
    clock.jump(5 * HOUR_MS);
    await server.advance(MINUTE_MS);
    expect(await seen(backend, serviceId)).toEqual(['06-01T12:00 MISSED', '06-01T13:00 STARTED 1']);
  });

  it('goes on when a wall clock that was years ahead is set right', async () => {
    await keep();
    clock.jump(10 * 365 * 24 * HOUR_MS);
    await server.advance(2 * MINUTE_MS);
    clock.jump(-10 * 365 * 24 * HOUR_MS);
    await server.advance(HOUR_MS);
    expect((await seen(backend, serviceId))[0]).toBe('06-01T09:00 STARTED 1');
  });

  it('says why a run was refused, and goes on', async () => {
    const working = { ...backend.starter };
    Object.assign(backend.starter, {
      startRun: () => Promise.reject(new LimitExceededError('Too many jobs wait.')),
    });
    await keep();
    await server.advance(HOUR_MS);
    expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 REFUSED']);
    expect(await reasons(backend, serviceId)).toEqual(['Too many jobs wait.']);
    Object.assign(backend.starter, working);
    await server.advance(HOUR_MS);
    expect((await seen(backend, serviceId))[1]).toBe('06-01T10:00 STARTED 1');
  });

  it('tries again what fails without a reason of its own, and leaves to the next server what this one is stopped in', async () => {
    const working = { ...backend.starter };
    let tries = 0;
    Object.assign(backend.starter, {
      startRun: () => {
        tries += 1;
        return Promise.reject(tries < 3 ? new Error('the disk is full') : new ServerStoppingError());
      },
    });
    await keep();
    await server.advance(30 * MINUTE_MS + 10_000);
    expect([tries, await seen(backend, serviceId)]).toEqual([3, ['06-01T09:00 STARTED']]);
    expect(server.failures).toEqual(['its schedule cannot be kept for now: Error: the disk is full']);
    Object.assign(backend.starter, working);
    await back(10_000);
    expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1']);
  });

  it('lets nothing begin any more once it is dropped', async () => {
    await keep({ overlap: 'QUEUE' });
    await server.advance(2 * HOUR_MS);
    await backend.forgetPosition(serviceId);
    await server.scheduler.drop(serviceId);
    expect(await seen(backend, serviceId)).toEqual(['06-01T09:00 STARTED 1', '06-01T10:00 SKIPPED']);
    expect((await reasons(backend, serviceId))[1]).toBe('the service was stopped before it began');
    await end(1);
    await server.advance(5 * HOUR_MS);
    expect(await backend.rows(serviceId)).toHaveLength(2);
    expect(clock.timers).toBe(0);
    // Started again, it has missed nothing.
    await keep({ overlap: 'QUEUE', catchUp: 'ALL' });
    await server.advance(HOUR_MS);
    expect((await seen(backend, serviceId)).slice(2)).toEqual(['06-01T16:00 STARTED 2']);
  });

  it('does nothing where its position has gone: it was stopped, and nobody has told it yet', async () => {
    await keep();
    await backend.forgetPosition(serviceId);
    await server.advance(3 * HOUR_MS);
    expect(await backend.rows(serviceId)).toEqual([]);
    expect(await backend.jobs(serviceId)).toEqual([]);
  });

  it('keeps the rows of its last thousand runs', async () => {
    await keep({ time: { kind: 'INTERVAL', everyMs: 1_000, fromMs: 0 } });
    await server.advance(20_000);
    const { database } = backend;
    await database.gate.transaction((tx) =>
      tx.scheduledRun.createMany({
        data: Array.from({ length: 1_500 }, (_, index) => ({
          serviceId,
          dueAt: new Date(index),
          decidedAt: new Date(index),
          outcome: 'SKIPPED',
        })),
      }),
    );
    await server.advance(1_000);
    const rows = await backend.rows(serviceId);
    expect(rows).toHaveLength(1_000);
    expect(rows.slice(-21).every(({ dueAtMs }) => dueAtMs > 1_500)).toBe(true);
  });
});

const anySchedule: fc.Arbitrary<Schedule> = fc.record({
  time: fc.constantFrom<ScheduleTime>(HOURLY, { kind: 'INTERVAL', everyMs: 20 * MINUTE_MS, fromMs: 0 }),
  overlap: fc.constantFrom('SKIP' as const, 'QUEUE' as const, 'REPLACE' as const),
  catchUp: fc.constantFrom('NONE' as const, 'LAST' as const, 'ALL' as const),
});
const anyLife = fc.array(
  fc.record({
    killAt: fc.record({ call: fc.integer({ min: 2, max: 40 }), isDone: fc.boolean() }),
    steps: fc.array(fc.record({ passMs: fc.integer({ min: 1_000, max: HOUR_MS }), isEnded: fc.boolean() }), {
      minLength: 1,
      maxLength: 8,
    }),
    downMs: fc.integer({ min: 1_000, max: 4 * HOUR_MS }),
  }),
  { minLength: 1, maxLength: 6 },
);

describe('however often its server is killed, and at whichever step', () => {
  async function live(
    backend: Backend,
    schedule: Schedule,
    life: typeof anyLife extends fc.Arbitrary<infer L> ? L : never,
  ) {
    const clock = new SimulatedClock('2026-06-01T08:30:00Z');
    const serviceId = await backend.addService();
    const ended = new Set<number>();
    const endOldest = async () => {
      const job = (await backend.jobs(serviceId)).find(({ jobId }) => !ended.has(jobId));
      if (job === undefined) return;
      ended.add(job.jobId);
      await backend.endJob(job.jobId, 'SUCCEEDED');
    };
    for (const { killAt, steps, downMs } of life) {
      const server = new Server(backend, clock, { killAt });
      await server.keep(serviceId, schedule);
      for (const { passMs, isEnded } of steps) {
        await server.advance(passMs);
        expect((await backend.jobs(serviceId)).length - ended.size).toBeLessThanOrEqual(1);
        if (isEnded) {
          await endOldest();
          await server.ended(serviceId);
        }
      }
      if (server.isDead) void server.scheduler[Symbol.asyncDispose]();
      else await server.scheduler[Symbol.asyncDispose]();
      await clock.advance(downMs, () => Promise.resolve());
    }
    // The last server lives, and comes to an end with all that waits.
    const server = new Server(backend, clock);
    await server.keep(serviceId, schedule);
    for (let round = 0; round < 120; round += 1) {
      await endOldest();
      await server.ended(serviceId);
    }
    await server.scheduler[Symbol.asyncDispose]();

    const rows = await backend.rows(serviceId);
    const jobs = await backend.jobs(serviceId);
    expect(new Set(jobs.map(({ dueAtMs }) => dueAtMs)).size).toBe(jobs.length);
    // Each job has its row, and each row that says so has its job.
    expect(jobs.map(({ jobId, dueAtMs }) => `${String(jobId)} ${String(dueAtMs)}`).sort()).toEqual(
      rows
        .flatMap(({ jobId, dueAtMs }) => (jobId === null ? [] : `${String(jobId)} ${String(dueAtMs)}`))
        .sort(),
    );
    for (const { outcome, jobId } of rows)
      expect(jobId !== null).toBe(['STARTED', 'QUEUED', 'REPLACED'].includes(outcome));
    // Each time has its row, or lies in the span of one that says what was missed.
    const due = new Set(
      nextRuns(schedule.time, Date.parse('2026-06-01T08:30:00Z'), 1_000).filter((ms) => ms <= clock.nowMs()),
    );
    for (const { dueAtMs, outcome, why } of rows) {
      due.delete(dueAtMs);
      if (outcome !== 'MISSED') continue;
      const from = Date.parse(/due from (\S+)/.exec(why ?? '')?.[1] ?? '');
      for (const ms of due) if (ms >= from && ms < dueAtMs) due.delete(ms);
    }
    expect([...due]).toEqual([]);
    if (schedule.catchUp === 'ALL') expect(rows.some(({ outcome }) => outcome === 'MISSED')).toBe(false);
  }

  it('each time that was due becomes one row, and one job at the most', async () => {
    await fc.assert(
      fc.asyncProperty(anySchedule, anyLife, async (schedule, life) => {
        await using backend = new MemoryBackend();
        await live(backend, schedule, life);
      }),
      { numRuns: 150 },
    );
  }, 120_000);

  it('it is so with the real tables, too', async () => {
    await using backend = await SqliteBackend.open();
    await fc.assert(
      fc.asyncProperty(anySchedule, anyLife, (schedule, life) => live(backend, schedule, life)),
      { numRuns: 4 },
    );
  }, 120_000);
});

describe('a year', () => {
  it('of an hourly and a daily schedule passes in under a second of the processor', async () => {
    const clock = new SimulatedClock('2026-01-01T00:00:00Z');
    const schedules = ['0 * * * *', '30 2 * * *'].map((expression): Schedule => ({
      time: { kind: 'CRON', expression, timeZone: 'Europe/Berlin' },
      overlap: 'SKIP',
      catchUp: 'NONE',
    }));
    const kept = schedules.map((schedule) => {
      const backend = new MemoryBackend();
      backend.endsAtOnce = true;
      return { schedule, backend, server: new Server(backend, clock, { longestWaitMs: HOUR_MS }) };
    });
    const before = process.cpuUsage();
    for (const { schedule, server } of kept) await server.keep(1, schedule);
    const [hourly] = kept;
    const settle = async () => {
      await hourly?.server.settle();
    };
    await clock.advance(365 * 24 * HOUR_MS, settle);
    const { user, system } = process.cpuUsage(before);
    const tookMs = (user + system) / 1_000;
    const counts = await Promise.all(kept.map(async ({ backend }) => (await backend.rows()).length));
    expect(counts).toEqual([365 * 24, 365]);
    console.log(`a year of an hourly and a daily schedule took ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(1_000);
  });
});
