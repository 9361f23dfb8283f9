import { LOG_STREAMS, type LogLine, type LogStream } from '../domain/log-line.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { BatchLoader } from './batch-loader.ts';
import { lastSeqOf, totalsOf, type IndexRecord } from './index-record.ts';
import { LineOrdinals } from './line-ordinals.ts';
import { readKeptMark, type KeptMark } from './kept-mark.ts';
import { appendItem, isGap, withGapUpTo, type LogGap, type LogItem } from './log-item.ts';
import { LogFiles } from './log-files.ts';
import { LogIndexReader } from './log-index-reader.ts';
import type { LogTotals } from './log-totals.ts';
import { PageLines } from './page-lines.ts';
import { keptBytes } from './trim-plan.ts';
import { RecordSelection, type ReadLimits } from './record-selection.ts';

/** What was read, and how far. */
export interface LogChunk {
  /** In the order of seq. */
  readonly items: readonly LogItem[];
  /** The highest seq passed, lines of other streams included; the given one at the end of the log. */
  readonly lastSeq: number;
}

export interface PageRequest {
  /** Only lines behind this seq. */
  readonly after?: number | undefined;
  /** Only lines before this seq. */
  readonly before?: number | undefined;
  /** At most so many, from the front; without `first` and `last`, 100. */
  readonly first?: number | undefined;
  /** At most so many, from the back; of the first ones where both are given. */
  readonly last?: number | undefined;
  readonly streams?: readonly LogStream[] | undefined;
}

export interface LogPage {
  readonly lines: LogLine[];
  /** The seq of the first and of the last line; `null` where there is none. */
  readonly startSeq: number | null;
  readonly endSeq: number | null;
  /** Whether the streams have lines before this page, and behind it. */
  readonly hasPrevious: boolean;
  readonly hasNext: boolean;
  /** What is missing within the page. */
  readonly gaps: readonly LogGap[];
}

const DEFAULT_PAGE_LINES = 100;
/** How many records to read first: few, since batches are large in a long log; then ever more. */
const FIRST_STRETCH = 16;
/** How many records one call looks at: with a choice of streams it may find nothing in them. */
const MAX_RECORDS = 1_024;

/**
 * Reads one job's log from its files, while it grows and after. A guard: it holds files, and whoever opened it
 * disposes of it. One call at a time is the intended use; several are safe.
 *
 * What was trimmed is told as a gap of reason TRIMMED, also where that happens while it is read; what the index or the files
 * have lost or damaged as one of reason DAMAGED.
 * Known gap: a damaged record at the very end looks like one being written, and so like the end of the log.
 */
export class JobLogReader implements Disposable {
  readonly #directory: JobDirectory;
  readonly #files: LogFiles;
  readonly #loader: BatchLoader;
  #index: LogIndexReader | undefined;
  #released = false;
  /** Where the last read ended, so that reading on needs no search. */
  #next = { seq: 0, position: 0 };

  private constructor(directory: JobDirectory, files: LogFiles) {
    this.#directory = directory;
    this.#files = files;
    this.#loader = new BatchLoader(directory, files);
    this.#index = LogIndexReader.open(directory.indexPath, files);
  }

  /**
   * A job that has no index (yet) has an empty log; the index may come later.
   * @param files those that other readers have open; by default it opens its own
   * @throws (rejects with) LogFileRefusedError
   */
  static open(directory: JobDirectory, files = new LogFiles()): Promise<JobLogReader> {
    return new Promise((resolve) => {
      resolve(new JobLogReader(directory, files));
    });
  }

  /** The items behind `seq`; none at the end of the log. The first batch is cut where `seq` is in it. */
  async readAfter(seq: number, limits: ReadLimits = {}): Promise<readonly LogItem[]> {
    let chunk = await this.readChunk(seq, limits);
    for (let from = seq; chunk.items.length === 0 && chunk.lastSeq > from;) {
      from = chunk.lastSeq;
      chunk = await this.readChunk(from, limits);
    }
    return chunk.items;
  }

