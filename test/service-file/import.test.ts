import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isServiceName } from '../../src/domain/service-name.ts';
import { noteLine, serviceNamesFor, type Imported } from '../../src/service-file/import/imported.ts';
import { importProcessCompose } from '../../src/service-file/import/process-compose.ts';
import { importProcfile } from '../../src/service-file/import/procfile.ts';
import { readServiceFile } from '../../src/service-file/read-service-file.ts';
import { writeEntries } from '../../src/service-file/write-service-file.ts';

const DIRECTORIES = { base: '/base', defaultCwd: '/base' };

function notesOf({ notes }: Imported): string[] {
  return notes.map(noteLine);
}

/** What is imported is a file that is taken as it is. */
function isTaken({ services }: Imported): void {
  const read = readServiceFile(writeEntries(services), 'lifeline.yaml', DIRECTORIES);
  expect([...read.keys()]).toEqual(Object.keys(services));
}

describe('a Procfile', () => {
  it('becomes a script a line, and says what does not carry over', () => {
    const imported = importProcfile(
      [
        '# what runs',
        'web: bundle exec rails server -p $PORT',
        'worker:  bundle exec sidekiq -q "a: b" 2>&1   ',
        '',
        'release: rake db:migrate',
        '-clock: ruby clock.rb',
        'this is none',
        'worker: other',
      ].join('\r\n'),
    );
    expect(imported.services).toEqual({
      web: { script: 'bundle exec rails server -p $PORT' },
      worker: { script: 'other' },
      release: { script: 'rake db:migrate', restart: 'never', desired: 'down' },
      clock: { script: 'ruby clock.rb' },
    });
    expect(notesOf(imported)).toEqual([
      '*: line 7: is no « name: command », and is left out',
      'worker: command: is here twice; the last one counts',
      'web: PORT: foreman and honcho give each a port from 5000 on; put one into env',
      expect.stringMatching(/^release: release: Heroku runs it once/),
      'clock: name: was -clock, which no service can be called',
      expect.stringMatching(/^\*: \.env: /),
      expect.stringMatching(/^\*: formation: /),
      expect.stringMatching(/^\*: exit: /),
    ]);
    isTaken(imported);
  });

  it('keeps each command as it is, whatever it is', () => {
    const command = fc
      .string({ unit: 'grapheme-ascii', minLength: 1 })
      .filter((text) => /^\S(.*\S)?$/.test(text));
    fc.assert(
      fc.property(command, (line) => {
        const imported = importProcfile(`web: ${line}\n`);
        const read = readServiceFile(writeEntries(imported.services), 'lifeline.yaml', DIRECTORIES);
        expect(read.get('web')?.definition.script).toBe(line);
      }),
    );
  });
});

