import fc from 'fast-check';
import { appendFileSync, mkdirSync, statSync, truncateSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLegalTransition, JOB_STATUSES, type JobStatus } from '../../src/domain/job-status.ts';
import { JobDirectory } from '../../src/storage/job-directory.ts';
import type { StepRecord } from '../../src/storage/job-records.ts';
import { appendTransition, readTransitions, stepsAfter } from '../../src/storage/transition-file.ts';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';

const scratch = new ScratchDirectory();
let lastId = 0;
beforeAll(() => {
  mkdirSync(scratch.file('jobs'));
});
afterAll(() => {
  scratch[Symbol.dispose]();
});

function newDirectory(): JobDirectory {
  return new JobDirectory(scratch.file('jobs'), ++lastId);
}

function step(number: number, from: JobStatus | null, to: JobStatus): StepRecord {
  return { number, from, to, atMs: number, reason: 'NONE', cause: null };
}

const LIFE: readonly StepRecord[] = [
  step(1, null, 'QUEUED'),
  {
    ...step(2, 'QUEUED', 'STARTING'),
    active: { cookie: 'c', host: { bootId: 'b', pidNamespace: 'pid:[1]' } },
  },
  { ...step(3, 'STARTING', 'RUNNING'), facts: { pid: 7, startedAtMs: 5 } },
  {
    ...step(4, 'RUNNING', 'CANCELLING'),
    reason: 'TIMEOUT',
    cause: 'a “cause”\nof two lines',
    cancellation: {
      reason: 'TIMEOUT',
      requestedAtMs: 1,
      requestedBy: null,
      gracePeriodMs: 2,
      killedAtMs: null,
      finishedAtMs: null,
      containment: 'BEST_EFFORT',
      processes: [{ pid: 1, command: 'a b', signals: ['SIGTERM'], goneAtMs: null }],
    },
  },
  { ...step(5, 'CANCELLING', 'TIMED_OUT'), facts: { exitCode: 143, message: null, finishedAtMs: 9 } },
];

describe('the transitions on file', () => {
  it('are what was written, for this user alone', () => {
    const directory = newDirectory();
    for (const record of LIFE) appendTransition(directory, record);
    expect(readTransitions(directory)).toEqual(LIFE);
    expect((statSync(directory.transitionsPath).mode & 0o777).toString(8)).toBe('600');
  });

  it('survive a write that was cut anywhere: what was whole stays, and what follows is whole', () => {
    const last = fc.integer({ min: 1, max: LIFE.length - 1 });
    fc.assert(
      fc.property(last, fc.double({ min: 0, max: 1, noNaN: true }), (index, share) => {
        const directory = newDirectory();
        for (const record of LIFE.slice(0, index)) appendTransition(directory, record);
        const before = statSync(directory.transitionsPath).size;
        appendTransition(directory, LIFE[index]!);
        const cut = Math.round((statSync(directory.transitionsPath).size - before) * share);
        truncateSync(directory.transitionsPath, before + cut);
        // The same step is written once more, as a retry or the next server does.
        appendTransition(directory, LIFE[index]!);
        expect(stepsAfter(readTransitions(directory), 0, null)).toEqual(LIFE.slice(0, index + 1));
      }),
      { numRuns: 200 },
    );
  });

  it('without a file, or with anything else in it, are none', () => {
    const directory = newDirectory();
    expect(readTransitions(directory)).toEqual([]);
    appendTransition(directory, LIFE[0]!);
    appendFileSync(
      directory.transitionsPath,
      '\n{}\n[]\n"x"\n{"number":2,"from":"QUEUED","to":"DONE"}\n\0\n',
    );
    expect(readTransitions(directory)).toEqual([LIFE[0]]);
  });
});

describe('the steps after a known one', () => {
  it('are a legal life that goes on from there, whatever the file holds', () => {
    const anyStep = fc.record({
      number: fc.integer({ min: 1, max: 6 }),
      from: fc.constantFrom(null, ...JOB_STATUSES),
      to: fc.constantFrom(...JOB_STATUSES),
    });
    fc.assert(
      fc.property(
        fc.array(anyStep, { maxLength: 40 }),
        fc.integer({ min: 0, max: 4 }),
        fc.constantFrom(null, ...JOB_STATUSES),
        (parts, number, status) => {
          const steps = parts.map((part) => step(part.number, part.from, part.to));
          let [at, where] = [number, status];
          for (const next of stepsAfter(steps, number, status)) {
            expect(next).toMatchObject({ number: at + 1, from: where });
            expect(where === null ? next.to === 'QUEUED' : isLegalTransition(where, next.to)).toBe(true);
            at = next.number;
            where = next.to;
          }
        },
      ),
    );
  });

  it('of each point of a whole life are the rest of it', () => {
    for (const [index, { to }] of LIFE.entries())
      expect(stepsAfter(LIFE, index + 1, to)).toEqual(LIFE.slice(index + 1));
  });
});
