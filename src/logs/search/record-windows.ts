import { lastSeqOf, type IndexRecord } from '../index-record.ts';
import type { LogIndexReader } from '../log-index-reader.ts';

/** The first ones are small, so that a near hit comes at once. */
const FIRST_WINDOW_BYTES = 64 * 1024;
const MAX_WINDOW_BYTES = 1024 * 1024;
const RECORDS_AT_ONCE = 256;

/** Which records to go through. */
export interface RecordRange {
  /** By position in the index; `to` is not in it. */
  readonly from: number;
  readonly to: number;
  readonly direction: 'FORWARD' | 'BACKWARD';
}

/** Where the records are whose lines are behind one seq and before another. */
export async function positionsBetween(
  index: LogIndexReader,
  { after, before, keptFrom }: { readonly after: number; readonly before: number; readonly keptFrom: number },
): Promise<{ readonly from: number; readonly to: number }> {
  const count = index.count;
  const from = (await index.firstWhere((record) => lastSeqOf(record) > after, keptFrom))?.from ?? count;
  const to =
    before === Infinity ? undefined : await index.firstWhere(({ firstSeq }) => firstSeq >= before, from);
  return { from, to: to?.found.position ?? count };
}

/** The valid records of the range, some at once, in the direction asked; of those before a damaged one nothing is lost. */
export async function* recordWindows(
  index: LogIndexReader,
  { from, to, direction }: RecordRange,
): AsyncGenerator<readonly IndexRecord[], void, undefined> {
  let maxBytes = FIRST_WINDOW_BYTES;
  let window: IndexRecord[] = [];
  let byteCount = 0;
  for (let passed = from; passed < to; passed += RECORDS_AT_ONCE) {
    const count = Math.min(RECORDS_AT_ONCE, to - passed);
    const records = await index.records(direction === 'FORWARD' ? passed : from + to - passed - count, count);
    if (direction === 'BACKWARD') records.reverse();
    for (const record of records) {
      if (record === undefined) continue;
      if (window.length > 0 && byteCount + record.byteLength > maxBytes) {
        yield window;
        maxBytes = Math.min(maxBytes * 2, MAX_WINDOW_BYTES);
        window = [];
        byteCount = 0;
      }
      window.push(record);
      byteCount += record.byteLength;
    }
  }
  if (window.length > 0) yield window;
}
