import type { JobId } from '../domain/job-id.ts';
import type { LogLine } from '../domain/log-line.ts';
import type { JobLogReader } from '../logs/job-log-reader.ts';
import { isGap, type LogItem } from '../logs/log-item.ts';
import type { Exchange } from './exchange.ts';
import { writeChunk } from './write-chunk.ts';

export const MERGED_FORMATS = ['text', 'jsonl'] as const;
export type MergedFormat = (typeof MERGED_FORMATS)[number];

export interface MergedLogRequest {
  readonly jobId: JobId;
  readonly reader: JobLogReader;
  readonly format: MergedFormat;
  /** Whether the job was removed, so that what is missing of its log is not damaged. */
  readonly isGone: () => Promise<boolean>;
}

/**
 * Sends both streams of a log merged by seq, as far as it goes at the time of the request. The reader stays the caller's.
 *
 * As text: the lines, each with a newline; the pieces of a long line follow each other directly, unless a line of the
 * other stream came between. As jsonl: one object a line, `{seq, stream, text, at, atApproximate, continued}`, or
 * `{gap: {fromSeq, toSeq, reason}}` where lines are gone.
 */
export async function sendMergedLog(
  { jobId, reader, format, isGone }: MergedLogRequest,
  { req, res, signal }: Exchange,
): Promise<void> {
  res.writeHead(200, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Disposition': `attachment; filename="job-${String(jobId)}.${format === 'text' ? 'log' : 'jsonl'}"`,
    'Accept-Ranges': 'none',
  });
  if (req.method !== 'HEAD') {
    const { lastSeq: upToSeq } = await reader.totals();
    const write = format === 'text' ? textWriter() : writeJson;
    for (let seq = 0; seq < upToSeq;) {
      const pieces = await reader.readAfter(seq, { upToSeq });
      const last = pieces.at(-1);
      if ((last === undefined || pieces.some(isDamage)) && (await isGone())) {
        // Removed under us: a short body must not look like a whole one.
        res.destroy();
        return;
      }
      if (last === undefined) break;
      seq = isGap(last) ? last.gap.toSeq : last.lastSeq;
      if (!(await writeChunk(res, pieces.map(write).join(''), signal))) {
        res.destroy();
        return;
      }
    }
  }
  res.end();
}

function isDamage(piece: LogItem): boolean {
  return isGap(piece) && piece.gap.reason === 'DAMAGED';
}

function writeJson(piece: LogItem): string {
  if (isGap(piece)) return `${JSON.stringify({ gap: piece.gap })}\n`;
  return piece
    .lines()
    .map(({ seq, stream, text, atMs, atApproximate, continued }) => {
      const at = new Date(atMs).toISOString();
      return `${JSON.stringify({ seq, stream, text, at, atApproximate, continued })}\n`;
    })
    .join('');
}

function textWriter(): (piece: LogItem) => string {
  // The line that has no newline yet, because its stream may go on with it.
  let open: LogLine | undefined;
  return (piece) => {
    if (isGap(piece)) {
      const { fromSeq, toSeq } = piece.gap;
      const lineEnd = open === undefined ? '' : '\n';
      open = undefined;
      return `${lineEnd}[lifeline: lines ${String(fromSeq)} to ${String(toSeq)} are gone]\n`;
    }
    let text = '';
    for (const line of piece.lines()) {
      if (open !== undefined && open.stream !== line.stream) text += '\n';
      text += line.continued ? line.text : `${line.text}\n`;
      open = line.continued ? line : undefined;
    }
    return text;
  };
}