describe('a file of process-compose', () => {
  const text = readFileSync(join(import.meta.dirname, 'fixtures/process-compose.yaml'), 'utf8');
  const imported = importProcessCompose(text, 'process-compose.yaml');

  it('becomes services that do the same', () => {
    isTaken(imported);
    const global = { REGION: 'north', LEVEL: 'info' };
    const bash = (line: string): string[] => ['bash', '-c', line];
    expect(imported.services).toEqual({
      migrate: {
        description: 'Brings the tables up to date with python3',
        command: bash('python3 migrate.py'),
        env: global,
        labels: ['backend'],
        restart: 'never',
      },
      api: {
        command: bash('./api --region $REGION --user $USER'),
        cwd: 'services/api',
        env: { REGION: 'north', LEVEL: 'debug', PORT: '8080' },
        gracePeriod: '5s',
        stopSignal: 'SIGINT',
        restart: { policy: 'on-failure', firstDelay: '2s', maxDelay: '2s', maxFailures: 6 },
        readiness: {
          http: 'http://127.0.0.1:8080/health',
          status: 200,
          initialDelay: '5s',
          period: '2s',
          timeout: '3s',
          failureThreshold: 4,
          successThreshold: 1,
        },
        liveness: { exec: bash('test -e alive'), period: '10s' },
        after: { migrate: 'succeeded', cache: 'ready', mailer: 'ready' },
      },
      cache: {
        command: ['redis-server', '--port', '6379'],
        env: global,
        stopCommand: bash('redis-cli shutdown && sleep 1'),
        restart: { policy: 'always' },
      },
      mailer: {
        command: bash('./mailer'),
        env: global,
        restart: 'never',
        readiness: { log: 'accepting (mail|post)' },
      },
      'after-all': {
        command: bash('echo done'),
        env: global,
        restart: 'never',
        after: { api: 'ready', mailer: 'succeeded' },
      },
      backup: {
        command: bash('./backup.sh'),
        env: global,
        restart: 'never',
        schedule: { cron: '0 2 * * *', timeZone: 'Europe/Berlin' },
      },
      nightly: {
        command: bash('./nightly.sh'),
        env: global,
        restart: 'never',
        schedule: { cron: '0 3 * * *' },
      },
      cleanup: { command: bash('./cleanup.sh'), env: global, restart: 'never', schedule: { every: '90m' } },
      docs: {
        command: bash('./docs {{if .DRAFT}}--draft{{end}}'),
        env: global,
        restart: 'never',
        desired: 'down',
      },
      editor: { command: bash('vim'), env: global, restart: 'never', desired: 'down' },
    });
  });

  it('has a line for each thing that does not carry over', () => {
    const keys = imported.notes.map(({ name, key }) => `${name} ${key}`);
    expect(keys.sort()).toEqual(
      [
        '* env_cmds',
        '* log_level',
        '* log_location',
        'after-all availability.restart',
        'after-all depends_on.mailer',
        'api command',
        'api depends_on.nowhere',
        'api is_tty',
        'api liveness_probe.exec.working_dir',
        'api log_location',
        'api readiness_probe',
        'api readiness_probe.http_get.headers',
        'api replicas',
        'api shutdown.parent_only',
        'cache availability.exit_on_end',
        'cache availability.max_restarts',
        'cache name',
        'cleanup schedule.run_on_start',
        'docs command',
        'docs isDaemon',
        'editor is_foreground',
        'mailer is_daemon',
        'mailer shutdown.signal',
        'nightly schedule.max_concurrent',
        'nightly schedule.timezone',
        'nothing command',
      ].sort(),
    );
    expect(notesOf(imported)).toContain(
      'api: command: $USER came from the environment of process-compose or .env; put it into env',
    );
  });

  it('is refused where it is none', () => {
    expect(() => importProcessCompose('services: {}', 'x.yaml')).toThrow(
      /x\.yaml:1:1: There is no mapping of processes/,
    );
    expect(() => importProcessCompose('a: [', 'x.yaml')).toThrow(/^x\.yaml:/);
  });

  it('never makes the importer fall over, whatever its values are', () => {
    const keys = fc.constantFrom(
      ...['command', 'entrypoint', 'availability', 'depends_on', 'readiness_probe', 'shutdown', 'schedule'],
      ...[
        'environment',
        'working_dir',
        'restart',
        'condition',
        'exec',
        'http_get',
        'port',
        'interval',
        'signal',
      ],
    );
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(null, true, 7, -1, 'always', '$$x ${Y} {{.Z}}', ''),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value, { maxKeys: 3 }), (processes) => {
        importProcessCompose(
          JSON.stringify({ processes, environment: processes, vars: processes }),
          'x.yaml',
        );
      }),
    );
  });
});

describe('names of another format', () => {
  it('become names that services can have, no two the same, and stay where they can', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ maxLength: 80 })), (names) => {
        const given = serviceNamesFor(names);
        expect([...given.keys()]).toEqual(names);
        expect(new Set(given.values()).size).toBe(names.length);
        for (const [from, to] of given) {
          expect(isServiceName(to)).toBe(true);
          if (isServiceName(from)) expect(to).toBe(from);
        }
      }),
    );
  });
});
