import { InvalidInputError } from '../../domain/errors.ts';
import {
  DEFAULT_PROBE_TIMES,
  DEFAULT_RESTART_RULES,
  type GivenServiceDefinition,
  type Probe,
  type ProbeAction,
  type RestartRules,
} from '../../domain/service-definition.ts';
import { DEFAULT_GRACE_PERIOD_MS } from '../../supervisor/job-request.ts';
import { builder } from '../builder.ts';
import { given } from '../given.ts';
import { EnvInput, envOf } from './env.ts';
import { JobSignalRef } from './job-signal.ts';
import { LogOverflowRef } from './log-overflow.ts';
import { LogStreamRef } from './log-stream.ts';
import { RetentionInput, retentionOf } from './retention.ts';
import { ScheduleInput, scheduleOf } from './schedule.ts';
import { OnEndRef } from './on-end.ts';
import { DependencyConditionRef, RestartPolicyRef } from './service-definition.ts';

const RestartInput = builder.inputType('RestartInput', {
  description: 'When a service is started again, and how often.',
  fields: (t) => ({
    policy: t.field({ type: RestartPolicyRef, description: 'After which ends. Default: ON_FAILURE.' }),
    firstDelayMs: t.int({
      description:
        'Milliseconds before the first retry; each one after it waits twice as long. Default: 1000.',
    }),
    maxDelayMs: t.int({ description: 'The longest of these. Default: 60000.' }),
    maxFailures: t.int({ description: 'After so many ends in a row it is given up. Default: 10.' }),
    healthyAfterMs: t.int({
      description: 'After so many milliseconds in health they are counted anew. Default: 300000.',
    }),
  }),
});

const HttpProbeInput = builder.inputType('HttpProbeInput', {
  description: 'GET; redirections are not followed.',
  fields: (t) => ({
    url: t.string({ required: true, description: 'http or https.' }),
    status: t.int({ description: 'The one status that is yes. Default: 200 to 399.' }),
  }),
});

const TcpProbeInput = builder.inputType('TcpProbeInput', {
  description: 'Connects; an accepted connection is yes.',
  fields: (t) => ({
    host: t.string({ defaultValue: '127.0.0.1', description: 'A name or an address.' }),
    port: t.int({ required: true, description: 'From 1 to 65535.' }),
  }),
});

const LogProbeInput = builder.inputType('LogProbeInput', {
  description: 'A line that matches is yes, for ever.',
  fields: (t) => ({
    pattern: t.string({ required: true, description: 'A regular expression, RE2 syntax.' }),
    stream: t.field({ type: LogStreamRef, description: 'Only lines of this stream. Default: both.' }),
  }),
});

const ProbeInput = builder.inputType('ProbeInput', {
  description:
    'How it is found out whether a service is ready, or alive: exactly one of exec, http, tcp, log and delayMs.',
  fields: (t) => ({
    exec: t.stringList({
      description: 'An argv, run in the directory and environment of the service; exit code 0 is yes.',
    }),
    http: t.field({ type: HttpProbeInput, description: 'An answer of a web server.' }),
    tcp: t.field({ type: TcpProbeInput, description: 'A port that accepts connections.' }),
    log: t.field({ type: LogProbeInput, description: 'A line of its log. For readiness alone.' }),
    delayMs: t.int({ description: 'So many milliseconds after the start. For readiness alone.' }),
    initialDelayMs: t.int({
      description: 'Milliseconds from the start of the program to the first try. Default: 0.',
    }),
    periodMs: t.int({
      description:
        'Milliseconds from the end of one try to the next. Default: 10000; 1000 until it is ready.',
    }),
    timeoutMs: t.int({ description: 'Milliseconds after which a try has failed. Default: 1000.' }),
    failureThreshold: t.int({ description: 'So many failures in a row are a no. Default: 3.' }),
    successThreshold: t.int({ description: 'So many successes in a row are a yes. Default: 1.' }),
  }),
});

const ServiceDependencyInput = builder.inputType('ServiceDependencyInput', {
  description: 'What another service must be before this one starts.',
  fields: (t) => ({
    service: t.string({ required: true, description: 'The name of the other.' }),
    condition: t.field({
      type: DependencyConditionRef,
      defaultValue: 'READY',
      description: 'What it must be.',
    }),
  }),
});

