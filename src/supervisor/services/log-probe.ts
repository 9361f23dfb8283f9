import { follow } from '../../logs/follow.ts';
import type { LogBatch } from '../../logs/log-batch.ts';
import { Breather } from '../breather.ts';
import { LogPattern } from './log-pattern.ts';
import type { ActionOf, ProbedJob, ProbeResult } from './probed-job.ts';

/**
 * Follows the job's log from its beginning and resolves with yes at the first line that matches. It reads at its own pace and
 * holds up neither the job nor the server. No is the end of the log without such a line.
 */
export async function tryLog(
  { pattern: text, stream }: ActionOf<'LOG'>,
  { jobId, sources }: ProbedJob,
  signal: AbortSignal,
): Promise<ProbeResult> {
  const pattern = new LogPattern(text);
  const breather = new Breather();
  using events = follow(sources, { jobId, signal, ...(stream !== null && { streams: [stream] }) });
  for await (const event of events) {
    if (event.type !== 'lines') continue;
    for (const batch of event.batches) {
      const seq = await firstMatch(batch, pattern, breather, signal);
      if (seq !== undefined) return { isOk: true, message: `Line ${String(seq)} of its log matches.` };
    }
  }
  return { isOk: false, message: 'Its log has ended, and no line of it matches.' };
}

async function firstMatch(
  batch: LogBatch,
  pattern: LogPattern,
  breather: Breather,
  signal: AbortSignal,
): Promise<number | undefined> {
  for (const { seq, text } of batch.lines()) {
    if (signal.aborted) return undefined;
    if (pattern.matches(text)) return seq;
    await breather.pause();
  }
  return undefined;
}