  /** As `readAfter`, and says how far it came: with a choice of streams, also without finding anything. */
  async readChunk(seq: number, limits: ReadLimits = {}): Promise<LogChunk> {
    const { upToSeq = Infinity } = limits;
    const kept = readKeptMark(this.#directory);
    const { items, lastSeq } = await this.#readFrom(Math.max(seq, kept.seq - 1), kept, limits);
    // What has gone meanwhile may have been read as it went; the mark had moved before.
    const trimmedTo = Math.min(readKeptMark(this.#directory).seq - 1, upToSeq);
    if (trimmedTo <= seq) return { items, lastSeq };
    return {
      items: withGapUpTo(items, seq, trimmedTo),
      lastSeq: Math.max(trimmedTo, Math.min(lastSeq, upToSeq)),
    };
  }

  async #readFrom(seq: number, kept: KeptMark, limits: ReadLimits): Promise<LogChunk> {
    const { parts, lastSeq } = await this.#select(seq, kept, limits);
    const batches = await this.#loader.load(parts.flatMap((part) => ('gap' in part ? [] : [part.record])));
    const items: LogItem[] = [];
    let loaded = 0;
    for (const part of parts) {
      appendItem(
        items,
        'gap' in part ? part : (batches[loaded++]?.after(seq) ?? lostBatch(part.record, seq)),
      );
    }
    return { items, lastSeq };
  }

  /** What the last record says; the length of the log does not matter. */
  async totals(): Promise<LogTotals> {
    return totalsOf(await this.#openIndex()?.last());
  }

  /** When the last line was read, in milliseconds since the Unix epoch; `null` where there is none. */
  async lastLineAtMs(): Promise<number | null> {
    return (await this.#openIndex()?.last())?.atMs ?? null;
  }

  /** Seq of the first line that is kept; 1 where nothing was trimmed. */
  get keptFromSeq(): number {
    return readKeptMark(this.#directory).seq;
  }

  /** Bytes of streams and index that are numbered and kept. */
  async keptBytes(): Promise<number> {
    const { stdoutBytes, stderrBytes } = await this.totals();
    const recordCount = this.#openIndex()?.count ?? 0;
    return keptBytes(
      { stdoutSize: stdoutBytes, stderrSize: stderrBytes, recordCount },
      readKeptMark(this.#directory),
    );
  }

  /**
   * The cursor behind which the last `count` lines of the streams are; 0 where there are not more. Where some of them were
   * trimmed it is so far before the first kept line that the gap is told.
   */
  async seqOfLast(count: number, streams: readonly LogStream[] = LOG_STREAMS): Promise<number> {
    const index = this.#openIndex();
    if (index === undefined) return 0;
    if (count === 0) return (await this.totals()).lastSeq;
    const ordinals = new LineOrdinals(index, streams, readKeptMark(this.#directory));
    const total = await ordinals.total();
    return count >= total ? 0 : (await ordinals.seqOf(total - count + 1)) - 1;
  }

  /** A page of lines by cursor, from either end; it ends early, on the far side, where it has `MAX_PAGE_BYTES` of text. */
  async page(request: PageRequest): Promise<LogPage> {
    const { streams = LOG_STREAMS, after = 0, before = Infinity, last } = request;
    const index = this.#openIndex();
    if (index === undefined) return pageOf([], [], false, false);
    const kept = readKeptMark(this.#directory);
    const ordinals = new LineOrdinals(index, streams, kept);
    const lastRecord = await index.last();
    const total = await ordinals.total();
    const trimmed = await ordinals.trimmed();
    let start = Math.min(total, await ordinals.countUpTo(after));
    let end = Math.max(
      start,
      Math.min(total, before === Infinity ? total : await ordinals.countUpTo(before - 1)),
    );
    const first = request.first ?? (last === undefined ? DEFAULT_PAGE_LINES : undefined);
    if (first !== undefined) end = Math.min(end, start + first);
    if (last !== undefined) start = Math.max(start, end - last);
    const page = new PageLines(last === undefined ? 'first' : 'last');
    const trimmedTo = Math.min(kept.seq, before) - 1;
    if (start === trimmed && after < trimmedTo)
      page.addGap({ fromSeq: after + 1, toSeq: trimmedTo, reason: 'TRIMMED' });
    // What is missing behind the last line belongs to the page that has it.
    const endsMissing = end === total && lastRecord?.lineCount === 0;
    const missingTo = endsMissing ? Math.min(lastSeqOf(lastRecord), before - 1) : 0;
    if (start < end || missingTo > after) {
      const toSeq = Math.max(end === 0 ? 0 : await ordinals.seqOf(end), missingTo);
      let cursor = start < end ? (await ordinals.seqOf(start + 1)) - 1 : Math.max(after, trimmedTo);
      while (cursor < toSeq && !page.isComplete) {
        const chunk = await this.readChunk(cursor, { streams, upToSeq: toSeq });
        if (chunk.lastSeq === cursor) break;
        for (const item of chunk.items) {
          if (isGap(item)) page.addGap(item.gap);
          else for (const line of item.lines()) if (line.seq <= toSeq) page.add(line);
        }
        cursor = chunk.lastSeq;
      }
    }
    const { lines, gaps, isCut, isComplete } = page;
    return pageOf(lines, gaps, start > trimmed || (isCut && !isComplete), end < total || isComplete);
  }

  /** Reads that are under way come to nothing. */
  [Symbol.dispose](): void {
    this.#released = true;
    this.#index?.[Symbol.dispose]();
    this.#loader[Symbol.dispose]();
  }

  #openIndex(): LogIndexReader | undefined {
    if (!this.#released) this.#index ??= LogIndexReader.open(this.#directory.indexPath, this.#files);
    return this.#released ? undefined : this.#index;
  }

  async #select(seq: number, kept: KeptMark, limits: ReadLimits): Promise<RecordSelection> {
    const selection = new RecordSelection(seq, limits);
    const index = this.#openIndex();
    if (index === undefined) return selection;
    let position = await this.#placeAfter(index, seq, kept);
    if (position === undefined) return selection;
    let stretchLength = FIRST_STRETCH;
    // So many records are enough for one call, unless all of them are damaged.
    for (const enough = position + MAX_RECORDS; position < enough || selection.lastSeq === seq;) {
      const stretch = await index.records(position, stretchLength);
      if (stretch.length === 0) break;
      stretchLength *= 4;
      for (const record of stretch) {
        if (record !== undefined && !selection.take(record)) return selection;
        position++;
        if (record !== undefined) this.#next = { seq: selection.lastSeq, position };
      }
    }
    return selection;
  }

  async #placeAfter(index: LogIndexReader, seq: number, kept: KeptMark): Promise<number | undefined> {
    if (seq === kept.seq - 1) return kept.position;
    if (this.#next.seq === seq) return this.#next.position;
    return (await index.firstWhere((record) => lastSeqOf(record) > seq, kept.position))?.from;
  }
}

function pageOf(lines: LogLine[], gaps: readonly LogGap[], hasPrevious: boolean, hasNext: boolean): LogPage {
  const startSeq = lines[0]?.seq ?? null;
  const endSeq = lines.at(-1)?.seq ?? null;
  return { lines, gaps, startSeq, endSeq, hasPrevious, hasNext };
}

function lostBatch(record: IndexRecord, after: number): LogItem {
  return {
    gap: { fromSeq: Math.max(record.firstSeq, after + 1), toSeq: lastSeqOf(record), reason: 'DAMAGED' },
  };
}
