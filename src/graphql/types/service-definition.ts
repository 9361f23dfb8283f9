import type {
  DependencyCondition,
  Probe,
  ProbeAction,
  RestartPolicy,
  RestartRules,
  ServiceDefinition,
  ServiceDependency,
} from '../../domain/service-definition.ts';
import { builder } from '../builder.ts';
import { EnvVar } from './env.ts';
import { LogOverflowRef } from './log-overflow.ts';
import { LogStreamRef } from './log-stream.ts';
import { JobSignalRef } from './job-signal.ts';
import { RetentionRulesRef } from './retention.ts';
import { Schedule } from './schedule.ts';
import { OnEndRef } from './on-end.ts';

export const RestartPolicyRef = builder.enumType('RestartPolicy', {
  description:
    'After which ends of its job a service is started again. A cancel and a stop never are among them.',
  values: {
    NEVER: { description: 'It is not started again.' },
    ON_FAILURE: { description: 'After every end but one with exit code 0.' },
    ALWAYS: { description: 'After every end.' },
  } satisfies Record<RestartPolicy, { description: string }>,
});

export const DependencyConditionRef = builder.enumType('DependencyCondition', {
  description: 'What another service must be. One that has ended well counts as started and as ready, too.',
  values: {
    STARTED: { description: 'Its program runs.' },
    READY: { description: 'It is ready.' },
    SUCCEEDED: { description: 'Its job has ended with exit code 0.' },
  } satisfies Record<DependencyCondition, { description: string }>,
});

const ProbeKindRef = builder.enumType('ProbeKind', {
  description: 'What a probe does.',
  values: {
    EXEC: { description: 'Runs a program.' },
    HTTP: { description: 'Asks a web server.' },
    TCP: { description: 'Connects to a port.' },
    LOG: { description: 'Looks for a line of the log.' },
    DELAY: { description: 'Waits.' },
  } satisfies Record<ProbeAction['kind'], { description: string }>,
});

const RestartRulesRef = builder.objectRef<RestartRules>('RestartRules').implement({
  authScopes: { read: true },
  description: 'When a service is started again, and how often.',
  fields: (t) => ({
    policy: t.expose('policy', { type: RestartPolicyRef, description: 'After which ends.' }),
    firstDelayMs: t.expose('firstDelayMs', {
      type: 'SafeInt',
      description:
        'Milliseconds before the first retry; each one after it waits twice as long, 20 % more or less.',
    }),
    maxDelayMs: t.expose('maxDelayMs', { type: 'SafeInt', description: 'The longest of these.' }),
    maxFailures: t.exposeInt('maxFailures', { description: 'After so many ends in a row it is given up.' }),
    healthyAfterMs: t.expose('healthyAfterMs', {
      type: 'SafeInt',
      description: 'After so many milliseconds in health they are counted anew.',
    }),
  }),
});

type ActionOf<Kind extends ProbeAction['kind']> = Extract<ProbeAction, { kind: Kind }>;

function actionOf<Kind extends ProbeAction['kind']>(kind: Kind, { action }: Probe): ActionOf<Kind> | null {
  return action.kind === kind ? (action as ActionOf<Kind>) : null;
}

const ProbeRef = builder.objectRef<Probe>('Probe').implement({
  authScopes: { read: true },
  description: 'How it is found out whether a service is ready, or alive.',
  fields: (t) => ({
    kind: t.field({ type: ProbeKindRef, description: 'What it does.', resolve: ({ action }) => action.kind }),
    command: t.stringList({
      nullable: true,
      description: 'Of EXEC: the argv; exit code 0 is yes.',
      resolve: (probe) => actionOf('EXEC', probe)?.command.slice(),
    }),
    url: t.string({
      nullable: true,
      description: 'Of HTTP: what is asked for with GET.',
      resolve: (probe) => actionOf('HTTP', probe)?.url,
    }),
    status: t.int({
      nullable: true,
      description: 'Of HTTP: the one status that is yes. Null: 200 to 399.',
      resolve: (probe) => actionOf('HTTP', probe)?.status,
    }),
    host: t.string({
      nullable: true,
      description: 'Of TCP: where it connects to.',
      resolve: (probe) => actionOf('TCP', probe)?.host,
    }),
    port: t.int({
      nullable: true,
      description: 'Of TCP: the port.',
      resolve: (probe) => actionOf('TCP', probe)?.port,
    }),
    pattern: t.string({
      nullable: true,
      description: 'Of LOG: a regular expression (RE2); a line that matches is yes, for ever.',
      resolve: (probe) => actionOf('LOG', probe)?.pattern,
    }),
    stream: t.field({
      type: LogStreamRef,
      nullable: true,
      description: 'Of LOG: only lines of this stream. Null: both.',
      resolve: (probe) => actionOf('LOG', probe)?.stream,
    }),
    delayMs: t.field({
      type: 'SafeInt',
      nullable: true,
      description: 'Of DELAY: yes, so many milliseconds after the start.',
      resolve: (probe) => actionOf('DELAY', probe)?.delayMs,
    }),
    initialDelayMs: t.expose('initialDelayMs', {
      type: 'SafeInt',
      description: 'Milliseconds from the start of the program to the first try.',
    }),
    periodMs: t.expose('periodMs', {
      type: 'SafeInt',
      description: 'Milliseconds from the end of one try to the next.',
    }),
    timeoutMs: t.expose('timeoutMs', {
      type: 'SafeInt',
      description: 'Milliseconds after which a try has failed.',
    }),
    failureThreshold: t.exposeInt('failureThreshold', { description: 'So many failures in a row are a no.' }),
    successThreshold: t.exposeInt('successThreshold', {
      description: 'So many successes in a row are a yes.',
    }),
  }),
});

