/**
 * Asks the registry whether there are advisories, high or critical, for what is shipped. Fails if there are; says so, and passes
 * over it, where the registry does not answer. The last line is `passed`, `failed` or `skipped` with the reason.
 */
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });
const report = JSON.parse(stdout || '{}');
const counts = report.metadata?.vulnerabilities;

if (counts === undefined) {
  const why = report.message ?? report.error?.summary ?? 'it gave no answer';
  process.stdout.write(`skipped: the registry cannot be asked for advisories: ${why}\n`);
} else {
  for (const [name, { severity, range }] of Object.entries(report.vulnerabilities ?? {}))
    process.stdout.write(`${severity}: ${name} ${range}\n`);
  const isBad = counts.high + counts.critical > 0;
  process.stdout.write(isBad ? 'failed: mend or replace what is high or critical\n' : 'passed\n');
  process.exitCode = isBad ? 1 : 0;
}
