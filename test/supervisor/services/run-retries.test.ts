import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CommandNotFoundError } from '../../../src/domain/errors.ts';
import { DEFAULT_RESTART_RULES, type RestartRules } from '../../../src/domain/service-definition.ts';
import type { JobId } from '../../../src/domain/job-id.ts';
import type { JobStatus } from '../../../src/domain/job-status.ts';
import { RetryStore } from '../../../src/storage/retry-store.ts';
import { RunRetries } from '../../../src/supervisor/services/run-retries.ts';
import { jobRow, SqliteBackend } from './schedule-backends.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { type KillPoint, WatchedCalls } from './watched-calls.ts';

let backend: SqliteBackend;
let serviceId: number;
let clock: SimulatedClock;
beforeAll(async () => {
  backend = await SqliteBackend.open();
});
afterAll(async () => {
  await backend[Symbol.asyncDispose]();
});
beforeEach(async () => {
  serviceId = await backend.addService();
  clock = new SimulatedClock('2026-06-01T08:30:00Z');
  // What the test before has left to be retried is not this one's.
  await backend.database.gate.transaction((tx) =>
    tx.job.updateMany({ data: { retryAt: null, retryIsDecided: true } }),
  );
});

class Server {
  readonly #calls: WatchedCalls;
  readonly retries: RunRetries;
  readonly failures: string[] = [];

  constructor(
    options: { rules?: Partial<RestartRules>; killAt?: KillPoint; refuse?: () => Error | null } = {},
  ) {
    const { rules = {}, killAt = null, refuse = () => null } = options;
    this.#calls = new WatchedCalls(killAt);
    const outside = this.#calls.of({
      rulesOf: () => Promise.resolve({ ...DEFAULT_RESTART_RULES, ...rules }),
      startRetry: async (retryOfId: JobId, attempt: number): Promise<JobId> => {
        const refusal = refuse();
        if (refusal !== null) throw refusal;
        return addRun({ trigger: 'RETRY', attempt, rerunOfId: retryOfId, retryOfId });
      },
    });
    this.retries = new RunRetries({
      ...outside,
      rulesOf: () => outside.rulesOf(),
      startRetry: (jobId, attempt) => outside.startRetry(jobId, attempt),
      store: this.#calls.of(new RetryStore(backend.database.read, backend.database.gate)),
      clock,
      random: () => 0.5,
      failure: (_jobId, what, error) => this.failures.push(`${what}: ${String(error)}`),
    });
  }

  async resume(): Promise<void> {
    void this.retries.resume();
    await this.#calls.settle();
  }

  async end(jobId: JobId, status: JobStatus): Promise<void> {
    await backend.endJob(jobId, status);
    this.retries.runEnded(jobId);
    await this.#calls.settle();
  }

  async advance(ms: number): Promise<void> {
    await clock.advance(ms, () => this.#calls.settle());
  }

  get isDead(): boolean {
    return this.#calls.isDead;
  }
}

async function addRun(columns: {
  trigger?: string;
  attempt?: number;
  rerunOfId?: number;
  retryOfId?: number;
  serviceRun?: number;
}): Promise<JobId> {
  const { trigger = 'REQUEST', ...others } = columns;
  const data = { ...jobRow(trigger), serviceId, serviceVersion: 1, ...others };
  return (await backend.database.gate.transaction((tx) => tx.job.create({ data }))).id;
}

/** The jobs of the service as one reads them: each attempt, of what, and whether it waits for another. */
async function seen(): Promise<string[]> {
  const rows = await backend.database.read.job.findMany({ where: { serviceId }, orderBy: { id: 'asc' } });
  const first = rows[0]?.id ?? 0;
  return rows.map(({ trigger, attempt, rerunOfId, retryAt }) => {
    const of = rerunOfId === null ? '' : ` of ${String(rerunOfId - first)}`;
    const waits = retryAt === null ? '' : ` at ${retryAt.toISOString().slice(11, 19)}`;
    return `${trigger} ${String(attempt)}${of}${waits}`;
  });
}

