import { percentile } from '../harness/statistics.ts';

const TIMES = 15;
const FIELDS = `edges { cursor node { id status reason message command labels queuedAt startedAt finishedAt durationMs exitCode } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }`;

export interface PageTime {
  readonly name: string;
  readonly medianMs: number;
  readonly worstMs: number;
}

type Ask = <T>(query: string, variables?: Readonly<Record<string, unknown>>) => Promise<T>;

/** How long pages of `jobs` take, as a client sees it, each asked for several times. */
export async function timePages(ask: Ask, jobs: number): Promise<readonly PageTime[]> {
  const cursorOf = (id: number): string => Buffer.from(`GPC:N:${String(id)}`).toString('base64');
  const middle = cursorOf(Math.floor(jobs / 2));
  const half = new Date(Date.now() - 365 * 43_200_000).toISOString();
  const pages: readonly (readonly [string, string])[] = [
    ['the newest 50', 'first: 50'],
    ['the newest 500', 'first: 500'],
    ['the oldest 50', 'last: 50'],
    ['50 behind the middle', `first: 50, after: "${middle}"`],
    ['50 before the middle', `last: 50, before: "${middle}"`],
    ['the newest 50 that failed', 'first: 50, where: {statuses: [FAILED]}'],
    [
      'of two statuses, behind the middle',
      `first: 50, after: "${middle}", where: {statuses: [FAILED, SUCCEEDED]}`,
    ],
    ['of a status that none has', 'first: 50, where: {statuses: [LOST, TIMED_OUT, RUNNING]}'],
    ['with a label that a seventh has', 'first: 50, where: {labels: ["team-3"]}'],
    ['with a label that one in 1,000 has, the oldest', 'last: 50, where: {labels: ["rare"]}'],
    ['with a label that none has', 'first: 50, where: {labels: ["nobody"]}'],
    ['with a word of the command that one in 500 has', 'first: 50, where: {commandContains: "task-77.py"}'],
    ['with a word that no command has', 'first: 50, where: {commandContains: "no such word"}'],
    ['of the older half of the year', `first: 50, where: {queuedBefore: "${half}"}`],
    ['the oldest of the newer half', `last: 50, where: {queuedAfter: "${half}"}`],
  ];
  const times: PageTime[] = [];
  for (const [name, bounds] of pages) {
    const samples: number[] = [];
    for (let time = 0; time < TIMES; time++) {
      const beganAtMs = performance.now();
      await ask(`{ jobs(${bounds}) { ${FIELDS} } }`);
      samples.push(performance.now() - beganAtMs);
    }
    times.push({ name, medianMs: percentile(samples, 0.5), worstMs: Math.max(...samples) });
  }
  return times;
}
