import type { SeededRandom } from '../../chaos/random.ts';

/** Of the schema, without `script`: with the token, what these make must not be able to run anything. */
const WORDS = (
  'query mutation subscription fragment on f f g a b ... @skip @include @defer (if: true) (if: $x) ! = : | & [ ] ( ) { } { } { } ' +
  'server version limits maxRunning job jobs jobLogs jobChanged jobsChanged edges node log lines nodes text seq rerunOf ' +
  'startJob cancelJob signalJob rerunJob input command labels env name value cwd requestId timeoutMs where statuses ' +
  'commandContains first after last before id jobId signal __typename __schema __type types fields Query Mutation Job ' +
  'JobLogEvent LogLines ID! Int Boolean SafeInt StartJobInput! $x $id $input null true false RUNNING SIGTERM'
).split(' ');
const LITERALS = [
  '1',
  '-1',
  '0',
  '99999999999999999999',
  '1e999',
  '1.5',
  '""',
  '"x"',
  '"\\u0000"',
  '"\\ud800"',
  '"""x"""',
  '"%"',
  '[]',
  '{}',
  '#',
];

/** Documents that are right, to be damaged. The programs are nowhere, so that no start can come true. */
const DOCUMENTS = [
  '{ server { version uptimeMs limits { maxRunning } lastReconciliation { at } } }',
  'query ($id: ID!) { job(id: $id) { id status log { lines(first: 10) { nodes { seq text } pageInfo { endSeq } } } } }',
  'query ($n: Int, $x: String) { jobs(first: $n, after: $x, where: { commandContains: "x", statuses: [FAILED] }) { edges { cursor node { id labels } } } }',
  'query a { server { version } } query b { ...f } fragment f on Query { jobs(last: 3) { edges { node { id rerunOf { id } } } } }',
  'mutation ($input: StartJobInput!) { startJob(input: $input) { id status } }',
  'mutation { startJob(input: { command: ["/nowhere/x", "y"], cwd: "/", env: [{ name: "A", value: "b" }] }) { id } }',
  'mutation ($id: ID!) { cancelJob(jobId: $id, gracePeriodMs: 0) { id cancellation { processes { pid } } } }',
  'mutation { signalJob(jobId: 1, signal: SIGTERM) { id } }',
  'subscription ($id: ID!, $n: SafeInt) { jobLogs(jobId: $id, after: $n) { __typename ... on LogLines { lines { text } } } }',
  'subscription ($id: ID!) { jobChanged(jobId: $id) { id status } }',
  'subscription { jobsChanged(where: { labels: ["x"] }) { kind ids } }',
  '{ __schema { types { name fields { name } } } }',
];
const OPERATION_NAMES = ['a', 'b', '', '__proto__', 'x'.repeat(300)];

/** A JSON body, or nearly one. */
export function randomBody(random: SeededRandom): string {
  const chance = (share: number): boolean => random.next() < share;
  const request: Record<string, unknown> = {
    query: chance(0.5) ? damagedDocument(random) : wordSalad(random),
  };
  if (chance(0.7)) request['variables'] = randomVariables(random);
  if (chance(0.2)) request['operationName'] = random.pick(OPERATION_NAMES);
  if (chance(0.1)) request['extensions'] = randomValue(random, 3);
  if (chance(0.05)) return JSON.stringify([request, request]);
  const text = JSON.stringify(request);
  if (!chance(0.1)) return text;
  // No letters of a program's path can come from this: a cut, or one byte that is no letter.
  const at = random.integer(0, text.length);
  return chance(0.5)
    ? text.slice(0, at)
    : `${text.slice(0, at)}${random.pick(['\0', '{', '"', ',', '\\'])}${text.slice(at)}`;
}

function damagedDocument(random: SeededRandom): string {
  const words = random.pick(DOCUMENTS).split(/(?<=[ {}()])|(?=[ {}()])/);
  for (let blows = random.integer(0, 4); blows > 0; blows -= 1) {
    const at = random.integer(0, words.length);
    const taken = random.integer(0, 3);
    const put = random.next() < 0.5 ? [] : [` ${random.pick([...WORDS, ...LITERALS])} `];
    words.splice(at, taken, ...put, ...(random.next() < 0.3 ? words.slice(at, at + taken) : []));
  }
  return words.join('');
}

function wordSalad(random: SeededRandom): string {
  const count = random.next() < 0.02 ? 1_200 : random.integer(0, 40);
  return Array.from({ length: count }, () => random.pick(random.next() < 0.8 ? WORDS : LITERALS)).join(' ');
}

function randomVariables(random: SeededRandom): unknown {
  if (random.next() < 0.1) return randomValue(random, 2);
  return {
    id: random.next() < 0.5 ? '1' : randomValue(random, 2),
    n: random.next() < 0.5 ? 5 : randomValue(random, 2),
    x: randomValue(random, 1),
    input:
      random.next() < 0.5
        ? { command: ['/nowhere/x'], labels: [randomText(random)] }
        : randomValue(random, 3),
  };
}

function randomValue(random: SeededRandom, depth: number): unknown {
  switch (random.integer(0, depth > 0 ? 7 : 5)) {
    case 0:
      return null;
    case 1:
      return random.next() < 0.5;
    case 2:
      return random.pick([0, -1, 1, 0.5, 2 ** 31, 2 ** 53, 1e308, -0]);
    case 3:
    case 4:
      return randomText(random);
    case 5:
      return random.integer(-1_000, 1_000);
    case 6:
      return Array.from({ length: random.integer(0, 4) }, () => randomValue(random, depth - 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.integer(0, 4) }, () => [
          random.pick(['id', 'command', 'labels', 'cwd', '__proto__', 'constructor', 'x', '', '\0']),
          randomValue(random, depth - 1),
        ]),
      );
  }
}

/** Never the name of a program. */
function randomText(random: SeededRandom): string {
  return random.pick([
    '',
    '\0',
    '\ud800',
    '%_%',
    "' OR 1=1",
    '../../x',
    '/nowhere/x',
    '😀'.repeat(random.integer(0, 50)),
    'x'.repeat(random.integer(0, 2_000)),
    String.fromCharCode(random.integer(0, 0xffff)).repeat(3),
  ]);
}
