import type { IndexRecord } from './index-record.ts';
import type { Slice, StreamTail } from './stream-tail.ts';

/**
 * The index records for the batches of a slice: what the tailer is about to append.
 * @param tail The stream of the slice, and `other` the other one, as they stand before it.
 * @param lastSeq The highest seq given so far.
 * @param atMs Milliseconds since the Unix epoch.
 */
export function batchRecords(
  slice: Slice,
  tail: StreamTail,
  other: StreamTail,
  lastSeq: number,
  atMs: number,
): IndexRecord[] {
  const { stream, writtenUnseen } = tail;
  let firstSeq = lastSeq + 1;
  let lineCount = tail.lineCount;
  return slice.cuts.map((cut) => {
    const offset = slice.offset + cut.start;
    lineCount += cut.lineCount;
    const record: IndexRecord = {
      firstSeq,
      lineCount: cut.lineCount,
      stream,
      offset,
      byteLength: cut.end - cut.start,
      atMs,
      atApproximate: offset < writtenUnseen,
      ending: cut.ending,
      otherEndOffset: other.offset,
      otherUnterminated: other.isUnterminated,
      stdoutLines: stream === 'STDOUT' ? lineCount : other.lineCount,
      stderrLines: stream === 'STDERR' ? lineCount : other.lineCount,
    };
    firstSeq += cut.lineCount;
    return record;
  });
}
