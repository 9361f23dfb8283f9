import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../../src/domain/clock.ts';
import { DEFAULT_RESTART_RULES, type ServiceDefinition } from '../../../src/domain/service-definition.ts';
import { NEW_LIFE } from '../../../src/domain/service-life.ts';
import type { ServiceRecord } from '../../../src/storage/service-records.ts';
import type { KeptJobRecord } from '../../../src/storage/service-store.ts';
import { ServiceKeeper, type ServiceKeeperPorts } from '../../../src/supervisor/services/service-keeper.ts';

const DEFINITION = {
  restart: { ...DEFAULT_RESTART_RULES, policy: 'ALWAYS', maxFailures: 1_000 },
  readiness: null,
  schedule: null,
  after: [],
} as unknown as ServiceDefinition;

/** The database and the processes: what a kill -9 of the server leaves as it is. */
class World {
  service: ServiceRecord = {
    id: 1,
    name: 'web',
    version: 1,
    definition: DEFINITION,
    createdAtMs: 0,
    life: NEW_LIFE,
    sinceMs: 0,
    steps: 0,
  };
  readonly jobs: KeptJobRecord[] = [];
  readonly runs = new Map<number, number>();
  nowMs = 0;
  timers: { atMs: number; work: () => void }[] = [];

  get alive(): readonly KeptJobRecord[] {
    return this.jobs.filter(
      ({ status }) => status === 'QUEUED' || status === 'RUNNING' || status === 'CANCELLING',
    );
  }

  change(id: number, facts: Partial<KeptJobRecord>): void {
    const at = this.jobs.findIndex((job) => job.id === id);
    this.jobs[at] = { ...this.jobs[at]!, ...facts };
  }

  /** A server on it. After `kill` nothing that it had begun goes on. */
  server(killAfterCalls: number): { keeper: ServiceKeeper; kill: () => void; isKilled: () => boolean } {
    let calls = 0;
    let killed = false;
    const isKilled = (): boolean => killed;
    const never = new Promise<never>(() => undefined);
    const kill = (): void => {
      killed = true;
      keeper[Symbol.dispose]();
    };
    const call = async <T>(work: () => T): Promise<T> => {
      if (killed) return never;
      const result = work();
      calls += 1;
      // Killed after it was done, and before anybody heard of it.
      if (calls >= killAfterCalls) kill();
      await Promise.resolve();
      return isKilled() ? never : result;
    };
    const clock: Clock = {
      nowMs: () => this.nowMs,
      monotonicMs: () => this.nowMs,
      after: (delayMs, work) => {
        const timer = { atMs: this.nowMs + delayMs, work };
        this.timers.push(timer);
        return {
          [Symbol.dispose]: () => void (this.timers = this.timers.filter((other) => other !== timer)),
        };
      },
    };
    const ports: ServiceKeeperPorts = {
      store: {
        advance: (service, life, at) =>
          call(() => {
            expect(service.steps).toBe(this.service.steps);
            this.service = { ...service, life, steps: service.steps + 1, sinceMs: at.getTime() };
            return this.service;
          }),
        jobOfRun: (_id, run) => call(() => this.runs.get(run) ?? null),
        keptJob: (jobId) => call(() => this.jobs.find(({ id }) => id === jobId) ?? null),
      },
      clock,
      random: () => 0.5,
      log: {
        changed: () => undefined,
        silence: () => undefined,
        failure: (_name, what, cause) => {
          throw new Error(what, { cause });
        },
      },
      blockedBy: () => null,
      isHeldUp: () => false,
      takesTurn: () => true,
      onSilence: () => undefined,
      startJob: ({ life }) =>
        call(() => {
          expect(this.runs.has(life.runs)).toBe(false);
          expect(this.alive).toEqual([]);
          const id = this.jobs.length + 1;
          this.runs.set(life.runs, id);
          const job = {
            id,
            status: 'QUEUED',
            reason: 'NONE',
            message: null,
            startedAt: null,
            requestedBy: null,
          };
          this.jobs.push(job);
          return id;
        }),
      cancelJob: (jobId) =>
        call(() => {
          this.change(jobId, { status: 'CANCELLING', reason: 'CANCEL_REQUESTED' });
        }),
      watch: () => ({ [Symbol.dispose]: () => undefined }),
      onChanged: () => undefined,
    };
    const keeper: ServiceKeeper = new ServiceKeeper(this.service, ports);
    return { keeper, kill, isKilled };
  }
}

type Act = 'START' | 'STOP' | 'RESTART' | 'RUNS' | 'FAILS' | 'ENDS' | 'TIME' | 'KILL';
const acts = fc.constantFrom<Act>(
  'START',
  'START',
  'STOP',
  'RESTART',
  'RUNS',
  'FAILS',
  'ENDS',
  'TIME',
  'KILL',
);

/** All that is waiting to happen without anything new from outside. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

describe('a service, whatever happens in whatever order, kill -9 of its server included', () => {
  it('never has two jobs, and comes to what is desired', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(acts, fc.integer({ min: 1, max: 12 })), { maxLength: 40 }),
        async (steps) => {
          const world = new World();
          let server = world.server(Infinity);
          const restart = async (killAfterCalls: number): Promise<void> => {
            server.kill();
            world.timers = [];
            server = world.server(killAfterCalls);
            server.keeper.poke();
            await settle();
          };
          const act = (what: Act): void => {
            const [job] = world.alive;
            if (what === 'START' || what === 'STOP' || what === 'RESTART') {
              void server.keeper.ask({ kind: what, by: 'somebody' }).catch(() => undefined);
            } else if (what === 'TIME') {
              world.nowMs += 60_000;
              const due = world.timers.filter(({ atMs }) => atMs <= world.nowMs);
              world.timers = world.timers.filter((timer) => !due.includes(timer));
              for (const { work } of due) work();
            } else if (job !== undefined) {
              if (what === 'RUNS' && job.status === 'QUEUED') world.change(job.id, { status: 'RUNNING' });
              if (what === 'FAILS' && job.status === 'RUNNING')
                world.change(job.id, { status: 'FAILED', reason: 'EXITED', message: 'It failed.' });
              if (what === 'ENDS' && job.status === 'CANCELLING')
                world.change(job.id, { status: 'CANCELLED' });
              server.keeper.poke();
            }
          };
          for (const [what, calls] of steps) {
            if (what === 'KILL') await restart(calls);
            else act(what);
            if (calls % 2 === 0) await settle();
            expect(world.alive.length).toBeLessThanOrEqual(1);
            if (server.isKilled()) await restart(Infinity);
          }
          // From here on nothing more goes wrong, and every job that is to end ends.
          await restart(Infinity);
          for (let round = 0; round < 6; round += 1) {
            for (const what of ['ENDS', 'RUNS', 'TIME'] as const) {
              act(what);
              await settle();
            }
          }
          const { desired, state } = world.service.life;
          expect(state).toBe(desired === 'UP' ? 'READY' : 'STOPPED');
          expect(world.alive.length).toBe(desired === 'UP' ? 1 : 0);
          expect(world.jobs.length).toBe(world.runs.size);
          server.kill();
          expect(world.timers).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });
});
