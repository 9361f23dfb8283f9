import { withDependencies } from '../domain/dependency-plan.ts';
import type { ServiceState } from '../domain/service-state.ts';
import { differenceOf, type ServiceChange } from './difference.ts';
import type { WantedService } from './read-service-file.ts';

/** A service as the server has it. */
export interface CurrentService extends WantedService {
  readonly state: ServiceState;
}

export interface PlanOptions {
  /** Removes what the file does not have. */
  readonly prune: boolean;
  /** Starts and stops; without it definitions are saved, and nothing else is done. */
  readonly start: boolean;
  /** Restarts what runs and has changed. */
  readonly restart: boolean;
}

export interface PlanStep {
  readonly kind: 'SAVE' | 'STOP' | 'DELETE' | 'START' | 'RESTART';
  readonly name: string;
}

/** How a server becomes what a file wants. */
export interface Plan {
  readonly changes: readonly ServiceChange[];
  /** In an order in which the server takes them. */
  readonly steps: readonly PlanStep[];
  /** What goes on with an older definition, by name. */
  readonly left: readonly string[];
  /** What the server has beside the file, and keeps. */
  readonly kept: readonly string[];
}

/** What the next job takes, and the one that runs does not need. */
const OF_THE_NEXT_START = [
  'description',
  'labels',
  'restart',
  'after',
  'schedule',
  'concurrency',
  'priority',
  'retention',
  'desired',
];

/** Where a job runs, or the end of one still counts. */
const RESTARTED_IN: readonly ServiceState[] = [
  'STARTING',
  'RUNNING',
  'READY',
  'BACKOFF',
  'SUCCEEDED',
  'FAILED',
  'GAVE_UP',
];

/**
 * Plans an apply. Nothing is in the plan where nothing is different, so that a second apply does nothing; a service that was
 * stopped by hand, and that the file wants up, is different.
 */
export function planOf(
  current: ReadonlyMap<string, CurrentService>,
  wanted: ReadonlyMap<string, WantedService>,
  { prune, start, restart }: PlanOptions,
): Plan {
  const all = differenceOf(current, wanted);
  const changes = all.filter(({ change }) => change !== 'REMOVE' || prune);
  const kindOf = new Map(changes.map(({ name, change }) => [name, change]));
  const changed = new Set(changes.filter(({ change }) => isSaved(change)).map(({ name }) => name));
  const order = savingOrder(wanted);
  const namesWhere = (isMeant: (name: string) => boolean): string[] => order.filter(isMeant);
  const desires = (name: string, desired: 'UP' | 'DOWN'): boolean =>
    wanted.get(name)?.desired === desired && (current.get(name)?.desired ?? 'DOWN') !== desired;
  const outdated = changes.filter((change) => isOutdated(change, current)).map(({ name }) => name);
  const removed = startingOrder(current)
    .toReversed()
    .filter((name) => kindOf.get(name) === 'REMOVE');
  const steps: PlanStep[] = [
    ...stepsOf(
      'SAVE',
      namesWhere((name) => changed.has(name)),
    ),
    ...(start ? stepsOf('STOP', namesWhere((name) => desires(name, 'DOWN')).toReversed()) : []),
    ...stepsOf('DELETE', removed),
    ...(start && restart
      ? stepsOf(
          'RESTART',
          namesWhere((name) => outdated.includes(name)),
        )
      : []),
    ...(start
      ? stepsOf(
          'START',
          namesWhere((name) => desires(name, 'UP')),
        )
      : []),
  ];
  return {
    changes,
    steps,
    left: start && restart ? [] : outdated,
    kept: all.filter(({ change }) => change === 'REMOVE' && !prune).map(({ name }) => name),
  };
}

/** Whether a plan takes something away that runs: it ends, begins anew, or is gone. */
export function isDisruptive({ steps }: Plan): boolean {
  return steps.some(({ kind }) => kind === 'STOP' || kind === 'DELETE' || kind === 'RESTART');
}

function isSaved(change: ServiceChange['change']): boolean {
  return change === 'ADD' || change === 'CHANGE';
}

function isOutdated(
  { name, change, fields }: ServiceChange,
  current: ReadonlyMap<string, CurrentService>,
): boolean {
  const former = current.get(name);
  if (change !== 'CHANGE' || former?.desired !== 'UP' || !RESTARTED_IN.includes(former.state)) return false;
  if (fields.some(({ path }) => path === 'desired')) return false;
  return fields.some(({ path }) => !OF_THE_NEXT_START.includes(path.split('.', 1)[0] ?? path));
}

function stepsOf(kind: PlanStep['kind'], names: readonly string[]): PlanStep[] {
  return names.map((name) => ({ kind, name }));
}

/** What others come after is known before them; what gets a schedule does so when nobody comes after it any more. */
function savingOrder(wanted: ReadonlyMap<string, WantedService>): string[] {
  const order = startingOrder(wanted);
  const hasSchedule = (name: string): boolean => wanted.get(name)?.definition.schedule != null;
  return [...order.filter((name) => !hasSchedule(name)), ...order.filter(hasSchedule)];
}

/** Each behind what it comes after. */
function startingOrder(services: ReadonlyMap<string, WantedService>): string[] {
  const dependencies = new Map(Array.from(services, ([name, { definition }]) => [name, definition.after]));
  return withDependencies(dependencies, services.keys()).filter((name) => services.has(name));
}
