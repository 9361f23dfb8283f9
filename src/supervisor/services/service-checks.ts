import { isAbsolute } from 'node:path';
import { type Dependencies, findCycle } from '../../domain/dependency-plan.ts';
import { ConflictError, InvalidInputError } from '../../domain/errors.ts';
import type { RetentionRules } from '../../domain/retention.ts';
import type { RestartRules, ServiceDefinition } from '../../domain/service-definition.ts';
import { isServiceName } from '../../domain/service-name.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import {
  checkedDuration,
  checkedEnv,
  checkedLabels,
  checkedLogCap,
  checkedStopSignal,
  checkSizes,
  checkStopCommand,
} from '../job-request.ts';
import { checkProbe } from './check-probe.ts';

const MAX_FAILURES = 1_000_000;
/** A definition is read in one piece, and shown to people. */
const MAX_DEPENDENCIES = 100;
const MAX_DESCRIPTION_LENGTH = 2_000;

/**
 * Refuses a definition that can never be run. Whether its program and its directory exist is left to each start: they may
 * come with what it comes after.
 * @throws InvalidInputError
 */
export function checkDefinition(name: string, definition: ServiceDefinition): void {
  if (!isServiceName(name)) {
    throw new InvalidInputError(
      'The name of a service has 1 to 63 letters, digits, dots, dashes and underscores, and begins with a letter or a digit.',
      'name',
    );
  }
  const { command, script, cwd, env, labels, description, restart } = definition;
  if ((command === null) === (script === null))
    throw new InvalidInputError('Give exactly one of command and script.', 'command');
  if (command !== null && (command.length === 0 || command[0] === ''))
    throw new InvalidInputError('The command is empty: give the program and its arguments.', 'command');
  if (script?.trim() === '') throw new InvalidInputError('The script is empty.', 'script');
  if (cwd !== null && (!isAbsolute(cwd) || cwd.includes('\0')))
    throw new InvalidInputError('The working directory is not absolute: begin it with a slash.', 'cwd');
  if ((description?.length ?? 0) > MAX_DESCRIPTION_LENGTH)
    throw new InvalidInputError(
      `A description has ${String(MAX_DESCRIPTION_LENGTH)} characters at most.`,
      'description',
    );
  checkSizes(command ?? ['/bin/sh', '-c', script ?? ''], checkedEnv(env));
  checkedLabels(labels);
  checkedDuration(definition.gracePeriodMs, 'gracePeriodMs', 0);
  if (definition.timeoutMs !== null) checkedDuration(definition.timeoutMs, 'timeoutMs', 1);
  if (definition.silenceAlarmMs !== null) checkedDuration(definition.silenceAlarmMs, 'silenceAlarmMs', 1_000);
  checkedStopSignal(definition.stopSignal);
  if (definition.stopCommand !== null) checkStopCommand(definition.stopCommand, env);
  if (definition.readiness !== null) checkProbe(definition.readiness, 'readiness');
  if (definition.liveness !== null) checkProbe(definition.liveness, 'liveness');
  if (definition.maxLogBytes !== null) checkedLogCap(definition.maxLogBytes);
  checkRestart(restart);
  checkRetention(definition.retention);
}

/** Of a hundred years, and of what a number holds exactly. */
function checkRetention({ maxAgeMs, maxJobs, maxBytes }: RetentionRules): void {
  const check = (value: number | null, field: string, least: number, most: number): void => {
    if (value !== null && (value < least || value > most))
      throw new InvalidInputError(
        `retention.${field} is from ${String(least)} to ${String(most)}; leave it out for no such bound.`,
        `retention.${field}`,
      );
  };
  check(maxAgeMs, 'maxAgeMs', 1_000, 36_500 * 86_400_000);
  check(maxJobs, 'maxJobs', 1, 1_000_000);
  check(maxBytes, 'maxBytes', 1, Number.MAX_SAFE_INTEGER);
}

function checkRestart({ firstDelayMs, maxDelayMs, maxFailures, healthyAfterMs }: RestartRules): void {
  checkedDuration(firstDelayMs, 'restart.firstDelayMs', 1);
  checkedDuration(maxDelayMs, 'restart.maxDelayMs', firstDelayMs);
  checkedDuration(healthyAfterMs, 'restart.healthyAfterMs', 1);
  if (!Number.isInteger(maxFailures) || maxFailures < 1 || maxFailures > MAX_FAILURES) {
    throw new InvalidInputError(
      `restart.maxFailures is a whole number from 1 to ${String(MAX_FAILURES)}.`,
      'restart.maxFailures',
    );
  }
}

/**
 * Refuses what the other services do not allow: to come after one that is not there or has a schedule, after itself, or to
 * get a schedule while others come after it.
 * @throws InvalidInputError, ConflictError
 */
export function checkPlace(
  name: string,
  { after, schedule }: ServiceDefinition,
  services: ReadonlyMap<string, ServiceRecord>,
): void {
  if (after.length > MAX_DEPENDENCIES)
    throw new InvalidInputError(`A service comes after ${String(MAX_DEPENDENCIES)} others at most.`, 'after');
  if (schedule !== null && after.some(({ service }) => service === name))
    throw new InvalidInputError(`${name} cannot come after itself.`, 'after');
  for (const { service } of after) {
    if (service === name) continue;
    const other = services.get(service);
    if (other === undefined)
      throw new InvalidInputError(`There is no service ${service} to come after: save it first.`, 'after');
    if (other.definition.schedule !== null)
      throw new InvalidInputError(
        `${service} has a schedule: only a service that is kept up can come before others.`,
        'after',
      );
  }
  if (new Set(after.map(({ service }) => service)).size < after.length)
    throw new InvalidInputError('A service is named twice in what it comes after.', 'after');
  const cycle = findCycle(new Map([...dependenciesOf(services), [name, after]]), name);
  if (cycle !== null)
    throw new InvalidInputError(`The services would wait for each other: ${cycle.join(' → ')}.`, 'after');
  const [dependent] = dependentsOf(name, services);
  if (schedule !== null && dependent !== undefined)
    throw new ConflictError(`${dependent} comes after ${name}, so ${name} cannot get a schedule.`);
}

export function dependenciesOf(services: ReadonlyMap<string, ServiceRecord>): Dependencies {
  return new Map([...services].map(([name, { definition }]) => [name, definition.after]));
}

/** The names of those that come after it, directly. */
export function dependentsOf(name: string, services: ReadonlyMap<string, ServiceRecord>): readonly string[] {
  return [...services.values()]
    .filter(({ definition }) => definition.after.some(({ service }) => service === name))
    .map((service) => service.name);
}
