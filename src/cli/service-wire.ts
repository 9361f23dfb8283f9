import type {
  DefinitionFieldsFragment,
  EnvInput,
  ProbeFieldsFragment,
  ProbeInput,
  ScheduleFieldsFragment,
  ScheduleInput,
  SaveServiceInput,
} from '../client/generated/graphql.ts';
import { isGivenSecret, isSealed, type GivenEnvEntry } from '../domain/env-entry.ts';
import type {
  Probe,
  ProbeAction,
  Schedule,
  ScheduleTime,
  GivenServiceDefinition,
} from '../domain/service-definition.ts';

// A definition on its way to a server and back.

/** @throws Error where the server says what no definition can be */
export function definitionFrom(fields: DefinitionFieldsFragment): GivenServiceDefinition {
  const { readiness, liveness, after, schedule, env, ...rest } = fields;
  return {
    ...rest,
    env: env.map(({ name, value }) => (value === null ? { name, secret: null } : { name, value })),
    readiness: readiness === null ? null : probeFrom(readiness),
    liveness: liveness === null ? null : probeFrom(liveness),
    after,
    schedule: schedule === null ? null : scheduleFrom(schedule),
  };
}

function scheduleFrom(schedule: ScheduleFieldsFragment): Schedule {
  const { overlap, catchUp } = schedule;
  return { time: timeFrom(schedule), overlap, catchUp };
}

function timeFrom({ cron, timeZone, everyMs, from, at }: ScheduleFieldsFragment): ScheduleTime {
  if (cron !== null) return { kind: 'CRON', expression: cron, timeZone: timeZone ?? 'UTC' };
  if (everyMs !== null) return { kind: 'INTERVAL', everyMs, fromMs: Date.parse(from ?? '') };
  return { kind: 'ONCE', atMs: Date.parse(at ?? '') };
}

function probeFrom(probe: ProbeFieldsFragment): Probe {
  const { initialDelayMs, periodMs, timeoutMs, failureThreshold, successThreshold } = probe;
  return {
    action: actionFrom(probe),
    initialDelayMs,
    periodMs,
    timeoutMs,
    failureThreshold,
    successThreshold,
  };
}

function actionFrom(probe: ProbeFieldsFragment): ProbeAction {
  const { kind } = probe;
  switch (kind) {
    case 'EXEC':
      return { kind, command: probe.command ?? [] };
    case 'HTTP':
      return { kind, url: probe.url ?? '', status: probe.status };
    case 'TCP':
      return { kind, host: probe.host ?? '', port: probe.port ?? 0 };
    case 'LOG':
      return { kind, pattern: probe.pattern ?? '', stream: probe.stream };
    case 'DELAY':
      return { kind, delayMs: probe.delayMs ?? 0 };
  }
}

/** What `saveService` takes. */
export function saveInputFor(name: string, definition: GivenServiceDefinition): SaveServiceInput {
  const { readiness, liveness, schedule, env, ...rest } = definition;
  return {
    name,
    ...rest,
    env: env.map(variableFor),
    readiness: readiness === null ? null : probeInputFor(readiness),
    liveness: liveness === null ? null : probeInputFor(liveness),
    schedule: schedule === null ? null : scheduleInputFor(schedule),
  };
}

/** Nobody here has a sealed one. */
function variableFor(entry: GivenEnvEntry): EnvInput {
  const { name } = entry;
  if (isSealed(entry)) throw new Error(`${name} is sealed`);
  return isGivenSecret(entry) ? { name, value: entry.secret, secret: true } : { name, value: entry.value };
}

function scheduleInputFor({ time, overlap, catchUp }: Schedule): ScheduleInput {
  switch (time.kind) {
    case 'CRON':
      return { cron: time.expression, timeZone: time.timeZone, overlap, catchUp };
    case 'INTERVAL':
      return { everyMs: time.everyMs, from: new Date(time.fromMs).toISOString(), overlap, catchUp };
    case 'ONCE':
      return { at: new Date(time.atMs).toISOString(), overlap, catchUp };
  }
}

function probeInputFor({ action, ...times }: Probe): ProbeInput {
  switch (action.kind) {
    case 'EXEC':
      return { exec: action.command, ...times };
    case 'HTTP':
      return { http: { url: action.url, status: action.status }, ...times };
    case 'TCP':
      return { tcp: { host: action.host, port: action.port }, ...times };
    case 'LOG':
      return { log: { pattern: action.pattern, stream: action.stream }, ...times };
    case 'DELAY':
      return { delayMs: action.delayMs, ...times };
  }
}