const ServiceDependencyRef = builder.objectRef<ServiceDependency>('ServiceDependency').implement({
  authScopes: { read: true },
  description: 'What another service must be before this one starts.',
  fields: (t) => ({
    service: t.exposeString('service', { description: 'The name of the other.' }),
    condition: t.expose('condition', { type: DependencyConditionRef, description: 'What it must be.' }),
  }),
});

export const ServiceDefinitionRef = builder.objectRef<ServiceDefinition>('ServiceDefinition').implement({
  authScopes: { read: true },
  description: 'What a service is: what to run, when, and what to do when it ends.',
  fields: (t) => ({
    description: t.exposeString('description', { nullable: true, description: 'For people.' }),
    command: t.stringList({
      nullable: true,
      description: 'The program and its arguments; null where it is a script.',
      resolve: ({ command }) => command?.slice(),
    }),
    script: t.exposeString('script', { nullable: true, description: 'Text that is run by `sh -c`.' }),
    cwd: t.exposeString('cwd', {
      nullable: true,
      description:
        'Absolute path of the working directory. Null: the home directory of the user that jobs run as.',
    }),
    env: t.field({
      type: [EnvVar],
      description: 'Variables beside PATH, HOME and LANG.',
      resolve: ({ env }) => env.slice(),
    }),
    stdin: t.exposeString('stdin', { nullable: true, description: 'Text for standard input.' }),
    unbuffered: t.exposeBoolean('unbuffered', {
      description: 'Whether the program is asked not to buffer its output.',
    }),
    labels: t.stringList({
      description: 'Words to group it by; its jobs have them, too.',
      resolve: ({ labels }) => labels.slice(),
    }),
    timeoutMs: t.expose('timeoutMs', {
      type: 'SafeInt',
      nullable: true,
      description: 'Milliseconds after which a job of it is ended as TIMED_OUT; null for never.',
    }),
    gracePeriodMs: t.expose('gracePeriodMs', {
      type: 'SafeInt',
      description: 'Milliseconds between the polite end and SIGKILL.',
    }),
    onEnd: t.expose('onEnd', {
      type: OnEndRef,
      description: 'What happens to processes that its program leaves.',
    }),
    stopSignal: t.expose('stopSignal', { type: JobSignalRef, description: 'The polite signal.' }),
    stopCommand: t.stringList({
      nullable: true,
      description: 'The argv of a program that is run instead of the polite signal.',
      resolve: ({ stopCommand }) => stopCommand?.slice(),
    }),
    restart: t.expose('restart', { type: RestartRulesRef, description: 'When it is started again.' }),
    readiness: t.expose('readiness', {
      type: ProbeRef,
      nullable: true,
      description: 'Whether it is ready. Null: as soon as it runs.',
    }),
    liveness: t.expose('liveness', {
      type: ProbeRef,
      nullable: true,
      description: 'Whether it is alive: where this fails, its job is ended and it is started again.',
    }),
    silenceAlarmMs: t.expose('silenceAlarmMs', {
      type: 'SafeInt',
      nullable: true,
      description: 'After so many milliseconds without output it is said to be silent; null for never.',
    }),
    after: t.field({
      type: [ServiceDependencyRef],
      description: 'What must be so before it starts.',
      resolve: ({ after }) => after.slice(),
    }),
    schedule: t.expose('schedule', {
      type: Schedule,
      nullable: true,
      description: 'When it runs. Null: it is kept up as long as it is wanted.',
    }),
    concurrencyKey: t.exposeString('concurrencyKey', {
      nullable: true,
      description: 'Jobs with the same key share the limit. Null: those of this service alone.',
    }),
    concurrencyLimit: t.exposeInt('concurrencyLimit', {
      description: 'How many jobs of its key run at once.',
    }),
    priority: t.exposeInt('priority', { description: 'Of waiting jobs the highest goes first.' }),
    maxLogBytes: t.expose('maxLogBytes', {
      type: 'SafeInt',
      nullable: true,
      description: 'The cap of the log of each job, in bytes. Null: that of the server.',
    }),
    logOverflow: t.expose('logOverflow', {
      type: LogOverflowRef,
      description: 'What becomes of a job whose log reaches the cap.',
    }),
    retention: t.expose('retention', {
      type: RetentionRulesRef,
      description: 'How long its finished jobs are kept; the bounds of the server hold beside.',
    }),
  }),
});
