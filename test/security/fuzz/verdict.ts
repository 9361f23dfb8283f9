import { httpCall } from '../../end-to-end/harness/http-call.ts';
import type { LifelineServer } from '../../end-to-end/harness/lifeline-server.ts';
import type { FuzzReport } from './fuzz.ts';

/** How much more memory the server may hold after the last quarter than after the first. */
export const MOST_GROWTH_MIB = 32;

/** What a fresh server may grow by in a short run: most of its first quarter it still loads and compiles. */
export const MOST_GROWTH_WHILE_WARMING_UP_MIB = 96;

/** What is wrong after a fuzz, in sentences; empty where the server lives, ran nothing, kept its memory and is at rest. */
export async function verdict(
  server: LifelineServer,
  report: FuzzReport,
  mostGrowthMiB = MOST_GROWTH_MIB,
): Promise<string[]> {
  const problems = [...report.findings];
  if (!server.running) return [...problems, `the server ended:\n${server.stderr.slice(-5_000)}`];
  const health = await httpCall(server.port, { path: '/healthz' });
  if (health.text !== 'ok') problems.push(`/healthz answers ${health.text}`);
  const { jobs } = await server.ask<{ jobs: { edges: { node: { id: string } }[] } }>(
    '{ jobs { edges { node { id } } } }',
  );
  // The first is that of the harness, which warms the server up.
  const started = jobs.edges.map(({ node }) => node.id).filter((id) => id !== '1');
  if (started.length > 0) problems.push(`jobs were started: ${started.join(', ')}`);
  await server.assertNothingIsLeft().catch((error: unknown) => problems.push(String(error)));
  const faults = server.stderr.split('\n').filter((line) => /"level":[56]0/.test(line));
  if (faults.length > 0) problems.push(`the server said: ${faults.slice(0, 5).join('\n')}`);
  const growthMiB = (report.residentMiB.at(-1) ?? 0) - (report.residentMiB[0] ?? 0);
  if (growthMiB > mostGrowthMiB) problems.push(`its memory grew by ${growthMiB.toFixed(0)} MiB`);
  return problems;
}
