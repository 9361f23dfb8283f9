import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  jobsToRemove,
  NO_RETENTION_RULES,
  type RetentionRules,
  type RetentionScope,
  scopesOf,
} from '../../src/domain/retention.ts';

const NOW_MS = 1_000_000;

/** A finished job, and whether something needs it. Pinned ones are not even counted. */
interface Finished {
  readonly jobId: number;
  readonly finishedAtMs: number;
  readonly bytes: number;
  readonly serviceId: number | null;
  readonly isNeeded: boolean;
}

const bound = (max: number): fc.Arbitrary<number | null> => fc.option(fc.integer({ min: 0, max }));
const rules: fc.Arbitrary<RetentionRules> = fc.record({
  maxAgeMs: bound(1_000),
  maxJobs: bound(12),
  maxBytes: bound(400),
});
const services = fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 3 }), retention: rules }), {
  selector: ({ id }) => id,
});
const history = fc
  .array(
    fc.record({
      ageMs: fc.integer({ min: 0, max: 1_500 }),
      bytes: fc.integer({ min: 0, max: 60 }),
      serviceId: fc.option(fc.integer({ min: 1, max: 4 })),
      isNeeded: fc.boolean(),
    }),
    { maxLength: 30 },
  )
  .map((jobs) =>
    jobs
      .sort((a, b) => b.ageMs - a.ageMs)
      .map(({ ageMs, ...job }, index): Finished => ({
        ...job,
        jobId: index + 1,
        finishedAtMs: NOW_MS - ageMs,
      })),
  );

function isIn(scope: RetentionScope, { serviceId }: Finished): boolean {
  if (scope.kind === 'ALL') return true;
  if (scope.kind === 'SERVICE') return serviceId === scope.serviceId;
  return serviceId === null || !scope.exceptServiceIds.includes(serviceId);
}

/** What the server does: a few of the oldest at a time, until none of them goes. */
function stepByStep(
  jobs: readonly Finished[],
  server: RetentionRules,
  ofServices: readonly { id: number; retention: RetentionRules }[],
  atOnce: number,
): readonly Finished[] {
  let left = jobs;
  for (const scoped of scopesOf(server, ofServices)) {
    for (;;) {
      const inScope = left.filter((job) => isIn(scoped.scope, job));
      const oldest = inScope.filter(({ isNeeded }) => !isNeeded).slice(0, atOnce);
      const kept = { jobs: inScope.length, bytes: sumOf(inScope) };
      const going = jobsToRemove(oldest, kept, scoped.rules, NOW_MS);
      if (going.length === 0) break;
      left = left.filter((job) => !going.some(({ jobId }) => jobId === job.jobId));
    }
  }
  return left;
}

function sumOf(jobs: readonly Finished[]): number {
  return jobs.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** A job stays while it, all newer ones that may go, and all that may not are within the bounds. */
function model(jobs: readonly Finished[], isMember: (job: Finished) => boolean, bounds: RetentionRules) {
  const { maxAgeMs, maxJobs, maxBytes } = bounds;
  const members = jobs.filter(isMember);
  const needed = members.filter(({ isNeeded }) => isNeeded);
  return jobs.filter((job) => {
    if (!isMember(job) || job.isNeeded) return true;
    const beside = [...needed, ...members.filter((other) => !other.isNeeded && other.jobId >= job.jobId)];
    return (
      (maxAgeMs === null || NOW_MS - job.finishedAtMs <= maxAgeMs) &&
      (maxJobs === null || beside.length <= maxJobs) &&
      (maxBytes === null || sumOf(beside) <= maxBytes)
    );
  });
}

describe('retention', () => {
  it('keeps what the model keeps, in steps of any size: each service by its own bounds, then all by those of the server', () => {
    fc.assert(
      fc.property(history, rules, services, fc.integer({ min: 1, max: 5 }), (jobs, server, own, atOnce) => {
        let expected: readonly Finished[] = jobs;
        for (const { id, retention } of own)
          expected = model(expected, ({ serviceId }) => serviceId === id, retention);
        const hasOwnAge = (serviceId: number | null): boolean =>
          own.some(({ id, retention }) => id === serviceId && retention.maxAgeMs !== null);
        const age = { ...NO_RETENTION_RULES, maxAgeMs: server.maxAgeMs };
        expected = model(expected, ({ serviceId }) => !hasOwnAge(serviceId), age);
        expected = model(expected, () => true, { ...server, maxAgeMs: null });
        expect(stepByStep(jobs, server, own, atOnce)).toEqual(expected);
      }),
      { numRuns: 2_000 },
    );
  });

  it('without a bound has nothing to look at', () => {
    expect(scopesOf(NO_RETENTION_RULES, [{ id: 1, retention: NO_RETENTION_RULES }])).toEqual([]);
  });
});
