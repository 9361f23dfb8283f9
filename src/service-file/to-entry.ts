import { exactBytes } from '../domain/byte-size.ts';
import { exactDuration } from '../domain/duration.ts';
import { isGivenSecret, isSealed, type GivenEnvEntry } from '../domain/env-entry.ts';
import type { RetentionRules } from '../domain/retention.ts';
import {
  DEFAULT_RESTART_RULES,
  type GivenServiceDefinition,
  type Probe,
  type RestartRules,
  type Schedule,
} from '../domain/service-definition.ts';
import { byName } from './by-name.ts';
import type { WantedService } from './read-service-file.ts';
import type { EnvValue, ProbeEntry, RetentionEntry, ScheduleEntry, ServiceEntry } from './schema.ts';
import { DEFAULT_GRACE_PERIOD_MS, DEFAULT_PROBE } from './to-definition.ts';

/** What a file says under the name of a service, without what goes without saying: the way back from `definitionOf`. */
export function entryOf({ definition, desired }: WantedService): ServiceEntry {
  const { description, command, script, cwd, env, stdin, timeoutMs, silenceAlarmMs, stopCommand } =
    definition;
  const { gracePeriodMs, stopSignal, readiness, liveness, schedule, priority, maxLogBytes } = definition;
  return {
    ...(description !== null && { description }),
    ...(command !== null && { command: [...command] }),
    ...(script !== null && { script }),
    cwd,
    ...(env.length > 0 && { env: environmentOf(definition) }),
    ...(definition.labels.length > 0 && { labels: [...definition.labels].sort() }),
    ...(definition.unbuffered && { unbuffered: true }),
    ...(stdin !== null && { stdin }),
    ...(timeoutMs !== null && { timeout: time(timeoutMs) }),
    ...(gracePeriodMs !== DEFAULT_GRACE_PERIOD_MS && { gracePeriod: time(gracePeriodMs) }),
    ...(definition.onEnd === 'WAIT' && { onEnd: 'wait' }),
    ...(stopSignal !== 'SIGTERM' && { stopSignal }),
    ...(stopCommand !== null && { stopCommand: [...stopCommand] }),
    ...restartEntry(definition.restart),
    ...(readiness !== null && { readiness: probeEntry(readiness) }),
    ...(liveness !== null && { liveness: probeEntry(liveness) }),
    ...(silenceAlarmMs !== null && { silenceAlarm: time(silenceAlarmMs) }),
    ...afterEntry(definition),
    ...(schedule !== null && { schedule: scheduleEntry(schedule) }),
    ...concurrencyEntry(definition),
    ...(priority !== 0 && { priority }),
    ...(maxLogBytes !== null && { maxLog: maxLogBytes % 1024 === 0 ? exactBytes(maxLogBytes) : maxLogBytes }),
    ...(definition.logOverflow === 'CANCEL' && { logOverflow: 'cancel' }),
    ...retentionEntry(definition.retention),
    ...(desired === 'DOWN' && { desired: 'down' }),
  };
}

function time(durationMs: number): string | 0 {
  return durationMs === 0 ? 0 : exactDuration(durationMs);
}

function environmentOf({ env }: GivenServiceDefinition): Record<string, EnvValue> {
  // Not by assignment: a variable may be called __proto__.
  return Object.fromEntries([...env].sort(byName).map((entry) => [entry.name, valueOf(entry)]));
}

/** A secret without a value is the one that the server has; a sealed one is only ever compared. */
function valueOf(entry: GivenEnvEntry): EnvValue {
  if (isGivenSecret(entry)) return { secret: entry.secret };
  return isSealed(entry) ? { secret: entry.sealed } : entry.value;
}

function restartEntry(rules: RestartRules): Pick<ServiceEntry, 'restart'> {
  const defaults = DEFAULT_RESTART_RULES;
  const words = { NEVER: 'never', ON_FAILURE: 'on-failure', ALWAYS: 'always' } as const;
  const policy = words[rules.policy];
  const rest = {
    ...(rules.firstDelayMs !== defaults.firstDelayMs && { firstDelay: time(rules.firstDelayMs) }),
    ...(rules.maxDelayMs !== defaults.maxDelayMs && { maxDelay: time(rules.maxDelayMs) }),
    ...(rules.maxFailures !== defaults.maxFailures && { maxFailures: rules.maxFailures }),
    ...(rules.healthyAfterMs !== defaults.healthyAfterMs && { healthyAfter: time(rules.healthyAfterMs) }),
  };
  if (Object.keys(rest).length > 0) return { restart: { policy, ...rest } };
  return rules.policy === defaults.policy ? {} : { restart: policy };
}

