import type { LogStream } from '../domain/log-line.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { LogFileRefusedError } from './errors.ts';
import type { IndexRecord } from './index-record.ts';
import { LogBatch } from './log-batch.ts';
import type { LogFileLease, LogFiles } from './log-files.ts';

/** Neighbouring bytes of one stream, read at once. */
interface Run {
  readonly stream: LogStream;
  readonly offset: number;
  length: number;
  readonly records: IndexRecord[];
}

const NEWLINE = 0x0a;

/** Brings the bytes of batches from the files of the streams. Holds them from the first time that they are needed. */
export class BatchLoader implements Disposable {
  readonly #directory: JobDirectory;
  readonly #openFiles: LogFiles;
  readonly #files = new Map<LogStream, LogFileLease>();
  #released = false;

  constructor(directory: JobDirectory, files: LogFiles) {
    this.#directory = directory;
    this.#openFiles = files;
  }

  /**
   * One batch a record, `undefined` where its bytes are not there, are not what the index says, or are not in a regular file.
   * What another reader of the file has read lately is not read again.
   * @param records Consecutive in each stream, so that few reads bring many batches.
   */
  async load(records: readonly IndexRecord[]): Promise<(LogBatch | undefined)[]> {
    const kept = records.map(({ stream, firstSeq }) => this.#file(stream)?.keptBatch(firstSeq));
    const read = this.#read(records.filter((_, index) => kept[index] === undefined));
    return Promise.all(records.map(async (record, index) => kept[index] ?? read.get(record)));
  }

  /**
   * The bytes of batches as they are in the files, where there are any: whether they are what the index says is for the caller to
   * find out, with `isBatch`. Nothing is shared with other readers.
   * @param records as for `load`
   */
  async loadBytes(records: readonly IndexRecord[]): Promise<ReadonlyMap<IndexRecord, Buffer>> {
    const found = new Map<IndexRecord, Buffer>();
    for (const { stream, offset, length, records: neighbours } of runsOf(records)) {
      const bytes = await this.#file(stream)?.read(offset, length);
      if (bytes === undefined) continue;
      for (const record of neighbours) found.set(record, bytesOf(record, bytes, offset));
    }
    return found;
  }

  [Symbol.dispose](): void {
    this.#released = true;
    for (const file of this.#files.values()) file[Symbol.dispose]();
    this.#files.clear();
  }

  #read(records: readonly IndexRecord[]): ReadonlyMap<IndexRecord, Promise<LogBatch | undefined>> {
    const batches = new Map<IndexRecord, Promise<LogBatch | undefined>>();
    for (const { stream, offset, length, records: neighbours } of runsOf(records)) {
      const file = this.#file(stream);
      const bytes = file?.read(offset, length) ?? Promise.resolve(undefined);
      for (const record of neighbours) {
        const batch = bytes.then((all) => batchOf(record, all, offset));
        batches.set(record, batch);
        file?.keepBatch(record, batch);
      }
    }
    return batches;
  }

  #file(stream: LogStream): LogFileLease | undefined {
    let file = this.#files.get(stream);
    if (file !== undefined || this.#released) return file;
    file = openUnlessRefused(this.#openFiles, this.#directory, stream);
    if (file !== undefined) this.#files.set(stream, file);
    return file;
  }
}

/** Neighbouring bytes of a stream at once. */
function runsOf(records: readonly IndexRecord[]): readonly Run[] {
  const runs: Run[] = [];
  const newest = new Map<LogStream, Run>();
  for (const record of records) {
    let run = newest.get(record.stream);
    if (run === undefined || run.offset + run.length !== record.offset) {
      run = { stream: record.stream, offset: record.offset, length: 0, records: [] };
      newest.set(record.stream, run);
      runs.push(run);
    }
    run.length += record.byteLength;
    run.records.push(record);
  }
  return runs;
}

function batchOf(record: IndexRecord, run: Buffer | undefined, offset: number): LogBatch | undefined {
  const bytes = run === undefined ? undefined : bytesOf(record, run, offset);
  return bytes !== undefined && isBatch(record, bytes) ? new LogBatch({ ...record, bytes }) : undefined;
}

/** @param offset where the run begins in its file */
function bytesOf(record: IndexRecord, run: Buffer, offset: number): Buffer {
  const start = record.offset - offset;
  return run.subarray(start, start + record.byteLength);
}

/** `undefined` for what somebody put in the place of a log, as where there is none. */
function openUnlessRefused(
  files: LogFiles,
  directory: JobDirectory,
  stream: LogStream,
): LogFileLease | undefined {
  try {
    return files.openStream(directory, stream);
  } catch (error) {
    if (error instanceof LogFileRefusedError) return undefined;
    throw error;
  }
}

/** Whether the bytes are as many lines as the record says: a file that was overwritten, cut or punched is not. */
export function isBatch(record: IndexRecord, bytes: Buffer): boolean {
  if (bytes.length !== record.byteLength) return false;
  const endsWithNewline = bytes.at(-1) === NEWLINE;
  if (endsWithNewline !== (record.ending === 'NEWLINE')) return false;
  let newlines = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) newlines++;
  return newlines === (endsWithNewline ? record.lineCount : record.lineCount - 1);
}
