import { CliError } from './cli-error.ts';
import type {
  DefinitionFieldsFragment,
  ProbeFieldsFragment,
  ProbeInput,
  SaveServiceInput,
} from '../client/generated/graphql.ts';
import type { Probe, ProbeAction, ServiceDefinition } from '../domain/service-definition.ts';

// A definition on its way to a server and back.

/** @throws Error where the server says what no definition can be */
export function definitionFrom(fields: DefinitionFieldsFragment): ServiceDefinition {
  const { readiness, liveness, after, ...rest } = fields;
  return {
    ...rest,
    readiness: readiness === null ? null : probeFrom(readiness),
    liveness: liveness === null ? null : probeFrom(liveness),
    after,
    schedule: null,
  };
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

/** @throws CliError for a schedule, which is not sent yet */
export function saveInputFor(name: string, definition: ServiceDefinition): SaveServiceInput {
  const { readiness, liveness, schedule, ...rest } = definition;
  if (schedule !== null) throw new CliError(`${name} has a schedule, which this command cannot send yet.`);
  return {
    name,
    ...rest,
    readiness: readiness === null ? null : probeInputFor(readiness),
    liveness: liveness === null ? null : probeInputFor(liveness),
  };
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
