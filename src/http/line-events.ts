import type { JobId } from '../domain/job-id.ts';
import type { LogBatch } from '../logs/log-batch.ts';
import { escapedTexts } from '../logs/escaped-texts.ts';
import { LongText } from '../logs/long-text.ts';

const LINE_EVENTS = {};

/** The `log.line` events of a batch of this job, in pieces, made once for all who read it: not to be changed. */
export function lineEvents(jobId: JobId, batch: LogBatch): readonly Buffer[] {
  return batch.derive(LINE_EVENTS, () => writeLineEvents(jobId, batch));
}

function writeLineEvents(jobId: JobId, batch: LogBatch): readonly Buffer[] {
  const { firstSeq, lineCount, stream, atMs, ending } = batch;
  const facts = `,"stream":"${stream === 'STDOUT' ? 'stdout' : 'stderr'}","line":"`;
  const at = `","at":"${new Date(atMs).toISOString()}"`;
  const texts = escapedTexts(batch);
  const written = new LongText();
  for (let index = 0; index < lineCount; index++) {
    const seq = String(firstSeq + index);
    const continued = ending === 'CONTINUED' && index === lineCount - 1 ? ',"continued":true' : '';
    // JSON keeps every line end of the text escaped, so one `data:` line is enough.
    written.add(
      `event: log.line\nid: ${seq}\ndata: {"job_id":${String(jobId)},"seq":${seq}${facts}${texts[index] ?? ''}${at}${continued}}\n\n`,
    );
  }
  return written.pieces();
}
