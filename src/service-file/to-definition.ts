import { resolve } from 'node:path';
import { parseBytes } from '../domain/byte-size.ts';
import { parseDurationMs } from '../domain/duration.ts';
import type { GivenEnvEntry } from '../domain/env-entry.ts';
import type { RetentionRules } from '../domain/retention.ts';
import {
  DEFAULT_RESTART_RULES,
  type DependencyCondition,
  type GivenServiceDefinition,
  type Probe,
  type ProbeAction,
  type RestartPolicy,
  type RestartRules,
  type Schedule,
  type ScheduleTime,
  type ServiceDependency,
} from '../domain/service-definition.ts';
import { byName } from './by-name.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import {
  hostAndPort,
  type EnvValue,
  type ProbeEntry,
  type RetentionEntry,
  type ScheduleEntry,
  type ServiceEntry,
  type Word,
} from './schema.ts';

export const DEFAULT_GRACE_PERIOD_MS = 10_000;
export const DEFAULT_PROBE = {
  initialDelayMs: 0,
  periodMs: 10_000,
  timeoutMs: 1_000,
  failureThreshold: 3,
  successThreshold: 1,
} as const satisfies Omit<Probe, 'action'>;

/** Where relative paths begin, and where a service runs that says nothing. */
export interface Directories {
  /** Absolute path. */
  readonly base: string;
  /** Absolute path; `null`: the home directory of the user that jobs run as. */
  readonly defaultCwd: string | null;
}

/** Fills an entry that has been checked with all that it does not say. */
export function definitionOf(
  entry: ServiceEntry,
  path: Path,
  document: Pick<LocatedDocument, 'textAt'>,
  { base, defaultCwd }: Directories,
): GivenServiceDefinition {
  const texts = (words: readonly Word[], key: string): string[] =>
    words.map((word, index) => document.textAt([...path, key, index], word));
  const probeAt = (probe: ProbeEntry | undefined, key: string): Probe | null =>
    probe === undefined ? null : probeOf(probe, [...path, key, 'exec'], document);
  const { cwd, timeout, gracePeriod, silenceAlarm, maxLog } = entry;
  return {
    description: entry.description ?? null,
    command: entry.command === undefined ? null : texts(entry.command, 'command'),
    script: entry.script ?? null,
    cwd: cwd === undefined ? defaultCwd : cwd === null ? null : resolve(base, cwd),
    env: Object.entries(entry.env ?? {})
      .map(([name, value]) => variableOf(name, value, [...path, 'env', name], document))
      .sort(byName),
    stdin: entry.stdin ?? null,
    unbuffered: entry.unbuffered ?? false,
    labels: [...new Set(texts(entry.labels ?? [], 'labels'))].sort(),
    timeoutMs: timeout === undefined ? null : milliseconds(timeout),
    gracePeriodMs: gracePeriod === undefined ? DEFAULT_GRACE_PERIOD_MS : milliseconds(gracePeriod),
    onEnd: entry.onEnd === 'wait' ? 'WAIT' : 'KILL_TREE',
    stopSignal: entry.stopSignal ?? 'SIGTERM',
    stopCommand: entry.stopCommand === undefined ? null : texts(entry.stopCommand, 'stopCommand'),
    restart: restartOf(entry.restart ?? {}),
    readiness: probeAt(entry.readiness, 'readiness'),
    liveness: probeAt(entry.liveness, 'liveness'),
    silenceAlarmMs: silenceAlarm === undefined ? null : milliseconds(silenceAlarm),
    after: dependenciesOf(entry.after ?? []),
    schedule: entry.schedule === undefined ? null : scheduleOf(entry.schedule),
    concurrencyKey: entry.concurrency?.key ?? null,
    concurrencyLimit: entry.concurrency?.limit ?? 1,
    priority: entry.priority ?? 0,
    maxLogBytes: maxLog === undefined ? null : (parseBytes(String(maxLog)) ?? null),
    logOverflow: entry.logOverflow === 'cancel' ? 'CANCEL' : 'TRIM',
    retention: retentionOf(entry.retention ?? {}),
  };
}

function variableOf(
  name: string,
  value: EnvValue,
  path: Path,
  document: Pick<LocatedDocument, 'textAt'>,
): GivenEnvEntry {
  if (typeof value !== 'object') return { name, value: document.textAt(path, value) };
  const { secret } = value;
  return { name, secret: secret === null ? null : document.textAt([...path, 'secret'], secret) };
}

