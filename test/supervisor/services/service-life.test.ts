import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_RESTART_RULES } from '../../../src/domain/service-definition.ts';
import {
  type LifeRules,
  mayHaveJob,
  NEW_LIFE,
  nextLife,
  type ServiceEvent,
  type ServiceLife,
} from '../../../src/domain/service-life.ts';
import { retryDelayMs } from '../../../src/domain/retry-delay.ts';

const RULES: LifeRules = {
  restart: DEFAULT_RESTART_RULES,
  hasReadiness: false,
  isScheduled: false,
  nowMs: 1_000_000,
  random: 0.5,
};
const FAILED = {
  status: 'FAILED',
  reason: 'EXITED',
  message: 'The program ended with exit code 1.',
  cause: null,
} as const;

function after(events: readonly ServiceEvent[], rules = RULES, from: ServiceLife = NEW_LIFE): ServiceLife {
  return events.reduce((life, event) => nextLife(life, event, rules), from);
}

const BY = 'the token ops';
const jobId = fc.integer({ min: 1, max: 4 });
const anyEvent: fc.Arbitrary<ServiceEvent> = fc.oneof(
  fc.constantFrom<ServiceEvent>(
    { kind: 'START', by: BY },
    { kind: 'STOP', by: BY },
    { kind: 'RESTART', by: BY },
    { kind: 'DEPENDENCIES_MET' },
    { kind: 'RETRY_DUE' },
    { kind: 'HEALTHY' },
    { kind: 'SAVED' },
    { kind: 'BLOCKED', why: 'Waits for db.' },
    { kind: 'LAUNCH_REFUSED', message: 'There is no such program.' },
    { kind: 'LAUNCH_HELD', message: 'The disk is full.' },
  ),
  jobId.map((id) => ({ kind: 'JOB_MADE', jobId: id }) as const),
  jobId.map((id) => ({ kind: 'JOB_RUNS', jobId: id }) as const),
  jobId.map((id) => ({ kind: 'DEAD', jobId: id, message: 'It does not answer.' }) as const),
  fc.record({
    kind: fc.constant('READINESS' as const),
    jobId,
    isReady: fc.boolean(),
    message: fc.constant('It is not ready.'),
  }),
  fc.record({
    kind: fc.constant('JOB_ENDED' as const),
    jobId,
    end: fc.constantFrom(
      FAILED,
      { status: 'SUCCEEDED', reason: 'EXITED', message: null, cause: null } as const,
      { status: 'CANCELLED', reason: 'CANCEL_REQUESTED', message: null, cause: BY } as const,
      { status: 'CANCELLED', reason: 'SERVER_STOPPED', message: null, cause: null } as const,
      { status: 'LOST', reason: 'HOST_REBOOTED', message: null, cause: null } as const,
      { status: 'TIMED_OUT', reason: 'TIMEOUT', message: null, cause: null } as const,
    ),
  }),
);
const anyRules = fc.record({
  restart: fc.record({
    policy: fc.constantFrom('NEVER' as const, 'ON_FAILURE' as const, 'ALWAYS' as const),
    firstDelayMs: fc.constant(1_000),
    maxDelayMs: fc.constant(60_000),
    maxFailures: fc.integer({ min: 1, max: 4 }),
    healthyAfterMs: fc.constant(300_000),
  }),
  hasReadiness: fc.boolean(),
  isScheduled: fc.boolean(),
  nowMs: fc.constant(1_000_000),
  random: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('the life of a service', () => {
  it('takes one number for one start, and only a service that waits to run takes one', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, anyRules), { maxLength: 60 }), (steps) => {
        let life = NEW_LIFE;
        for (const [event, rules] of steps) {
          const next = nextLife(life, event, rules);
          if (next.runs !== life.runs) {
            expect(next.runs).toBe(life.runs + 1);
            expect([life.state, next.state, next.jobId]).toEqual(['WAITING', 'STARTING', null]);
          } else if (life.jobId !== null) {
            // The job of a number never becomes another.
            expect(next.jobId).toBe(life.jobId);
          }
          life = next;
        }
      }),
    );
  });

  it('leaves a state with a job only by the end of that job', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, anyRules), { maxLength: 60 }), (steps) => {
        let life = NEW_LIFE;
        for (const [event, rules] of steps) {
          const next = nextLife(life, event, rules);
          if (mayHaveJob(life.state) && !mayHaveJob(next.state)) {
            expect(['JOB_ENDED', 'LAUNCH_REFUSED', 'LAUNCH_HELD']).toContain(event.kind);
            if (event.kind === 'JOB_ENDED') expect(event.jobId).toBe(life.jobId);
            else expect(life.jobId).toBeNull();
          }
          life = next;
        }
      }),
    );
  });

  it('waits for a disk that is full however long, which is no failure of its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), anyRules, (times, rules) => {
        let life = nextLife(NEW_LIFE, { kind: 'START', by: 'a test' }, { ...rules, isScheduled: false });
        for (let time = 0; time < times; time++) {
          life = nextLife(life, { kind: 'DEPENDENCIES_MET' }, rules);
          life = nextLife(life, { kind: 'LAUNCH_HELD', message: 'The disk is full.' }, rules);
          expect(life).toMatchObject({ state: 'BACKOFF', failures: 0, why: 'The disk is full.' });
          life = nextLife(life, { kind: 'RETRY_DUE' }, rules);
        }
        expect(life.state).toBe('WAITING');
      }),
    );
  });

  it('changes what is desired by hand alone, and runs nothing that is not desired', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyEvent, anyRules), { maxLength: 60 }), (steps) => {
        let life = NEW_LIFE;
        for (const [event, rules] of steps) {
          const next = nextLife(life, event, rules);
          if (next.desired === 'UP' && life.desired === 'DOWN')
            expect(['START', 'RESTART']).toContain(event.kind);
          if (next.desired === 'DOWN' && life.desired === 'UP')
            expect(['STOP', 'JOB_ENDED']).toContain(event.kind);
          if (next.desired === 'DOWN') expect(['STOPPED', 'STOPPING']).toContain(next.state);
          if (life.state === 'GAVE_UP' && next.state !== 'GAVE_UP')
            expect(['START', 'STOP', 'RESTART', 'SAVED']).toContain(event.kind);
          expect(next.retryAtMs === null).toBe(next.state !== 'BACKOFF');
          life = next;
        }
      }),
    );
  });

  it('is told the same twice without harm', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), anyEvent, anyRules, (before, event, rules) => {
        fc.pre(!['RESTART', 'DEAD', 'RETRY_DUE'].includes(event.kind));
        const once = after([...before, event], rules);
        const twice = nextLife(once, event, rules);
        expect([twice.runs, twice.failures, twice.state]).toEqual([once.runs, once.failures, once.state]);
      }),
    );
  });

  it('backs off after each failure, gives up after ten in a row, and says why', () => {
    let life = after([{ kind: 'START', by: BY }]);
    const delays: number[] = [];
    for (let id = 1; life.state !== 'GAVE_UP'; id += 1) {
      life = after(
        [
          { kind: 'RETRY_DUE' },
          { kind: 'DEPENDENCIES_MET' },
          { kind: 'JOB_MADE', jobId: id },
          { kind: 'JOB_RUNS', jobId: id },
          { kind: 'JOB_ENDED', jobId: id, end: FAILED },
        ],
        RULES,
        life,
      );
      if (life.retryAtMs !== null) delays.push(life.retryAtMs - RULES.nowMs);
    }
    expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(life.why).toBe(
      'It has ended 10 times in a row. The last time: The program ended with exit code 1.',
    );
    expect(after([{ kind: 'START', by: BY }], RULES, life)).toMatchObject({ state: 'WAITING', failures: 0 });
  });

  it('counts anew after health', () => {
    const running = after([
      { kind: 'START', by: BY },
      { kind: 'DEPENDENCIES_MET' },
      { kind: 'JOB_MADE', jobId: 1 },
      { kind: 'JOB_ENDED', jobId: 1, end: FAILED },
      { kind: 'RETRY_DUE' },
      { kind: 'DEPENDENCIES_MET' },
      { kind: 'JOB_MADE', jobId: 2 },
      { kind: 'JOB_RUNS', jobId: 2 },
    ]);
    expect(running).toMatchObject({ state: 'READY', failures: 1 });
    expect(after([{ kind: 'HEALTHY' }], RULES, running).failures).toBe(0);
  });

  it('ends and starts again what its liveness probe finds dead, and counts it', () => {
    const dead = after([
      { kind: 'START', by: BY },
      { kind: 'DEPENDENCIES_MET' },
      { kind: 'JOB_MADE', jobId: 1 },
      { kind: 'JOB_RUNS', jobId: 1 },
      { kind: 'DEAD', jobId: 1, message: 'It does not answer.' },
    ]);
    expect(dead).toMatchObject({ state: 'STOPPING', desired: 'UP', failures: 1 });
    const cancelled = {
      status: 'CANCELLED',
      reason: 'CANCEL_REQUESTED',
      message: null,
      cause: null,
    } as const;
    expect(after([{ kind: 'JOB_ENDED', jobId: 1, end: cancelled }], RULES, dead)).toMatchObject({
      state: 'BACKOFF',
      why: 'It does not answer.',
    });
  });
});

describe('the delay of a retry', () => {
  it('doubles, stays within 20 % of that, and is never above the longest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 1e9 }),
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (firstDelayMs, maxDelayMs, failures, random) => {
          const delayMs = retryDelayMs({ firstDelayMs, maxDelayMs }, failures, random);
          const middleMs = Math.min(maxDelayMs, firstDelayMs * 2 ** Math.min(failures - 1, 40));
          expect(delayMs).toBeLessThanOrEqual(maxDelayMs);
          expect(delayMs).toBeGreaterThanOrEqual(Math.floor(middleMs * 0.8));
          expect(delayMs).toBeLessThanOrEqual(Math.ceil(middleMs * 1.2));
        },
      ),
    );
  });
});
