import type { BenchCase } from './case.ts';
import { CATCH_UP } from './catch-up.ts';
import { FAIRNESS } from './fairness.ts';
import { FIRST_LINE } from './first-line.ts';
import { FOLLOW } from './follow.ts';
import { IDLE_SUBSCRIBERS } from './idle.ts';
import { INGEST } from './ingest.ts';
import { LATENCY } from './latency.ts';
import { MANY_JOBS } from './many-jobs.ts';
import { STALLED_FOLLOWERS } from './stalled.ts';

export const CASES: readonly BenchCase[] = [
  FOLLOW,
  MANY_JOBS,
  LATENCY,
  CATCH_UP,
  INGEST,
  STALLED_FOLLOWERS,
  IDLE_SUBSCRIBERS,
  FIRST_LINE,
  FAIRNESS,
];
