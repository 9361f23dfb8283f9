import { KeptBatches, type KeptRecord } from './kept-batches.ts';
import type { LogBatch } from './log-batch.ts';
import { LogFile } from './log-file.ts';
import type { LogMask } from './log-mask.ts';
import { NO_LOG_MASKS, type LogMasks } from './log-masks.ts';
import { readMasked } from './read-masked.ts';
import type { LogStream } from '../domain/log-line.ts';
import type { JobDirectory } from '../storage/job-directory.ts';

interface SharedFile {
  readonly file: LogFile;
  leases: number;
}

/**
 * The files of logs that are being read, each opened once for all who read it at the same time: ten thousand readers of one
 * job cost three descriptors. A file that is put in the place of an open one is seen by those who come when nobody has it.
 */
export class LogFiles {
  /** By which the logs in them are masked. */
  readonly masks: LogMasks;
  readonly #shared = new Map<string, SharedFile>();
  readonly #batches = new KeptBatches();

  /** @param masks by default none: for those who read no log, or one of a job without secrets */
  constructor(masks: LogMasks = NO_LOG_MASKS) {
    this.masks = masks;
  }

  /** One stream of a job. As `open`. @throws SecretsUnavailableError where it cannot be masked */
  openStream(directory: JobDirectory, stream: LogStream): LogFileLease | undefined {
    // Before the file: where the directory goes in between, the file has gone, too.
    const mask = this.masks.of(directory);
    return this.open(directory.logPath(stream), mask);
  }

  /**
   * The caller owns the lease. `undefined` where there is no file.
   * @param mask for all that is read of it; the same for all who read it
   * @throws LogFileRefusedError
   */
  open(path: string, mask: LogMask | null = null): LogFileLease | undefined {
    const shared = this.#shared.get(path) ?? this.#openNew(path);
    if (shared === undefined) return undefined;
    shared.leases += 1;
    return new LogFileLease(path, shared, { batches: this.#batches, mask }, () => {
      shared.leases -= 1;
      if (shared.leases > 0) return;
      this.#shared.delete(path);
      this.#batches.forget(path);
      shared.file[Symbol.dispose]();
    });
  }

  /** Open files. For the leak check. */
  get size(): number {
    return this.#shared.size;
  }

  #openNew(path: string): SharedFile | undefined {
    const file = LogFile.open(path);
    if (file === undefined) return undefined;
    const shared = { file, leases: 0 };
    this.#shared.set(path, shared);
    return shared;
  }
}

/** One reader's hold of a file. Disposal is idempotent; reads that are under way still come, later ones give nothing. */
export class LogFileLease implements Disposable {
  readonly #path: string;
  readonly #shared: Readonly<SharedFile>;
  readonly #batches: KeptBatches;
  readonly #mask: LogMask | null;
  readonly #onRelease: () => void;
  #released = false;

  /** Made by `LogFiles.open`. */
  constructor(
    path: string,
    shared: Readonly<SharedFile>,
    { batches, mask }: { readonly batches: KeptBatches; readonly mask: LogMask | null },
    onRelease: () => void,
  ) {
    this.#path = path;
    this.#shared = shared;
    this.#batches = batches;
    this.#mask = mask;
    this.#onRelease = onRelease;
  }

  /** Bytes; 0 after the release. */
  size(): number {
    return this.#released ? 0 : this.#shared.file.size();
  }

  /** What there is of the range, up to `length` bytes, with secrets masked; in a buffer of its own. */
  async read(position: number, length: number): Promise<Buffer> {
    if (this.#released) return Buffer.alloc(0);
    const { file } = this.#shared;
    if (this.#mask === null) return file.read(position, length);
    return readMasked((...range) => file.read(...range), this.#mask, position, length);
  }

  /** What another reader of the file has read of it, or reads now. @param firstSeq of the batch */
  keptBatch(firstSeq: number): Promise<LogBatch | undefined> | undefined {
    return this.#released ? undefined : this.#batches.get(this.#path, firstSeq);
  }

  /** Shares what is being read with the other readers of the file, where there are any: one alone would only keep it from going. */
  keepBatch(record: KeptRecord, batch: Promise<LogBatch | undefined>): void {
    if (!this.#released && this.#shared.leases > 1) this.#batches.keep(this.#path, record, batch);
  }

  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    this.#onRelease();
  }
}
