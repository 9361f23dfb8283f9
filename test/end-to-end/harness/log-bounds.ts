import { statSync } from 'node:fs';
import { expect } from 'vitest';
import { jobFile } from './between-lives.ts';
import type { LogEventView } from './jobs.ts';
import type { LifelineServer } from './lifeline-server.ts';
import { untilTrue } from './until-true.ts';

/** What a job says of the bounds of its log. */
export interface LogBoundsView {
  readonly lastSeq: number;
  readonly keptFromSeq: number;
  readonly keptBytes: number;
  readonly stdoutBytes: number;
  readonly heldBack: boolean;
  readonly problem: string | null;
}

export async function logBounds(server: LifelineServer, jobId: string): Promise<LogBoundsView> {
  const { job } = await server.ask<{ job: { log: LogBoundsView } }>(
    'query ($id: ID!) { job(id: $id) { log { lastSeq keptFromSeq keptBytes stdoutBytes heldBack problem } } }',
    { id: jobId },
  );
  return job.log;
}

export async function untilBounds(
  server: LifelineServer,
  jobId: string,
  accepts: (log: LogBoundsView) => boolean,
  what: string,
): Promise<LogBoundsView> {
  return untilTrue(
    async () => {
      const log = await logBounds(server, jobId);
      return accepts(log) ? log : false;
    },
    { what },
  );
}

/** What the files of a job's log take on the disk, holes left out, by the file system's own word. */
export function diskBytes(server: LifelineServer, jobId: string): number {
  return ['stdout', 'stderr', 'index']
    .map((name) => statSync(jobFile(server, jobId, name)).blocks * 512)
    .reduce((sum, bytes) => sum + bytes, 0);
}

/**
 * What a reader was told, in ranges of seqs: every one accounted for, in order.
 * @param isLine whether a line may have this text; of `seq 1 …`, if it is not given: each line its own number
 * @throws where something is missing, comes twice, or is another text
 */
export function checkedRanges(
  events: readonly LogEventView[],
  after = 0,
  isLine = (seq: number, text: string): boolean => text === String(seq),
): { readonly gaps: [number, number][]; readonly lineCount: number; readonly lastSeq: number } {
  const gaps: [number, number][] = [];
  let lineCount = 0;
  let lastSeq = after;
  for (const event of events) {
    if (event.__typename === 'LogGap') {
      expect([event.fromSeq, event.reason]).toEqual([lastSeq + 1, 'TRIMMED']);
      gaps.push([event.fromSeq, event.toSeq]);
      lastSeq = event.toSeq;
    }
    if (event.__typename !== 'LogLines') continue;
    for (const { seq, text } of event.lines) {
      if (seq !== lastSeq + 1 || !isLine(seq, text))
        throw new Error(`after ${String(lastSeq)} came line ${String(seq)}, which says ${text}`);
      lastSeq = seq;
      lineCount += 1;
    }
    expect(event.lastSeq).toBe(lastSeq);
  }
  return { gaps, lineCount, lastSeq };
}