export const SaveServiceInput = builder.inputType('SaveServiceInput', {
  description:
    'All of a definition: what is not given has its default, also where an older version said otherwise.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: '1 to 63 letters, digits, dots, dashes and underscores; begins with a letter or a digit.',
    }),
    description: t.string({ description: 'For people.' }),
    command: t.stringList({
      description: 'The program and its arguments. Exactly one of command and script.',
    }),
    script: t.string({ description: 'Text that is run by `sh -c`.' }),
    cwd: t.string({
      description: 'Absolute path. Default: the home directory of the user that jobs run as.',
    }),
    env: t.field({ type: [EnvInput], description: 'Variables beside PATH, HOME and LANG.' }),
    stdin: t.string({ description: 'Text for standard input.' }),
    unbuffered: t.boolean({ defaultValue: false, description: 'Ask the program not to buffer its output.' }),
    labels: t.stringList({ description: 'Words to group it by; its jobs get them, too.' }),
    timeoutMs: t.int({
      description: 'Milliseconds after which a job of it is ended as TIMED_OUT. Default: none.',
    }),
    gracePeriodMs: t.int({ description: 'Milliseconds between the polite end and SIGKILL. Default: 10000.' }),
    onEnd: t.field({
      type: OnEndRef,
      defaultValue: 'KILL_TREE',
      description: 'What happens to processes that its program leaves.',
    }),
    stopSignal: t.field({ type: JobSignalRef, defaultValue: 'SIGTERM', description: 'The polite signal.' }),
    stopCommand: t.stringList({ description: 'An argv that is run instead of the polite signal.' }),
    restart: t.field({ type: RestartInput, description: 'When it is started again.' }),
    readiness: t.field({
      type: ProbeInput,
      description: 'Whether it is ready. Default: as soon as it runs.',
    }),
    liveness: t.field({
      type: ProbeInput,
      description: 'Whether it is alive: where this fails, its job is ended and it is started again.',
    }),
    silenceAlarmMs: t.int({
      description: 'After so many milliseconds without output it is said to be silent. Default: never.',
    }),
    after: t.field({ type: [ServiceDependencyInput], description: 'What must be so before it starts.' }),
    schedule: t.field({
      type: ScheduleInput,
      description: 'When it runs. Default: it is kept up as long as it is wanted.',
    }),
    concurrencyKey: t.string({
      description: 'Jobs with the same key share the limit. Default: those of this service alone.',
    }),
    concurrencyLimit: t.int({ defaultValue: 1, description: 'How many jobs of its key run at once.' }),
    priority: t.int({ defaultValue: 0, description: 'Of waiting jobs the highest goes first.' }),
    maxLogBytes: t.field({
      type: 'SafeInt',
      description:
        'The cap of the log of each job in bytes, streams and index together; at least 1048576. Default: that of the server.',
    }),
    logOverflow: t.field({
      type: LogOverflowRef,
      defaultValue: 'TRIM',
      description: 'What becomes of a job whose log reaches the cap.',
    }),
    retention: t.field({
      type: RetentionInput,
      description: 'How long its finished jobs are kept; the bounds of the server hold beside.',
    }),
  }),
});

/** The definition with its defaults. @throws InvalidInputError for a probe that does not do exactly one thing */
export function definitionOf(input: typeof SaveServiceInput.$inferInput): GivenServiceDefinition {
  const { restart, readiness, liveness, after, schedule } = input;
  return {
    description: input.description ?? null,
    command: input.command ?? null,
    script: input.script ?? null,
    cwd: input.cwd ?? null,
    env: envOf(input.env ?? []),
    stdin: input.stdin ?? null,
    unbuffered: input.unbuffered ?? false,
    labels: input.labels ?? [],
    timeoutMs: input.timeoutMs ?? null,
    gracePeriodMs: input.gracePeriodMs ?? DEFAULT_GRACE_PERIOD_MS,
    onEnd: input.onEnd ?? 'KILL_TREE',
    stopSignal: input.stopSignal ?? 'SIGTERM',
    stopCommand: input.stopCommand ?? null,
    restart: restartOf(restart ?? {}),
    readiness: readiness == null ? null : probeOf(readiness, 'readiness'),
    liveness: liveness == null ? null : probeOf(liveness, 'liveness'),
    silenceAlarmMs: input.silenceAlarmMs ?? null,
    after: (after ?? []).map(({ service, condition }) => ({ service, condition: condition ?? 'READY' })),
    schedule: schedule == null ? null : scheduleOf(schedule, 'schedule'),
    concurrencyKey: input.concurrencyKey ?? null,
    concurrencyLimit: input.concurrencyLimit ?? 1,
    priority: input.priority ?? 0,
    maxLogBytes: input.maxLogBytes ?? null,
    logOverflow: input.logOverflow ?? 'TRIM',
    retention: retentionOf(input.retention ?? {}),
  };
}

function restartOf(input: typeof RestartInput.$inferInput): RestartRules {
  return { ...DEFAULT_RESTART_RULES, ...given(input) };
}

function probeOf(input: typeof ProbeInput.$inferInput, field: 'readiness' | 'liveness'): Probe {
  const { exec, http, tcp, log, delayMs, ...times } = given(input);
  const actions: ProbeAction[] = [];
  if (exec !== undefined) actions.push({ kind: 'EXEC', command: exec });
  if (http !== undefined) actions.push({ kind: 'HTTP', url: http.url, status: http.status ?? null });
  if (tcp !== undefined) actions.push({ kind: 'TCP', host: tcp.host ?? '127.0.0.1', port: tcp.port });
  if (log !== undefined) actions.push({ kind: 'LOG', pattern: log.pattern, stream: log.stream ?? null });
  if (delayMs !== undefined) actions.push({ kind: 'DELAY', delayMs });
  const [action] = actions;
  if (action === undefined || actions.length > 1)
    throw new InvalidInputError(`Give exactly one of exec, http, tcp, log and delayMs.`, field);
  return { action, ...DEFAULT_PROBE_TIMES, ...times };
}
