/**
 * npm run test:fuzz -- [--requests N] [--seed S]: malformed HTTP and GraphQL against the real server.
 *
 * Fails where the server ends, runs something, answers with a fault or with what is secret, or holds more memory after
 * the last quarter than after the first by more than the bound. The exit code is 0 only if nothing was found.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { LifelineServer } from '../../end-to-end/harness/lifeline-server.ts';
import { fuzz } from './fuzz.ts';
import { MOST_GROWTH_MIB, verdict } from './verdict.ts';

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '100000' }, seed: { type: 'string' } },
});
const requests = Number(values.requests);
if (!(requests >= 4)) throw new Error('Give --requests N as a number, 4 at least.');
const seed = values.seed ?? execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim();
console.log(`seed ${seed}; repeat with: npm run test:fuzz -- --requests ${requests} --seed ${seed}`);

await using server = await LifelineServer.start();
const report = await fuzz(server, { requests, seed });
const problems = await verdict(server, report);

console.log(`${report.requests} requests in ${Math.round(report.milliseconds / 1_000)} s`);
console.log(`answers by status: ${JSON.stringify(report.answers)}`);
const memory = report.residentMiB.map((size) => size.toFixed(0)).join(', ');
console.log(`resident memory after each quarter: ${memory} MiB; may grow by ${MOST_GROWTH_MIB}`);
for (const problem of problems) console.log(`\nFOUND ${problem}`);
console.log(problems.length === 0 ? 'nothing found' : `${problems.length} found`);
process.exitCode = problems.length === 0 ? 0 : 1;
