import { z } from 'zod';
import { parseBytes } from '../domain/byte-size.ts';
import { exactDuration, parseDurationMs } from '../domain/duration.ts';
import { JOB_SIGNALS } from '../domain/job-signal.ts';
import { isLogCap, LEAST_MAX_LOG_BYTES } from '../domain/log-limit.ts';
import { isServiceName } from '../domain/service-name.ts';

// The one source of the file's shape: what is read is checked against it, and editors get it as a JSON Schema. What stands
// in several keys at once (exactly one of command and script) is in `cross-checks.ts`, and here as `oneOf` for editors.
// Nothing is transformed or filled in here: see `to-definition.ts`.

/** About 24 days in milliseconds: what the schema's Int carries. */
const LONGEST_MS = 2 ** 31 - 1;
/** A hundred years. */
const MOST_KEPT_MS = 36_500 * 86_400_000;
const TIME = /^\d+(\.\d+)?(ms|s|m|h|d)$/;
const SIZE = /^\d+(\.\d+)?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;
const WORD_OR_NUMBER = 'must be text, a number, true or false';

const word = z.union([z.string(), z.number(), z.boolean()], { error: WORD_OR_NUMBER });

const WORD_OR_SECRET = 'must be a text or a number, or { secret: … } with one';

const argv = z
  .array(word, { error: 'must be a list: the program and its arguments, one entry each' })
  .min(1)
  .refine(([program]) => program !== '', { error: 'must begin with a program' });

function time(description: string, leastMs: 0 | 1 | 1_000) {
  const least = exactDuration(leastMs);
  const error = `must be a time with its unit, such as 500ms, 30s, 5m, 2h, 1d, from ${least} to 24d`;
  const isInBounds = (given: string): boolean => {
    const durationMs = parseDurationMs(given, LONGEST_MS);
    return durationMs !== undefined && durationMs >= leastMs;
  };
  const text = z.string({ error }).regex(TIME, { error, abort: true }).refine(isInBounds, { error });
  return z.union(leastMs === 0 ? [text, z.literal(0)] : [text], { error }).meta({ description });
}

function byteSize(description: string) {
  const error = 'must be a size with its unit, such as 16MiB or 1GiB, of 1MiB or more';
  const text = z
    .string({ error })
    .regex(SIZE, { error, abort: true })
    .refine((given) => isLogCap(parseBytes(given) ?? 0), { error });
  return z.union([text, z.int().min(LEAST_MAX_LOG_BYTES)], { error }).meta({ description });
}

/** For what may take years. */
function longTime(description: string) {
  const error = 'must be a time with its unit, such as 12h, 30d, 365d, from 1s to 36500d';
  return z
    .string({ error })
    .regex(TIME, { error, abort: true })
    .refine((text) => (parseDurationMs(text, MOST_KEPT_MS) ?? 0) >= 1_000, { error })
    .meta({ description });
}

function size(description: string) {
  const error = 'must be a size such as 500MiB, 1.5GB or 20GiB';
  return z
    .string({ error })
    .regex(/^\d+(\.\d+)?(B|[kK]B|[KMGT](i?B)?)?$/, { error, abort: true })
    .refine((text) => (parseBytes(text) ?? 0) >= 1, { error })
    .meta({ description });
}

function moment(description: string) {
  const error =
    'must be a moment with its time zone, such as 2030-01-31T08:00:00Z or 2030-01-31T08:00:00+01:00';
  return z
    .string({ error })
    .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/, { error, abort: true })
    .refine((text) => !Number.isNaN(Date.parse(text)), { error })
    .meta({ description });
}

function count(description: string, least: number) {
  return z.int().min(least).max(1_000_000).meta({ description });
}

const PROBE_ACTIONS = ['exec', 'http', 'tcp', 'log', 'delay'];

