import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { GivenServiceDefinition } from '../../src/domain/service-definition.ts';
import { didYouMean } from '../../src/service-file/did-you-mean.ts';
import { serviceFileJsonSchema } from '../../src/service-file/json-schema.ts';
import { readServiceFile } from '../../src/service-file/read-service-file.ts';
import { ServiceFileError } from '../../src/service-file/service-file-error.ts';

const DIRECTORIES = { base: '/base', defaultCwd: '/base' };

function definitionIn(text: string, name = 'a'): GivenServiceDefinition {
  const service = readServiceFile(text, 'lifeline.yaml', DIRECTORIES).get(name);
  if (service === undefined) throw new Error(`there is no ${name}`);
  return service.definition;
}

/** `line:column path` of everything that is wrong, and the whole text. */
function faultsIn(text: string): { places: string[]; message: string } {
  try {
    readServiceFile(text, 'lifeline.yaml', DIRECTORIES);
  } catch (error) {
    if (!(error instanceof ServiceFileError)) throw error;
    const places = error.problems.map(({ line, column, path }) => `${line}:${column} ${path}`.trim());
    return { places, message: error.message };
  }
  return { places: [], message: '' };
}

describe('a file', () => {
  it('means what it says, and the rest goes without saying', () => {
    const text = `
services:
  a:
    command: [sleep, 600]
  b:
    script: |
      echo one
      exec two
    cwd: sub/dir
    timeout: 1.5h
    gracePeriod: 0
    restart: {policy: always, firstDelay: 500ms}
    readiness: {tcp: '[::1]:5432', period: 2s}
    after: {a: started}
    schedule: {cron: '0 3 * * *', timeZone: Europe/Berlin, overlap: queue}
    concurrency: {key: disk, limit: 2}
    desired: down
`;
    expect(definitionIn(text, 'a')).toEqual({
      description: null,
      command: ['sleep', '600'],
      script: null,
      cwd: '/base',
      env: [],
      stdin: null,
      unbuffered: false,
      labels: [],
      timeoutMs: null,
      gracePeriodMs: 10_000,
      onEnd: 'KILL_TREE',
      stopSignal: 'SIGTERM',
      stopCommand: null,
      maxLogBytes: null,
      logOverflow: 'TRIM',
      restart: {
        policy: 'ON_FAILURE',
        firstDelayMs: 1_000,
        maxDelayMs: 60_000,
        maxFailures: 10,
        healthyAfterMs: 300_000,
      },
      readiness: null,
      liveness: null,
      silenceAlarmMs: null,
      after: [],
      schedule: null,
      concurrencyKey: null,
      concurrencyLimit: 1,
      priority: 0,
      retention: { maxAgeMs: null, maxJobs: null, maxBytes: null },
    });
    expect(definitionIn(text, 'b')).toMatchObject({
      script: 'echo one\nexec two\n',
      cwd: '/base/sub/dir',
      timeoutMs: 5_400_000,
      gracePeriodMs: 0,
      restart: { policy: 'ALWAYS', firstDelayMs: 500 },
      readiness: { action: { kind: 'TCP', host: '::1', port: 5432 }, periodMs: 2_000 },
      after: [{ service: 'a', condition: 'STARTED' }],
      schedule: {
        time: { kind: 'CRON', expression: '0 3 * * *', timeZone: 'Europe/Berlin' },
        overlap: 'QUEUE',
        catchUp: 'NONE',
      },
      concurrencyKey: 'disk',
      concurrencyLimit: 2,
    });
    const services = readServiceFile(text, 'lifeline.yaml', DIRECTORIES);
    expect([services.get('a')?.desired, services.get('b')?.desired]).toEqual(['UP', 'DOWN']);
  });

  it('keeps the text of variables and arguments, whatever YAML takes them for', () => {
    const { env, command } = definitionIn(`
services:
  a:
    command: [run, 007, 1.10, true, ~x]
    env: {VERSION: 1.10, MASK: 0x1F, ON: true, MODE: 0644, HOME_IN: '\${HOME}', __proto__: x}
`);
    expect(command).toEqual(['run', '007', '1.10', 'true', '~x']);
    expect(
      Object.fromEntries(env.map((entry) => [entry.name, 'value' in entry ? entry.value : entry])),
    ).toEqual(
      Object.fromEntries([
        ['VERSION', '1.10'],
        ['MASK', '0x1F'],
        ['ON', 'true'],
        ['MODE', '0644'],
        ['HOME_IN', '${HOME}'],
        ['__proto__', 'x'],
      ]),
    );
  });

  it('can share parts by anchors and merge keys, under keys that begin with x-', () => {
    const { env, restart } = definitionIn(`
x-common: &common
  restart: always
  env: &env {PORT: 0123, LEVEL: info}
services:
  a:
    <<: *common
    command: [a]
    env: {<<: *env, LEVEL: debug}
`);
    expect(restart.policy).toBe('ALWAYS');
    expect(env).toEqual([
      { name: 'LEVEL', value: 'debug' },
      { name: 'PORT', value: '0123' },
    ]);
  });

  it('is refused with everything that is wrong, by line and column, and with what is allowed', () => {
    const { places, message } = faultsIn(`services:
  -db:
    command: [x]
  api:
    commnd: [x]
    timeout: 5
    readiness: {tcp: 'nowhere', perod: 3s}
    liveness: {log: x}
    restart: {policy: allways}
    after: [web, api]
    schedule: {timeZone: Mars/Olympus, every: 1s}
  web:
    command: echo
    script: echo
    env: {1A: x, B: }
    after: {api: redy}
extra: 1
`);
    expect(places).toEqual([
      '2:3 services.-db',
      '4:3 services.api',
      '5:5 services.api.commnd',
      '6:14 services.api.timeout',
      '7:22 services.api.readiness.tcp',
      '7:33 services.api.readiness.perod',
      '8:16 services.api.liveness.log',
      '9:23 services.api.restart.policy',
      '10:5 services.api.after',
      '10:18 services.api.after.1',
      '11:16 services.api.schedule.timeZone',
      '11:26 services.api.schedule.timeZone',
      '12:3 services.web',
      '13:14 services.web.command',
      '15:11 services.web.env.1A',
      '15:18 services.web.env.B',
      '16:5 services.web.after',
      '16:18 services.web.after.api',
      '17:1 extra',
    ]);
    expect(message).toContain(
      'lifeline.yaml:5:5: services.api.commnd: There is no such key; did you mean command? Allowed: description, command,',
    );
    expect(message).toContain('There is no such key; did you mean period?');
    expect(message).toContain(
      '"allways" is not known; did you mean always? Allowed: never, on-failure, always.',
    );
    expect(message).toContain('These wait for each other: api after web after api.');
    expect(message).toContain('Give exactly one of command, script; command and script are here.');
    expect(message).toContain('api has a schedule; only what is kept up can come before others.');
  });

  it.each([
    ['of several documents', 'services: {}\n---\nservices: {}\n', '2:1'],
    ['with a key twice', 'services:\n  a: {command: [x]}\n  a: {command: [y]}\n', '3:3'],
    ['with a tag that nobody knows', 'services: !secret {}\n', '1:11'],
    ['with an alias of nothing', 'services: {a: *b}\n', '1:15'],
    ['that is empty', '', '1:1'],
    ['that is a list', '- a\n', '1:1'],
    ['that is no YAML', 'services: {a: [\n', '2:1'],
    ['that is nested without end', '['.repeat(20_000), undefined],
    ['that is too long', `services: {} # ${'x'.repeat(1_100_000)}`, '1:1'],
    [
      'whose aliases stand for too much',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\nservices: *d`,
      '1:1',
    ],
  ])('%s is refused', (_what, text, place) => {
    const { places } = faultsIn(text);
    expect(places).not.toEqual([]);
    if (place !== undefined) expect(places[0]).toBe(place);
  });

  it('may have no service at all', () => {
    expect(readServiceFile('services: {}\n', 'lifeline.yaml', DIRECTORIES).size).toBe(0);
  });

  it('has a JSON Schema for editors, the one that is shipped', () => {
    const shipped = readFileSync(join(import.meta.dirname, '../../schemas/lifeline.schema.json'), 'utf8');
    expect(serviceFileJsonSchema()).toBe(shipped);
    expect(JSON.parse(shipped)).toMatchObject({
      $schema: 'http://json-schema.org/draft-07/schema#',
      additionalProperties: false,
      required: ['services'],
    });
  });
});

describe('a guess at what was meant', () => {
  it.each([
    ['commnd', 'command'],
    ['Command', 'command'],
    ['grace-period', 'gracePeriod'],
    ['tiemout', 'timeout'],
    ['readyness', 'readiness'],
    ['cdw', 'cwd'],
    ['image', undefined],
    ['', undefined],
  ])('is, for %s, %s', (given, word) => {
    const allowed = ['command', 'cwd', 'gracePeriod', 'timeout', 'readiness', 'env'];
    expect(didYouMean(given, allowed)).toBe(word);
  });
});
