import type { LogStream } from '../domain/log-line.ts';
import type { StreamMask } from './blind-mask.ts';
import { LogFileRefusedError } from './errors.ts';
import type { IndexRecord } from './index-record.ts';
import { cutEnd, cutIdle, cutLines, type Cut } from './line-cutter.ts';
import { LogFile } from './log-file.ts';

/** The most bytes that one look at a stream reads; it must hold a whole piece of a line. */
const SLICE_BYTES = 256 * 1024;

/** Where a stream stands in the index. */
export interface StreamPosition {
  readonly offset: number;
  readonly lineCount: number;
  readonly isUnterminated: boolean;
}

/** Bytes from the position on, as readers may see them, the batches in them, and whether there is more to read. */
export interface Slice {
  /** Where the bytes begin in the file. */
  readonly offset: number;
  readonly bytes: Buffer;
  readonly cuts: readonly Cut[];
  readonly hasMore: boolean;
}

/** What is not numbered yet: as it is in the file, as readers may see it, and what of it stays so whatever follows. */
interface Rest {
  readonly raw: Buffer;
  readonly shown: Buffer;
  readonly decided: Buffer;
}

/** What a stream's file is, against what it was. */
export type FileState = 'PRESENT' | 'MISSING' | 'REFUSED' | 'SHRUNK';

/**
 * The growing file of one stream, and how much of it is numbered. It keeps no bytes: what is not numbered yet is read
 * again, from the page cache, until it is. So a failure to number it loses nothing.
 */
export class StreamTail implements Disposable {
  readonly stream: LogStream;
  /** Bytes before this offset were written while the server was away; 0 where it was not. */
  readonly writtenUnseen: number;
  readonly #path: string;
  readonly #mask: StreamMask | null;
  #file: LogFile | undefined;
  #offset: number;
  #lineCount: number;
  #isUnterminated: boolean;
  /** Of the file, when it was checked last. */
  #size = 0;
  /** Up to here the bytes have been looked at; -1 for not at all. */
  #seenSize = -1;

  /**
   * A file that is refused or missing may come later.
   * @param mask `null` where the job has no secrets
   * @throws errors of the file system
   */
  constructor(
    stream: LogStream,
    path: string,
    position: StreamPosition,
    resumed: boolean,
    mask: StreamMask | null = null,
  ) {
    this.stream = stream;
    this.#path = path;
    this.#mask = mask;
    this.#offset = position.offset;
    this.#lineCount = position.lineCount;
    this.#isUnterminated = position.isUnterminated;
    this.#opened();
    this.writtenUnseen = resumed ? (this.#file?.size() ?? 0) : 0;
  }

  /** The end of what is numbered. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes of the file, when it was checked last. */
  get size(): number {
    return this.#size;
  }

  get lineCount(): number {
    return this.#lineCount;
  }

  /** Whether what is numbered ends without a newline. */
  get isUnterminated(): boolean {
    return this.#isUnterminated;
  }

  /** Whether bytes have been looked at that no batch holds yet: the beginning of a line. */
  get hasRest(): boolean {
    return this.#seenSize > this.#offset;
  }

  /** Looks at the file itself. One that shrank is gone on with at its new end. */
  check(): FileState {
    const file = this.#opened();
    if (!(file instanceof LogFile)) return file;
    const size = file.size();
    this.#size = size;
    if (size >= this.#offset) return 'PRESENT';
    this.#offset = size;
    this.#seenSize = size;
    return 'SHRUNK';
  }

  /**
   * The next slice of what the last `check` saw; `undefined` where nothing is new.
   * @param isFinal Nothing will follow: what is left at the end of the file is cut, too.
   */
  read(isFinal: boolean): Slice | undefined {
    const size = this.#size;
    if (this.#file === undefined || (size === this.#seenSize && !isFinal)) return undefined;
    const available = size - this.#offset;
    const { raw, shown, decided } = this.#readRest(this.#file, Math.min(available, SLICE_BYTES));
    this.#seenSize = this.#offset + raw.length;
    const hasMore = raw.length === SLICE_BYTES && available > SLICE_BYTES;
    const cuts = isFinal && !hasMore ? cutEnd(raw) : cutLines(decided);
    return { offset: this.#offset, bytes: shown, cuts, hasMore };
  }

  /** The rest as a piece that goes on; `undefined` where there is none, or where the file has grown in the meantime. */
  readIdle(): Slice | undefined {
    if (this.#file?.size() !== this.#seenSize || !this.hasRest) return undefined;
    const { shown, decided } = this.#readRest(this.#file, this.#seenSize - this.#offset);
    const cut = cutIdle(decided);
    return cut === undefined
      ? undefined
      : { offset: this.#offset, bytes: shown, cuts: [cut], hasMore: false };
  }

  /** The next batch of the stream is in the index. */
  advance(record: IndexRecord): void {
    this.#offset = record.offset + record.byteLength;
    this.#lineCount += record.lineCount;
    this.#isUnterminated = record.ending !== 'NEWLINE';
  }

  /** Makes the next `read` look at what is not numbered again. */
  forgetSeen(): void {
    this.#seenSize = -1;
  }

  #readRest(file: LogFile, length: number): Rest {
    const mask = this.#mask;
    if (mask === null) {
      const raw = file.readSync(this.#offset, length);
      return { raw, shown: raw, decided: raw };
    }
    const before = Math.min(this.#offset, mask.contextBytes);
    const around = file.readSync(this.#offset - before, before + length);
    const raw = around.subarray(before);
    return {
      raw,
      shown: mask.applied(around).subarray(before),
      decided: raw.subarray(0, Math.max(0, mask.undecidedFrom(around) - before)),
    };
  }

  #opened(): LogFile | 'MISSING' | 'REFUSED' {
    try {
      this.#file ??= LogFile.open(this.#path);
      return this.#file ?? 'MISSING';
    } catch (error) {
      if (error instanceof LogFileRefusedError) return 'REFUSED';
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#file?.[Symbol.dispose]();
    this.#file = undefined;
  }
}
