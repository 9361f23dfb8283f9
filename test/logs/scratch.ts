import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LOG_STREAMS, type LogLine, type LogStream } from '../../src/domain/log-line.ts';
import { isGap, type LogGap } from '../../src/logs/log-item.ts';
import type { LogBatch } from '../../src/logs/log-batch.ts';
import { JobLogReader } from '../../src/logs/job-log-reader.ts';
import { JobDirectory } from '../../src/storage/job-directory.ts';
import { createSeqMark } from '../../src/storage/seq-mark.ts';

export const SCRATCH_PREFIX = 'lifeline-logs-test-';

/** A folder of its own with the directory of one job in it; both logs exist and are empty. */
export class Scratch implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), SCRATCH_PREFIX));
  readonly directory: JobDirectory;

  constructor(jobId = 1) {
    this.directory = new JobDirectory(this.root, jobId);
    mkdirSync(this.directory.path);
    for (const stream of LOG_STREAMS) writeFileSync(this.directory.logPath(stream), '');
    createSeqMark(this.directory);
  }

  write(stream: LogStream, bytes: string | Buffer): void {
    appendFileSync(this.directory.logPath(stream), bytes);
  }

  bytesOf(stream: LogStream): Buffer {
    return readFileSync(this.directory.logPath(stream));
  }

  /** The whole log by the reader of files. */
  async read(): Promise<{ batches: LogBatch[]; gaps: LogGap[]; lines: LogLine[] }> {
    using reader = await JobLogReader.open(this.directory);
    const batches: LogBatch[] = [];
    const gaps: LogGap[] = [];
    for (let after = 0; ;) {
      const items = await reader.readAfter(after);
      if (items.length === 0) return { batches, gaps, lines: batches.flatMap((batch) => batch.lines()) };
      for (const item of items) {
        if (isGap(item)) gaps.push(item.gap);
        else batches.push(item);
        after = isGap(item) ? item.gap.toSeq : item.lastSeq;
      }
    }
  }

  [Symbol.dispose](): void {
    // A mark may still be on its way to the disk: a file that appears meanwhile is removed at the next try.
    for (let tries = 20; ; tries--) {
      try {
        rmSync(this.root, { recursive: true, force: true });
        return;
      } catch (error) {
        if (tries === 0) throw error;
      }
    }
  }
}

/** 1, 2, … up to `last`. */
export function upTo(last: number, from = 1): number[] {
  return Array.from({ length: Math.max(0, last - from + 1) }, (_, index) => from + index);
}

/** Lets the event loop turn. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn();
}

/** A batch of lines as a tailer would publish it; the text of each line is its seq unless given. */
export function textBytes(texts: readonly string[]): Buffer {
  return Buffer.from(texts.map((text) => `${text}\n`).join(''));
}
