import type { Clock } from '../../domain/clock.ts';
import {
  ConflictError,
  NotReadyError,
  ServerStoppingError,
  ServiceFailedError,
  ServiceNotFoundError,
} from '../../domain/errors.ts';
import type { DesiredState } from '../../domain/service-state.ts';
import type { ServiceRecord } from '../../storage/service-records.ts';
import type { JobChangeBus } from '../job-change-bus.ts';

/** How services shall be. */
export interface ServiceGoal {
  readonly desired: DesiredState;
  /** By name: a run with a higher number than this is what counts. */
  readonly runsBefore: ReadonlyMap<string, number>;
}

export interface UntilServicesPorts {
  readonly find: (name: string) => ServiceRecord | undefined;
  readonly changes: JobChangeBus;
  readonly clock: Clock;
  readonly waitMs: number;
  /** Aborts when nobody waits any more. */
  readonly signal: AbortSignal;
}

/**
 * Resolves when all of the services are as they shall be.
 * @throws ServiceFailedError, NotReadyError when the time is over, ConflictError if somebody wants otherwise meanwhile,
 * ServiceNotFoundError, ServerStoppingError
 */
export async function untilServices(goal: ServiceGoal, ports: UntilServicesPorts): Promise<void> {
  using changes = ports.changes.subscribeToAll({ signal: ports.signal });
  using _limit = ports.clock.after(ports.waitMs, () => void changes.return());
  for await (const _ of changes) if (pending(goal, ports) === null) return;
  const late = pending(goal, ports);
  if (late === null) return;
  if (ports.signal.aborted) throw new ServerStoppingError();
  const why = late.life.why === null ? '' : ` ${late.life.why}`;
  throw new NotReadyError(
    `${late.name} is not ${goal.desired} after ${String(ports.waitMs)} ms: it is ${late.life.state}.${why} What was asked for goes on.`,
  );
}

/** One that is not there yet; `null` where all are. */
function pending(goal: ServiceGoal, { find }: UntilServicesPorts): ServiceRecord | null {
  let late: ServiceRecord | null = null;
  for (const [name, runs] of goal.runsBefore) {
    const service = find(name);
    if (service === undefined) throw new ServiceNotFoundError(name);
    if (!isThere(service, goal.desired, runs)) late ??= service;
  }
  return late;
}

function isThere({ name, life }: ServiceRecord, desired: DesiredState, runsBefore: number): boolean {
  if (life.desired !== desired)
    throw new ConflictError(
      `${name} shall be ${life.desired} meanwhile: ${life.why ?? 'somebody asked for it'}`,
    );
  if (desired === 'DOWN') return life.state === 'STOPPED';
  if (life.state === 'SCHEDULED') return true;
  if (life.runs <= runsBefore) return false;
  if (life.state === 'FAILED' || life.state === 'GAVE_UP')
    throw new ServiceFailedError(`${name} did not come up: ${life.why ?? 'nobody knows why.'}`);
  return life.state === 'READY' || life.state === 'SUCCEEDED';
}
