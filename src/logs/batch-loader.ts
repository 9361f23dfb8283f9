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
   * @param records Consecutive in each stream, so that few reads bring many batches.
   */
  async load(records: readonly IndexRecord[]): Promise<(LogBatch | undefined)[]> {
    const runs: Run[] = [];
    const newest = new Map<LogStream, Run>();
    const placed = records.map((record) => {
      let run = newest.get(record.stream);
      if (run === undefined || run.offset + run.length !== record.offset) {
        run = { stream: record.stream, offset: record.offset, length: 0 };
        newest.set(record.stream, run);
        runs.push(run);
      }
      run.length += record.byteLength;
      return { record, run };
    });
    const bytesOf = new Map<Run, Buffer | undefined>();
    for (const run of runs) bytesOf.set(run, await this.#read(run));
    return placed.map(({ record, run }) => {
      const start = record.offset - run.offset;
      const bytes = bytesOf.get(run)?.subarray(start, start + record.byteLength);
      return bytes !== undefined && agrees(record, bytes) ? new LogBatch({ ...record, bytes }) : undefined;
    });
  }

  [Symbol.dispose](): void {
    this.#released = true;
    for (const file of this.#files.values()) file[Symbol.dispose]();
    this.#files.clear();
  }

  async #read(run: Run): Promise<Buffer | undefined> {
    if (this.#released) return undefined;
    let file = this.#files.get(run.stream);
    if (file === undefined) {
      file = openUnlessRefused(this.#openFiles, this.#directory.logPath(run.stream));
      if (file === undefined) return undefined;
      this.#files.set(run.stream, file);
    }
    return await file.read(run.offset, run.length);
  }
}

/** `undefined` for what somebody put in the place of a log, as where there is none. */
function openUnlessRefused(files: LogFiles, path: string): LogFileLease | undefined {
  try {
    return files.open(path);
  } catch (error) {
    if (error instanceof LogFileRefusedError) return undefined;
    throw error;
  }
}

/** Whether the bytes are as many lines as the record says: a file that was overwritten, cut or punched is not. */
function agrees(record: IndexRecord, bytes: Buffer): boolean {
  if (bytes.length !== record.byteLength) return false;
  const endsWithNewline = bytes.at(-1) === NEWLINE;
  if (endsWithNewline !== (record.ending === 'NEWLINE')) return false;
  let newlines = 0;
  for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, at + 1)) newlines++;
  return newlines === (endsWithNewline ? record.lineCount : record.lineCount - 1);
}
