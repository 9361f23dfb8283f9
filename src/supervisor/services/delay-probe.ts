import type { ActionOf, ProbedJob, ProbeResult } from './probed-job.ts';

/** Resolves with yes, so long after the start of the program. */
export async function tryDelay(
  { delayMs }: ActionOf<'DELAY'>,
  { clock, startedMonotonicMs }: ProbedJob,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const restMs = Math.max(0, startedMonotonicMs + delayMs - clock.monotonicMs());
  return new Promise((resolve) => {
    const settle = (isOk: boolean): void => {
      timer[Symbol.dispose]();
      signal.removeEventListener('abort', leave);
      resolve({ isOk, message: `It has run for ${String(delayMs)} ms.` });
    };
    const leave = (): void => {
      settle(false);
    };
    const timer = clock.after(restMs, () => {
      settle(true);
    });
    signal.addEventListener('abort', leave, { once: true });
  });
}