/** Of a text that has been checked. */
function milliseconds(time: string | 0): number {
  return parseDurationMs(String(time), Infinity) ?? 0;
}

function restartOf(restart: NonNullable<ServiceEntry['restart']>): RestartRules {
  const rules = typeof restart === 'string' ? { policy: restart } : restart;
  const { policy, firstDelay, maxDelay, maxFailures, healthyAfter } = rules;
  const given: Partial<RestartRules> = {
    ...(policy !== undefined && { policy: policy.toUpperCase().replace('-', '_') as RestartPolicy }),
    ...(firstDelay !== undefined && { firstDelayMs: milliseconds(firstDelay) }),
    ...(maxDelay !== undefined && { maxDelayMs: milliseconds(maxDelay) }),
    ...(maxFailures !== undefined && { maxFailures }),
    ...(healthyAfter !== undefined && { healthyAfterMs: milliseconds(healthyAfter) }),
  };
  return { ...DEFAULT_RESTART_RULES, ...given };
}

function retentionOf({ age, jobs, bytes }: RetentionEntry): RetentionRules {
  return {
    maxAgeMs: age === undefined ? null : milliseconds(age),
    maxJobs: jobs ?? null,
    maxBytes: bytes === undefined ? null : (parseBytes(bytes) ?? null),
  };
}

function probeOf(probe: ProbeEntry, execPath: Path, document: Pick<LocatedDocument, 'textAt'>): Probe {
  const { initialDelay, period, timeout, failureThreshold, successThreshold } = probe;
  return {
    action: actionOf(probe, execPath, document),
    initialDelayMs: initialDelay === undefined ? DEFAULT_PROBE.initialDelayMs : milliseconds(initialDelay),
    periodMs: period === undefined ? DEFAULT_PROBE.periodMs : milliseconds(period),
    timeoutMs: timeout === undefined ? DEFAULT_PROBE.timeoutMs : milliseconds(timeout),
    failureThreshold: failureThreshold ?? DEFAULT_PROBE.failureThreshold,
    successThreshold: successThreshold ?? DEFAULT_PROBE.successThreshold,
  };
}

function actionOf(
  { exec, http, status, tcp, log, stream, delay }: ProbeEntry,
  execPath: Path,
  document: Pick<LocatedDocument, 'textAt'>,
): ProbeAction {
  if (exec !== undefined) {
    return { kind: 'EXEC', command: exec.map((word, index) => document.textAt([...execPath, index], word)) };
  }
  if (http !== undefined) return { kind: 'HTTP', url: http, status: status ?? null };
  if (log !== undefined) {
    const streams = { stdout: 'STDOUT', stderr: 'STDERR' } as const;
    return { kind: 'LOG', pattern: log, stream: stream === undefined ? null : streams[stream] };
  }
  const address = tcp === undefined ? undefined : hostAndPort(tcp);
  return address === undefined
    ? { kind: 'DELAY', delayMs: milliseconds(delay ?? 0) }
    : { kind: 'TCP', ...address };
}

function dependenciesOf(after: NonNullable<ServiceEntry['after']>): ServiceDependency[] {
  const conditions = Array.isArray(after)
    ? after.map((service) => ({ service, condition: 'READY' as const }))
    : Object.entries(after).map(([service, condition]) => ({
        service,
        condition: condition.toUpperCase() as DependencyCondition,
      }));
  return conditions.sort((a, b) => (a.service < b.service ? -1 : 1));
}

function scheduleOf(schedule: ScheduleEntry): Schedule {
  const { overlap = 'skip', catchUp = 'none' } = schedule;
  const overlaps = { skip: 'SKIP', queue: 'QUEUE', replace: 'REPLACE' } as const;
  const catchUps = { none: 'NONE', last: 'LAST', all: 'ALL' } as const;
  return { time: scheduleTimeOf(schedule), overlap: overlaps[overlap], catchUp: catchUps[catchUp] };
}

function scheduleTimeOf({ cron, timeZone, every, from, at }: ScheduleEntry): ScheduleTime {
  if (cron !== undefined) return { kind: 'CRON', expression: cron, timeZone: timeZone ?? 'UTC' };
  if (every === undefined) return { kind: 'ONCE', atMs: Date.parse(at ?? '') };
  // A time that is always the same, so that the same file means the same schedule.
  return {
    kind: 'INTERVAL',
    everyMs: milliseconds(every),
    fromMs: from === undefined ? 0 : Date.parse(from),
  };
}
