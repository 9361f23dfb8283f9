import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import prettier from 'prettier';
import { SCENARIOS } from '../chaos/scenarios/all.ts';
import { FAULTS } from './all-faults.ts';
import type { Evidence, Fault } from './fault.ts';

const ROOT = join(import.meta.dirname, '../..');

const HEAD = `# What Lifeline survives, and which test says so

One row for each known fault of systems of this kind, 1 to ${FAULTS.length}. Written by \`npm run generate:reliability\` from
test/reliability/; a test checks that no number is missing, that every test named here exists, and that this page is current.

- **tested**: by tests that run with \`npm test\` (those in test/servers with \`npm run test:servers\`).
- **chaos**: also, or only, by \`npm run test:chaos\`: the real server under seeded faults. After every round everything is checked: each
  line of a raw reader once and in order, true exit codes, counters at zero and equal to descriptors and timers, no process left, the
  database whole. Rounds are what even the shortest run makes; CI's seed is the commit, and \`--minutes N\` runs for longer.
- **later**: not tested; the reason says what is missing.
- **not applicable**: it cannot happen here.
`;

const SOAK = `\`npm run test:soak -- --minutes N\`: one server under everything at once: starts, readers that stay, leave and are slow, cancels,
removals, retention, floods, kill -9 and restarts, a disk that fills. Each line is held against its number by a reader that drops
nothing; at rest the server is looked at. CI runs two minutes of it, seeded by the commit. This is the run that was last kept
(\`--write\`, then \`npm run generate:reliability\`):`;

/** The page as it belongs into docs/. */
export async function reliabilityPage(): Promise<string> {
  const rows = [...FAULTS]
    .sort((one, other) => one.number - other.number)
    .map((fault) => `| ${cells(fault).map(escaped).join(' | ')} |`);
  const page = [
    HEAD,
    summary(),
    '',
    '| # | fault | test | injected by | rounds | result |',
    '|---|---|---|---|---|---|',
    ...rows,
    '',
    '## The soak',
    '',
    SOAK,
    readFileSync(join(import.meta.dirname, 'soak.md'), 'utf8'),
    '',
  ].join('\n');
  const config = await prettier.resolveConfig(join(ROOT, 'docs/reliability.md'));
  return prettier.format(page, { ...config, parser: 'markdown' });
}

export function resultOf(fault: Fault): 'tested' | 'chaos' | 'later' | 'not applicable' {
  if ('later' in fault) return 'later';
  if ('notApplicable' in fault) return 'not applicable';
  return fault.evidence.some((evidence) => 'scenario' in evidence) ? 'chaos' : 'tested';
}

function summary(): string {
  const count = (result: ReturnType<typeof resultOf>): number =>
    FAULTS.filter((fault) => resultOf(fault) === result).length;
  return `${count('tested')} tested, ${count('chaos')} with chaos, ${count('later')} later, ${count('not applicable')} not applicable.`;
}

function cells(fault: Fault): string[] {
  const first = [String(fault.number), fault.fault];
  if ('later' in fault) return [...first, '', '', '', `later: ${fault.later}`];
  if ('notApplicable' in fault) return [...first, '', '', '', `not applicable: ${fault.notApplicable}`];
  const { evidence, injection, open } = fault;
  const result = open === undefined ? resultOf(fault) : `${resultOf(fault)}; open: ${open}`;
  return [...first, evidence.map(named).join('; '), injection, rounds(evidence), result];
}

function named(evidence: Evidence): string {
  return 'scenario' in evidence
    ? `chaos “${evidence.scenario}”`
    : `${evidence.file.slice('test/'.length).replace('.test.ts', '')} “${evidence.test}”`;
}

function rounds(evidence: readonly Evidence[]): string {
  const least = evidence.flatMap((one) =>
    'scenario' in one ? (SCENARIOS.find(({ name }) => name === one.scenario)?.leastRounds ?? 0) : [],
  );
  return least.length === 0 ? 'each run' : String(least.reduce((sum, count) => sum + count));
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}
