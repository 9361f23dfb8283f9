/** The cases, one after another: `npm run bench -- --case a --runs 3 --quick`. */
import { CASES } from './cases/all-cases.ts';
import { optionsOf, USAGE } from './harness/options.ts';
import { reportText } from './harness/report.ts';
import { BenchSession } from './harness/session.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(`${USAGE}\n\nCases:\n${CASES.map(({ letter, title }) => `  ${letter}  ${title}`).join('\n')}`);
} else {
  const options = optionsOf(args);
  const unknown = options.cases.filter((name) => !CASES.some(({ letter }) => letter === name));
  if (unknown.length > 0) throw new Error(`There is no case ${unknown.join(', ')}.`);
  using session = new BenchSession(
    ['npm run bench', ...(args.length > 0 ? ['--', ...args] : [])].join(' '),
    options,
  );
  for (const benchCase of CASES) {
    const { letter, title, maxSecondsPerRun } = benchCase;
    if (options.cases.length > 0 && !options.cases.includes(letter)) continue;
    await session.part(
      { case: letter, what: title },
      maxSecondsPerRun * (options.runs + 1),
      (context, tell) => benchCase.run(context, tell),
    );
  }
  await session.publish(reportText(session.report), 'cases');
}