describe('a run of a service', () => {
  it.each(['FAILED', 'TIMED_OUT', 'LOST'] as const)(
    'that ends as %s is tried again after its delay',
    async (status) => {
      await using server = disposable(new Server());
      const jobId = await addRun({});
      await server.of.end(jobId, status);
      expect(await seen()).toEqual(['REQUEST 1 at 08:30:01']);
      await server.of.advance(999);
      expect(await seen()).toHaveLength(1);
      await server.of.advance(1);
      expect(await seen()).toEqual(['REQUEST 1', 'RETRY 2 of 0']);
      await server.of.end(jobId + 1, status);
      expect((await seen())[1]).toBe('RETRY 2 of 0 at 08:30:03');
    },
  );

  it('is given up at its last attempt', async () => {
    await using server = disposable(new Server({ rules: { maxFailures: 3 } }));
    let jobId = await addRun({ trigger: 'SCHEDULE' });
    for (let round = 0; round < 5; round += 1) {
      await server.of.end(jobId, 'FAILED');
      await server.of.advance(60_000);
      jobId = (await backend.store.unfinishedRuns(serviceId)).at(-1) ?? jobId;
    }
    expect(await seen()).toEqual(['SCHEDULE 1', 'RETRY 2 of 0', 'RETRY 3 of 1']);
  });

  it.each([
    ['that was cancelled', 'CANCELLED', {}, {}],
    ['that succeeded, with ALWAYS,', 'SUCCEEDED', {}, { policy: 'ALWAYS' }],
    ['whose rules say NEVER', 'FAILED', {}, { policy: 'NEVER' }],
    ['that somebody has repeated by hand', 'FAILED', { trigger: 'RERUN' }, {}],
    ['that keeps it up', 'FAILED', { trigger: 'SERVICE', serviceRun: 1 }, {}],
  ] as const)('%s is not tried again', async (_, status, columns, rules) => {
    await using server = disposable(new Server({ rules }));
    await server.of.end(await addRun(columns), status);
    await server.of.advance(3_600_000);
    expect(await seen()).toHaveLength(1);
    expect(server.of.retries.size).toBe(0);
  });

  it('that cannot be started again is not tried for ever', async () => {
    await using server = disposable(
      new Server({ refuse: () => new CommandNotFoundError('There is no program x.') }),
    );
    await server.of.end(await addRun({}), 'FAILED');
    await server.of.advance(3_600_000);
    expect(await seen()).toEqual(['REQUEST 1']);
    expect(server.of.failures).toHaveLength(1);
  });

  it('is tried again after all where that failed without a reason of its own', async () => {
    let tries = 0;
    const refuse = () => ((tries += 1) < 3 ? new Error('the disk is full') : null);
    await using server = disposable(new Server({ refuse }));
    await server.of.end(await addRun({}), 'FAILED');
    await server.of.advance(20_000);
    expect(await seen()).toEqual(['REQUEST 1', 'RETRY 2 of 0']);
  });

  it('is not tried again once that is dropped', async () => {
    await using server = disposable(new Server());
    await server.of.end(await addRun({}), 'FAILED');
    await server.of.retries.drop(serviceId);
    expect(server.of.retries.size).toBe(0);
    await server.of.advance(3_600_000);
    expect(await seen()).toEqual(['REQUEST 1']);
  });

  it('keeps its time under the next server, and is tried at once where that has passed', async () => {
    {
      await using server = disposable(new Server({ rules: { firstDelayMs: 30_000 } }));
      await server.of.end(await addRun({}), 'FAILED');
      await server.of.advance(10_000);
    }
    await clock.advance(10_000, () => Promise.resolve());
    {
      await using server = disposable(new Server());
      await server.of.resume();
      await server.of.advance(9_999);
      expect(await seen()).toHaveLength(1);
    }
    await clock.advance(3_600_000, () => Promise.resolve());
    await using server = disposable(new Server());
    await server.of.resume();
    await server.of.advance(0);
    expect(await seen()).toEqual(['REQUEST 1', 'RETRY 2 of 0']);
  });

  it('is retried once, at whichever steps its servers are killed', async () => {
    const life = fc.array(fc.record({ call: fc.integer({ min: 1, max: 9 }), isDone: fc.boolean() }), {
      minLength: 1,
      maxLength: 6,
    });
    await fc.assert(
      fc.asyncProperty(life, fc.constantFrom<JobStatus>('FAILED', 'LOST'), async (kills, status) => {
        serviceId = await backend.addService();
        clock = new SimulatedClock('2026-06-01T08:30:00Z');
        const jobId = await addRun({});
        for (const killAt of [...kills, null]) {
          const server = new Server(killAt === null ? {} : { killAt });
          await server.resume();
          if (killAt === kills[0]) await server.end(jobId, status);
          await server.advance(2_000);
          if (killAt !== null && server.isDead) void server.retries[Symbol.asyncDispose]();
          else await server.retries[Symbol.asyncDispose]();
        }
        expect(await seen()).toEqual(['REQUEST 1', 'RETRY 2 of 0']);
        await backend.endJob(jobId + 1, 'SUCCEEDED');
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});

/** Releases the server, and finds no timer that it left. */
function disposable(of: Server): AsyncDisposable & { readonly of: Server } {
  return {
    of,
    [Symbol.asyncDispose]: async () => {
      await of.retries[Symbol.asyncDispose]();
      expect(of.retries.size).toBe(0);
      expect(clock.timers).toBe(0);
    },
  };
}