const probe = z.strictObject({
  exec: argv.optional().meta({ description: 'A program and its arguments; yes is the exit code 0.' }),
  http: z
    .string()
    .refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), {
      error: 'must be a URL that begins with http:// or https://',
    })
    .optional()
    .meta({ description: 'A URL; yes is a status from 200 to 399, or exactly `status`.' }),
  status: z
    .int()
    .min(100)
    .max(599)
    .optional()
    .meta({ description: 'With http: the one status that is a yes.' }),
  tcp: z
    .string({ error: 'must be host:port' })
    .refine((text) => hostAndPort(text) !== undefined, {
      error: 'must be host:port, with a port from 1 to 65535, such as 127.0.0.1:5432 or [::1]:5432',
    })
    .optional()
    .meta({ description: 'host:port; an accepted connection is a yes.' }),
  log: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'A pattern (RE2 syntax); a line that matches is a yes, once for ever.' }),
  stream: z
    .enum(['stdout', 'stderr'])
    .optional()
    .meta({ description: 'With log: lines of this stream only.' }),
  delay: time('Yes, so long after the start.', 0).optional(),
  initialDelay: time('From the start of the program to the first try. Default: 0.', 0).optional(),
  period: time('From the end of one try to the next. Default: 10s.', 1).optional(),
  timeout: time('After which a try has failed. Default: 1s.', 1).optional(),
  failureThreshold: count('So many failures in a row are a no. Default: 3.', 1).optional(),
  successThreshold: count('So many successes in a row are a yes. Default: 1.', 1).optional(),
});

function probeOf(description: string, actions: readonly string[]) {
  return probe.meta({ description, oneOf: actions.map((action) => ({ required: [action] })) });
}

const policy = z.enum(['never', 'on-failure', 'always']);

const restart = z
  .union(
    [
      policy,
      z.strictObject({
        policy: policy
          .optional()
          .meta({ description: 'After which ends it is started again. Default: on-failure.' }),
        firstDelay: time(
          'Before the first retry; each one after it waits twice as long. Default: 1s.',
          1,
        ).optional(),
        maxDelay: time('The longest of these. Default: 60s.', 1).optional(),
        maxFailures: count('After so many ends in a row it is given up. Default: 10.', 1).optional(),
        healthyAfter: time('After so long in health they are counted anew. Default: 5m.', 1).optional(),
      }),
    ],
    {
      error:
        'must be never, on-failure or always, or a mapping with policy, firstDelay, maxDelay, maxFailures, healthyAfter',
    },
  )
  .meta({ description: 'After which ends it is started again, and how often. Default: on-failure.' });

const serviceName = z.string().refine(isServiceName, {
  error:
    'is no name for a service: 1 to 63 letters, digits, dots, underscores and dashes, beginning with a letter or digit',
});
/** The same for editors, which cannot run a function. */
const SERVICE_NAMES = { propertyNames: { pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$' } };

const after = z
  .union([z.array(serviceName), z.record(serviceName, z.enum(['started', 'ready', 'succeeded']))], {
    error: 'must be a list of services, or a mapping of services to started, ready or succeeded',
  })
  .meta({
    description:
      'What must be so before it starts: a list of services that must be ready, or services with a condition.',
  });

const schedule = z
  .strictObject({
    cron: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'Five fields, or six with seconds first.', examples: ['0 3 * * *'] }),
    timeZone: z
      .string()
      .refine(isTimeZone, { error: 'must be an IANA time zone, such as UTC or Europe/Berlin' })
      .optional()
      .meta({ description: 'With cron: IANA time zone. Default: UTC.' }),
    every: time('Every so long, counted from `from`.', 1_000).optional(),
    from: moment('With every: where the counting begins. Default: 1970-01-01T00:00:00Z.').optional(),
    at: moment('Once, at this moment.').optional(),
    overlap: z
      .enum(['skip', 'queue', 'replace'])
      .optional()
      .meta({ description: 'When it is due while the run before it goes on. Default: skip.' }),
    catchUp: z
      .enum(['none', 'last', 'all'])
      .optional()
      .meta({ description: 'What was due while there was no server. Default: none.' }),
  })
  .meta({
    description: 'When it runs; without one it is kept up.',
    oneOf: ['cron', 'every', 'at'].map((key) => ({ required: [key] })),
  });

