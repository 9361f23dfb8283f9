import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScratchDirectory } from '../end-to-end/harness/scratch-directory.ts';
import type { Tally } from './tally.ts';

/** Says to a run that it is inside the namespaces already. */
export const INSIDE = 'CHAOS_INSIDE_NAMESPACES';

const RUN = join(import.meta.dirname, 'run.ts');
/** The shell is the namespace's first process: it reaps what becomes an orphan, which Node would not. */
const REAPER = ['sh', '-c', '"$@"; exit $?', 'sh'];

/** Runs a scenario in namespaces of its own, as a run of its own. Where the machine does not give them, it is skipped. */
export function runInNamespaces(tally: Tally, namespaces: readonly string[], seed: string): void {
  const [program = '', ...args] = namespaces;
  const probe = spawnSync(program, [...args, 'true'], { encoding: 'utf8' });
  if (probe.status !== 0) {
    tally.skippedBecause =
      `${namespaces.join(' ')} is not possible here: ${probe.stderr || String(probe.error)}`.trim();
    return;
  }
  using scratch = new ScratchDirectory();
  const report = scratch.file('report.json');
  const inner = ['--only', tally.scenario.name, '--rounds', '1', '--seed', seed, '--report', report];
  const command = [...args, ...REAPER, process.execPath, '--import', 'tsx', RUN, ...inner];
  const { status, stdout, stderr } = spawnSync(program, command, {
    encoding: 'utf8',
    timeout: 120_000,
    env: { ...process.env, [INSIDE]: '1' },
  });
  tally.rounds += 1;
  if (status !== 0) {
    tally.failures.push(`${stdout}\n${stderr}`);
    return;
  }
  const { scenarios } = JSON.parse(readFileSync(report, 'utf8')) as {
    scenarios: { counts: Record<string, number> }[];
  };
  for (const [what, count] of Object.entries(scenarios[0]?.counts ?? {})) tally.count(what, count);
}
