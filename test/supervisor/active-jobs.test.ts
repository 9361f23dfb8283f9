import { describe, expect, it } from 'vitest';
import { ActiveJobs } from '../../src/supervisor/active-jobs.ts';

describe('the active map', () => {
  it('has an entry exactly while its guard is held', () => {
    const active = new ActiveJobs();
    expect(() => {
      using _first = active.enter(1);
      using _second = active.enter(2);
      expect(active.size).toBe(2);
      throw new Error('the executor');
    }).toThrow('the executor');
    expect(active.size).toBe(0);
  });

  it('refuses a job that is in it', () => {
    const active = new ActiveJobs();
    using _entry = active.enter(1);
    expect(() => active.enter(1)).toThrow('already');
    expect(active.size).toBe(1);
  });

  it('is not harmed by a late guard: it cannot remove its successor', () => {
    const active = new ActiveJobs();
    const former = active.enter(1);
    former[Symbol.dispose]();
    using _successor = active.enter(1);
    former[Symbol.dispose]();
    expect(active.size).toBe(1);
  });
});
