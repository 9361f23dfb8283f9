import fc from 'fast-check';
import {
  CATCH_UP_RULES,
  DEPENDENCY_CONDITIONS,
  OVERLAP_RULES,
  RESTART_POLICIES,
  type ProbeAction,
  type ServiceDefinition,
} from '../../src/domain/service-definition.ts';
import { JOB_SIGNALS } from '../../src/domain/job-signal.ts';
import { DESIRED_STATES } from '../../src/domain/service-state.ts';
import type { WantedService } from '../../src/service-file/read-service-file.ts';

const LONGEST_MS = 2 ** 31 - 1;

const AWKWARD = [
  '1.10',
  '0x1F',
  'true',
  'null',
  '~',
  '',
  ' ',
  '\n',
  '- a',
  '#',
  '${HOME}',
  '<<',
  "it's",
  '🙂',
  '\u0000',
  '\u2028',
  '\r',
  '\t',
  '*x',
  '&x',
  '!!str',
  '---',
  '...',
  '1e3',
  '012',
  'Yes',
  '2001-01-01',
  ': ',
];
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom(...AWKWARD),
  fc.string({ maxLength: 200 }),
);
const filled = text.filter((given) => given.trim() !== '');
const argv = fc.tuple(filled, fc.array(text, { maxLength: 4 })).map(([program, rest]) => [program, ...rest]);
const timeFrom = (min: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.integer({ min, max: LONGEST_MS }),
    fc.constantFrom(1_000, 60_000, 90_000, 300_000, 3_600_000, 86_400_000, LONGEST_MS),
  );
const moment = fc.integer({ min: 0, max: Date.UTC(9999, 0) });
export const serviceNames = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/);
const variable = fc.oneof(
  fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,12}$/),
  fc.constantFrom('__proto__', 'constructor', 'PATH'),
);

const address = fc.oneof(fc.constantFrom('localhost', '127.0.0.1', '::1', 'fe80::1'), fc.domain());
const probing: fc.Arbitrary<ProbeAction> = fc.oneof(
  fc.record({ kind: fc.constant('EXEC' as const), command: argv }),
  fc.record({
    kind: fc.constant('HTTP' as const),
    url: fc.webUrl({ withQueryParameters: true }),
    status: fc.option(fc.integer({ min: 100, max: 599 })),
  }),
  fc.record({ kind: fc.constant('TCP' as const), host: address, port: fc.integer({ min: 1, max: 65_535 }) }),
);
const readying: fc.Arbitrary<ProbeAction> = fc.oneof(
  probing,
  fc.record({
    kind: fc.constant('LOG' as const),
    pattern: filled,
    stream: fc.option(fc.constantFrom('STDOUT' as const, 'STDERR' as const)),
  }),
  fc.record({ kind: fc.constant('DELAY' as const), delayMs: timeFrom(0) }),
);
const probe = (action: fc.Arbitrary<ProbeAction>) =>
  fc.record({
    action,
    initialDelayMs: timeFrom(0),
    periodMs: timeFrom(1),
    timeoutMs: timeFrom(1),
    failureThreshold: fc.integer({ min: 1, max: 100 }),
    successThreshold: fc.integer({ min: 1, max: 100 }),
  });

const schedule = fc.record({
  time: fc.oneof(
    fc.record({
      kind: fc.constant('CRON' as const),
      expression: fc.constantFrom('0 3 * * *', '*/5 * * * * *', '@daily', '0 0 L * *'),
      timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York'),
    }),
    fc.record({ kind: fc.constant('INTERVAL' as const), everyMs: timeFrom(1_000), fromMs: moment }),
    fc.record({ kind: fc.constant('ONCE' as const), atMs: moment }),
  ),
  overlap: fc.constantFrom(...OVERLAP_RULES),
  catchUp: fc.constantFrom(...CATCH_UP_RULES),
});

const definitions = (name: string): fc.Arbitrary<ServiceDefinition> =>
  fc
    .record({
      description: fc.option(text),
      program: fc.oneof(
        argv.map((command) => ({ command, script: null })),
        filled.map((script) => ({ command: null, script })),
      ),
      cwd: fc.option(fc.constantFrom('/', '/base', '/base/inner', '/srv/a b')),
      env: fc.uniqueArray(fc.record({ name: variable, value: text }), {
        selector: (entry) => entry.name,
        maxLength: 5,
      }),
      stdin: fc.option(text),
      unbuffered: fc.boolean(),
      labels: fc.uniqueArray(filled, { maxLength: 4 }),
      timeoutMs: fc.option(timeFrom(1)),
      gracePeriodMs: timeFrom(0),
      onEnd: fc.constantFrom('KILL_TREE' as const, 'WAIT' as const),
      stopSignal: fc.constantFrom(...JOB_SIGNALS),
      stopCommand: fc.option(argv),
      maxLogBytes: fc.option(
        fc.oneof(
          fc.integer({ min: 2 ** 20, max: 2 ** 40 }),
          fc.integer({ min: 1, max: 2 ** 20 }).map((mebibytes) => mebibytes * 2 ** 20),
        ),
      ),
      logOverflow: fc.constantFrom('TRIM' as const, 'CANCEL' as const),
      restart: fc
        .record({
          policy: fc.constantFrom(...RESTART_POLICIES),
          delays: fc.tuple(timeFrom(1), timeFrom(1)).map((pair) => pair.sort((a, b) => a - b)),
          maxFailures: fc.integer({ min: 1, max: 1_000 }),
          healthyAfterMs: timeFrom(1),
        })
        .map(({ delays, ...rest }) => ({ ...rest, firstDelayMs: delays[0], maxDelayMs: delays[1] })),
      readiness: fc.option(probe(readying)),
      liveness: fc.option(probe(probing)),
      silenceAlarmMs: fc.option(timeFrom(1_000)),
      after: fc.uniqueArray(
        fc.record({
          service: serviceNames.filter((other) => other !== name),
          condition: fc.constantFrom(...DEPENDENCY_CONDITIONS),
        }),
        { selector: ({ service }) => service, maxLength: 3 },
      ),
      schedule: fc.option(schedule),
      concurrencyKey: fc.option(filled),
      concurrencyLimit: fc.integer({ min: 1, max: 100 }),
      priority: fc.integer({ min: -1_000, max: 1_000 }),
      retention: fc.record({
        maxAgeMs: fc.option(timeFrom(1_000)),
        maxJobs: fc.option(fc.integer({ min: 1, max: 1_000_000 })),
        maxBytes: fc.option(fc.oneof(fc.integer({ min: 1, max: 2 ** 48 }), fc.constant(5 * 2 ** 30))),
      }),
    })
    .map(({ program, ...rest }) => ({
      ...rest,
      ...program,
      env: rest.env.sort((a, b) => (a.name < b.name ? -1 : 1)),
      labels: rest.labels.sort(),
      after: rest.after.sort((a, b) => (a.service < b.service ? -1 : 1)),
    }));

/** A service by its name, as a file may want it; lists without an order come sorted. */
export const services: fc.Arbitrary<readonly [string, WantedService]> = serviceNames.chain((name) =>
  fc
    .record({ definition: definitions(name), desired: fc.constantFrom(...DESIRED_STATES) })
    .map((service) => [name, service] as const),
);
