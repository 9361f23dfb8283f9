import { describe, expect, it } from 'vitest';
import {
  ACTIVE_STATUSES,
  isActive,
  isFinal,
  isLegalTransition,
  JOB_STATUSES,
} from '../../src/domain/job-status.ts';

/** The life of a job as DESIGN's section 4 draws it, written down a second time: the table is held against this. */
const LEGAL = new Set([
  'QUEUED STARTING',
  'QUEUED CANCELLED',
  'QUEUED FAILED',
  'QUEUED LOST',
  'STARTING RUNNING',
  'STARTING CANCELLING',
  'STARTING FAILED',
  'STARTING LOST',
  'RUNNING CANCELLING',
  'RUNNING SUCCEEDED',
  'RUNNING FAILED',
  'RUNNING LOST',
  'CANCELLING CANCELLED',
  'CANCELLING TIMED_OUT',
  'CANCELLING FAILED',
  'CANCELLING LOST',
]);

describe('the life of a job', () => {
  const pairs = JOB_STATUSES.flatMap((from) => JOB_STATUSES.map((to) => [from, to] as const));

  it.each(pairs)('from %s to %s is as the table says', (from, to) => {
    expect(isLegalTransition(from, to)).toBe(LEGAL.has(`${from} ${to}`));
  });

  it('ends in five statuses, and nothing follows them', () => {
    const final = JOB_STATUSES.filter(isFinal);
    expect(final).toEqual(['SUCCEEDED', 'FAILED', 'CANCELLED', 'TIMED_OUT', 'LOST']);
    for (const from of final) expect(JOB_STATUSES.filter((to) => isLegalTransition(from, to))).toEqual([]);
  });

  it('never stands still and never comes back to a status', () => {
    const reachable = (from: (typeof JOB_STATUSES)[number]): string[] =>
      JOB_STATUSES.filter((to) => isLegalTransition(from, to)).flatMap((to) => [to, ...reachable(to)]);
    for (const status of JOB_STATUSES) expect(reachable(status)).not.toContain(status);
  });

  it('is in the active map from STARTING to before its end', () => {
    expect(JOB_STATUSES.filter(isActive)).toEqual([...ACTIVE_STATUSES]);
    expect([...ACTIVE_STATUSES]).toEqual(['STARTING', 'RUNNING', 'CANCELLING']);
  });
});