const service = z
  .strictObject({
    description: z.string().max(2_000).optional().meta({ description: 'What it is for.' }),
    command: argv
      .optional()
      .meta({ description: 'The program and its arguments, one entry each; no shell reads them.' }),
    script: z
      .string()
      .refine((text) => text.trim() !== '', { error: 'is empty' })
      .optional()
      .meta({ description: 'Text for sh -c, instead of a command.' }),
    cwd: z.string().min(1).nullable().optional().meta({
      description:
        'Working directory; a relative path begins at the directory of this file. Default: that directory, where the server is on this machine. null: the home directory of the user that jobs run as.',
    }),
    env: z
      .record(
        z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, {
          error: 'is no name for a variable: letters, digits and underscores, not beginning with a digit',
        }),
        z.union(
          [
            word,
            z.strictObject({
              secret: word.nullable().meta({
                description:
                  'Its value, which the server tells nobody but the program; null keeps the value that it has.',
              }),
            }),
          ],
          { error: WORD_OR_SECRET },
        ),
        { error: 'must be a mapping of names to values' },
      )
      .optional()
      .meta({ description: 'Variables. Values are text as it stands here: nothing is put in for ${NAME}.' }),
    labels: z
      .array(word)
      .max(50)
      .optional()
      .meta({ description: 'Words to find it by; its jobs get them, too.' }),
    unbuffered: z.boolean().optional().meta({ description: 'Ask the program not to hold its output back.' }),
    stdin: z.string().optional().meta({ description: 'Text on its standard input.' }),
    timeout: time('From its start to a forced end. Default: none.', 1).optional(),
    gracePeriod: time('Between the polite signal and SIGKILL. Default: 10s.', 0).optional(),
    onEnd: z
      .enum(['kill-tree', 'wait'])
      .optional()
      .meta({ description: 'What becomes of processes that it leaves behind. Default: kill-tree.' }),
    stopSignal: z.enum(JOB_SIGNALS).optional().meta({ description: 'The polite signal. Default: SIGTERM.' }),
    stopCommand: argv.optional().meta({ description: 'A program that is run instead of the polite signal.' }),
    restart: restart.optional(),
    readiness: probeOf('When it is ready. Default: as soon as it runs.', PROBE_ACTIONS).optional(),
    liveness: probeOf('Whether it is alive; a no restarts it.', ['exec', 'http', 'tcp']).optional(),
    silenceAlarm: time(
      'After so long without output it is said to be silent. Default: never.',
      1_000,
    ).optional(),
    after: after.optional(),
    schedule: schedule.optional(),
    concurrency: z
      .strictObject({
        key: z
          .string()
          .min(1)
          .max(200)
          .optional()
          .meta({ description: 'Jobs with the same key share the limit. Default: this service alone.' }),
        limit: count('How many jobs of its key may run at once. Default: 1.', 1).optional(),
      })
      .optional()
      .meta({ description: 'How many of its jobs may run at once.' }),
    priority: z
      .int()
      .min(-1_000)
      .max(1_000)
      .optional()
      .meta({ description: 'Of waiting jobs the one with the highest priority goes first. Default: 0.' }),
    maxLog: byteSize('The cap of the log of each job. Default: that of the server, 1GiB.').optional(),
    logOverflow: z.enum(['trim', 'cancel']).optional().meta({
      description:
        'What becomes of a job whose log reaches the cap: it loses its oldest lines, or is ended. Default: trim.',
    }),
    retention: z
      .strictObject({
        age: longTime(
          'How long a job is kept after its end, instead of the server’s --retain-age.',
        ).optional(),
        jobs: count('Finished jobs that are kept, the newest. Default: no bound of its own.', 1).optional(),
        bytes: size('Disk that its finished jobs may take. Default: no bound of its own.').optional(),
      })
      .optional()
      .meta({ description: 'How long its finished jobs are kept; the bounds of the server hold beside.' }),
    desired: z
      .enum(['up', 'down'])
      .optional()
      .meta({ description: 'Whether it shall run, or keep its schedule. Default: up.' }),
  })
  .meta({
    description: 'A service: what to run, when, and what to do when it ends.',
    oneOf: [{ required: ['command'] }, { required: ['script'] }],
  });

/** A lifeline.yaml, as it is written. Keys that begin with x- are for anchors, and are taken away before. */
export const serviceFileSchema = z
  .strictObject({
    services: z
      .record(serviceName, service, { error: 'must be a mapping of names to services' })
      .meta({ description: 'The services, by name.', ...SERVICE_NAMES }),
  })
  .meta({ title: 'Lifeline services', patternProperties: { '^x-': {} } });

/** What stands under the name of a service. */
export type ServiceEntry = z.input<typeof service>;
export type ProbeEntry = z.input<typeof probe>;
export type RetentionEntry = NonNullable<ServiceEntry['retention']>;
export type ScheduleEntry = z.input<typeof schedule>;
/** A value that means its text. */
export type Word = z.input<typeof word>;
/** The value of a variable: open, or a secret. */
export type EnvValue = Word | { readonly secret: Word | null };

/** The two parts of `host:port`, where the host may be `[an IPv6 address]`; `undefined` for anything else. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
