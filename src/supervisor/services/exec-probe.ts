import { Errand } from '../errand.ts';
import type { ActionOf, ProbedJob, ProbeResult } from './probed-job.ts';

/** Runs the program; exit code 0 is yes. It is killed with its group when the try is over. */
export async function tryExec(
  { command }: ActionOf<'EXEC'>,
  { place }: ProbedJob,
  signal: AbortSignal,
): Promise<ProbeResult> {
  using errand = new Errand(command, place);
  const kill = (): void => errand[Symbol.dispose]();
  signal.addEventListener('abort', kill, { once: true });
  try {
    const { exitCode, message } = await errand.ended;
    return { isOk: exitCode === 0, message: `${command[0] ?? ''}: ${message}` };
  } finally {
    signal.removeEventListener('abort', kill);
  }
}
