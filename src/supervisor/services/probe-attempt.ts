import type { ProbeAction } from '../../domain/service-definition.ts';
import { tryDelay } from './delay-probe.ts';
import { tryExec } from './exec-probe.ts';
import { tryHttp } from './http-probe.ts';
import { tryLog } from './log-probe.ts';
import type { ProbedJob, ProbeResult } from './probed-job.ts';
import { tryTcp } from './tcp-probe.ts';

/**
 * Tries once. Aborting releases everything that the try holds, synchronously, and its result is then of no meaning; nothing
 * is left when it resolves. LOG and DELAY resolve when it is so, however long that takes.
 */
export async function tryProbe(
  action: ProbeAction,
  job: ProbedJob,
  signal: AbortSignal,
): Promise<ProbeResult> {
  switch (action.kind) {
    case 'EXEC':
      return tryExec(action, job, signal);
    case 'HTTP':
      return tryHttp(action, signal);
    case 'TCP':
      return tryTcp(action, signal);
    case 'LOG':
      return tryLog(action, job, signal);
    case 'DELAY':
      return tryDelay(action, job, signal);
  }
}

/** Whether one yes is for ever. Such a probe is waited for, and has no timeout. */
export function isOnce({ kind }: ProbeAction): boolean {
  return kind === 'LOG' || kind === 'DELAY';
}