function probeEntry(probe: Probe): ProbeEntry {
  const { initialDelayMs, periodMs, timeoutMs, failureThreshold, successThreshold } = probe;
  return {
    ...actionEntry(probe),
    ...(initialDelayMs !== DEFAULT_PROBE.initialDelayMs && { initialDelay: time(initialDelayMs) }),
    ...(periodMs !== DEFAULT_PROBE.periodMs && { period: time(periodMs) }),
    ...(timeoutMs !== DEFAULT_PROBE.timeoutMs && { timeout: time(timeoutMs) }),
    ...(failureThreshold !== DEFAULT_PROBE.failureThreshold && { failureThreshold }),
    ...(successThreshold !== DEFAULT_PROBE.successThreshold && { successThreshold }),
  };
}

function actionEntry({ action }: Probe): ProbeEntry {
  switch (action.kind) {
    case 'EXEC':
      return { exec: [...action.command] };
    case 'HTTP':
      return { http: action.url, ...(action.status !== null && { status: action.status }) };
    case 'TCP':
      return { tcp: `${action.host.includes(':') ? `[${action.host}]` : action.host}:${action.port}` };
    case 'LOG': {
      const streams = { STDOUT: 'stdout', STDERR: 'stderr' } as const;
      return { log: action.pattern, ...(action.stream !== null && { stream: streams[action.stream] }) };
    }
    case 'DELAY':
      return { delay: time(action.delayMs) };
  }
}

function afterEntry({ after }: GivenServiceDefinition): Pick<ServiceEntry, 'after'> {
  if (after.length === 0) return {};
  const conditions = { STARTED: 'started', READY: 'ready', SUCCEEDED: 'succeeded' } as const;
  const sorted = [...after].sort((a, b) => (a.service < b.service ? -1 : 1));
  if (sorted.every(({ condition }) => condition === 'READY')) {
    return { after: sorted.map(({ service }) => service) };
  }
  return {
    after: Object.fromEntries(sorted.map(({ service, condition }) => [service, conditions[condition]])),
  };
}

function scheduleEntry({ time: when, overlap, catchUp }: Schedule): ScheduleEntry {
  const overlaps = { SKIP: 'skip', QUEUE: 'queue', REPLACE: 'replace' } as const;
  const catchUps = { NONE: 'none', LAST: 'last', ALL: 'all' } as const;
  return {
    ...scheduleTimeEntry(when),
    ...(overlap !== 'SKIP' && { overlap: overlaps[overlap] }),
    ...(catchUp !== 'NONE' && { catchUp: catchUps[catchUp] }),
  };
}

function scheduleTimeEntry(when: Schedule['time']): ScheduleEntry {
  if (when.kind === 'CRON') {
    return { cron: when.expression, ...(when.timeZone !== 'UTC' && { timeZone: when.timeZone }) };
  }
  if (when.kind === 'ONCE') return { at: new Date(when.atMs).toISOString() };
  const from = when.fromMs === 0 ? {} : { from: new Date(when.fromMs).toISOString() };
  return { every: exactDuration(when.everyMs), ...from };
}

function retentionEntry({ maxAgeMs, maxJobs, maxBytes }: RetentionRules): Pick<ServiceEntry, 'retention'> {
  const retention: RetentionEntry = {
    ...(maxAgeMs !== null && { age: exactDuration(maxAgeMs) }),
    ...(maxJobs !== null && { jobs: maxJobs }),
    ...(maxBytes !== null && { bytes: exactBytes(maxBytes) }),
  };
  return Object.keys(retention).length === 0 ? {} : { retention };
}

function concurrencyEntry({
  concurrencyKey,
  concurrencyLimit,
}: GivenServiceDefinition): Pick<ServiceEntry, 'concurrency'> {
  if (concurrencyKey === null && concurrencyLimit === 1) return {};
  return {
    concurrency: {
      ...(concurrencyKey !== null && { key: concurrencyKey }),
      ...(concurrencyLimit !== 1 && { limit: concurrencyLimit }),
    },
  };
}
