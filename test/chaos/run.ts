/**
 * npm run test:chaos -- [--minutes N] [--seed S] [--only NAME] [--rounds N]: the real server under seeded faults.
 *
 * After every round everything is checked (after-round.ts); a round that fails takes its server with it. The last line
 * counts scenarios; the exit code is 0 only if none failed. The seed gives order and choices; what the scheduler of the
 * machine adds to them, it cannot.
 */
import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { checkAfterRound } from './after-round.ts';
import type { CountingJob } from './counting-job.ts';
import { INSIDE, runInNamespaces } from './namespaces.ts';
import { readOptions } from './options.ts';
import { SeededRandom } from './random.ts';
import { SCENARIOS } from './scenarios/all.ts';
import type { Round, Scenario } from './scenario.ts';
import { schedule } from './schedule.ts';
import { SharedServer } from './server-in-use.ts';
import { report, table, Tally } from './tally.ts';

/** A round that hangs has failed. */
const ROUND_LIMIT_MS = 300_000;

const options = readOptions();
const scenarios = SCENARIOS.filter(({ name }) => name.includes(options.only));
const tallies = new Map(scenarios.map((scenario) => [scenario, new Tally(scenario)]));
console.log(`seed ${options.seed}; repeat with: npm run test:chaos -- --seed ${options.seed}`);

let rounds = 0;
{
  await using shared = new SharedServer();
  for (const scenario of schedule(scenarios, options)) {
    const tally = tallies.get(scenario);
    if (tally?.skippedBecause !== null) continue;
    if (scenario.inNamespaces !== undefined && process.env[INSIDE] === undefined)
      runInNamespaces(tally, scenario.inNamespaces, options.seed);
    else await makeRound(shared, scenario, tally);
    rounds += 1;
    if (rounds % 20 === 0) console.log(`${rounds} rounds after ${Math.round(performance.now() / 1_000)} s`);
  }
}

const results = [...tallies.values()];
for (const { scenario, failures, skippedBecause } of results) {
  for (const failure of failures) console.log(`\nFAILED ${scenario.name}\n${failure}`);
  if (skippedBecause !== null) console.log(`\nSKIPPED ${scenario.name}: ${skippedBecause}`);
}
const text = report(options.seed, results);
if (options.report !== null) writeFileSync(options.report, text);
const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(text) as Record<string, number>;
console.log(`\n${table(results)}\n`);
console.log(`${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`);
process.exitCode = numFailedTests === 0 && results.length > 0 ? 0 : 1;

async function makeRound(shared: SharedServer, scenario: Scenario, tally: Tally): Promise<void> {
  tally.rounds += 1;
  const name = `${scenario.name.replaceAll(/\W+/g, '-')}-${tally.rounds}`;
  const jobs: CountingJob[] = [];
  let said = (): string => 'nothing';
  try {
    const { server, control, quiet } = await shared.use(scenario.serverArgs);
    const saidBefore = server.stderr.length;
    said = () => server.stderr.slice(saidBefore);
    const round: Round = {
      server,
      control,
      name,
      number: tally.rounds,
      random: new SeededRandom(`${options.seed}/${name}`),
      jobs,
      count: (what, by) => {
        tally.count(what, by);
      },
    };
    await withinLimit(scenario.run(round));
    await checkAfterRound(server, control, jobs, quiet);
    const errors = said()
      .split('\n')
      .filter((line) => line.includes('"level":50'));
    const unexpected = errors.filter((line) => scenario.expectedErrors?.test(line) !== true);
    if (unexpected.length > 0) throw new Error(`the server said: ${unexpected.join('\n')}`);
  } catch (error) {
    const repeat = `npm run test:chaos -- --seed ${options.seed} --only '${scenario.name}' --rounds ${tally.rounds}`;
    tally.failures.push(
      `round ${name}, repeat with: ${repeat}\n${inspect(error)}\nThe server said:\n${said()}`,
    );
    console.log(`failed: ${name}`);
    for (const job of jobs) job.leave();
    await shared[Symbol.asyncDispose]();
  }
}

async function withinLimit(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`the round did not end within ${ROUND_LIMIT_MS} ms`));
    }, ROUND_LIMIT_MS);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
