import type { LogStream } from '../../src/domain/log-line.ts';
import { lastSeqOf, totalsOf, type IndexRecord } from '../../src/logs/index-record.ts';
import { LogBatch } from '../../src/logs/log-batch.ts';
import type { ChannelGuard } from '../../src/logs/log-event-bus.ts';
import { LogIndexWriter } from '../../src/logs/log-index-writer.ts';
import { textBytes, upTo, type Scratch } from './scratch.ts';

/** Writes a log batch by batch, where a test wants to say when: file, index, then channel. Each line's text is its seq. */
export class LogWriter implements Disposable {
  readonly #scratch: Scratch;
  readonly #channel: ChannelGuard | undefined;
  readonly #index: LogIndexWriter;

  constructor(scratch: Scratch, channel?: ChannelGuard) {
    this.#scratch = scratch;
    this.#channel = channel;
    this.#index = new LogIndexWriter(scratch.directory.indexPath, scratch.directory.jobId);
  }

  get lastSeq(): number {
    return totalsOf(this.#index.last).lastSeq;
  }

  /** @param atMs when they came. Default: the first one's seq */
  write(stream: LogStream, lineCount: number, atMs = this.lastSeq + 1): void {
    const totals = totalsOf(this.#index.last);
    const firstSeq = totals.lastSeq + 1;
    const bytes = textBytes(upTo(totals.lastSeq + lineCount, firstSeq).map(String));
    const isStdout = stream === 'STDOUT';
    const record: IndexRecord = {
      firstSeq,
      lineCount,
      stream,
      offset: isStdout ? totals.stdoutBytes : totals.stderrBytes,
      byteLength: bytes.length,
      atMs,
      atApproximate: false,
      ending: 'NEWLINE',
      otherEndOffset: isStdout ? totals.stderrBytes : totals.stdoutBytes,
      otherUnterminated: false,
      stdoutLines: totals.stdoutLines + (isStdout ? lineCount : 0),
      stderrLines: totals.stderrLines + (isStdout ? 0 : lineCount),
    };
    this.#scratch.write(stream, bytes);
    this.#index.append([record]);
    if (lastSeqOf(record) !== this.lastSeq) throw new Error('the fixture’s own numbers are wrong');
    this.#channel?.publish(new LogBatch({ ...record, bytes }));
  }

  [Symbol.dispose](): void {
    this.#index[Symbol.dispose]();
  }
}
