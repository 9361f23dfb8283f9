import type { ServiceDefinition } from '../../domain/service-definition.ts';
import type { StartJobRequest } from '../job-request.ts';

/** What a job of a service runs. */
export function serviceRequest(name: string, definition: ServiceDefinition): StartJobRequest {
  const { command, script, cwd, env, stdin, unbuffered, labels, timeoutMs, gracePeriodMs, onEnd } =
    definition;
  const { stopSignal, stopCommand, concurrencyKey, concurrencyLimit, priority } = definition;
  const { maxLogBytes, logOverflow } = definition;
  return {
    ...(command !== null && { command }),
    ...(script !== null && { script }),
    ...(cwd !== null && { cwd }),
    env,
    ...(stdin !== null && { stdin }),
    unbuffered,
    labels,
    ...(timeoutMs !== null && { timeoutMs }),
    gracePeriodMs,
    onEnd,
    stopSignal,
    ...(stopCommand !== null && { stopCommand }),
    concurrencyKey: concurrencyKey ?? `service ${name}`,
    concurrencyLimit,
    priority,
    ...(maxLogBytes !== null && { maxLogBytes }),
    logOverflow,
  };
}
