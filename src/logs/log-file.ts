import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import { LogFileRefusedError } from './errors.ts';

// NONBLOCK: opening a FIFO for reading would otherwise wait for its writer, and with it the whole server.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** One open descriptor of a regular file, for reading. Goes on reading the file where it is renamed or deleted. */
export class LogFile implements Disposable {
  readonly #descriptor: number;
  #readsUnderWay = 0;
  #released = false;

  private constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * The caller owns the file. `undefined` where there is none.
   * @throws LogFileRefusedError for anything but a regular file, symbolic links included.
   */
  static open(path: string): LogFile | undefined {
    try {
      return new LogFile(openRegularFile(path, READ_FLAGS));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Bytes; 0 after the release. */
  size(): number {
    return this.#released ? 0 : fstatSync(this.#descriptor).size;
  }

  /** What there is of the range, up to `length` bytes; in a buffer of its own. Meant for the page cache: it blocks. Nothing after the release. */
  readSync(position: number, length: number): Buffer {
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length && !this.#released) {
      const count = readSync(this.#descriptor, buffer, filled, length - filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled === length ? buffer : buffer.subarray(0, filled);
  }

  /** What there is of the range, up to `length` bytes; in a buffer of its own. Nothing after the release. */
  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    while (filled < length && !this.#released) {
      const count = await this.#readInto(buffer, filled, position + filled);
      if (count === 0) break;
      filled += count;
    }
    return filled === length ? buffer : buffer.subarray(0, filled);
  }

  /** Closes the descriptor; a read that is under way in another thread ends first, lest it reads a stranger's file. */
  [Symbol.dispose](): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#readsUnderWay === 0) closeSync(this.#descriptor);
  }

  #readInto(buffer: Buffer, filled: number, position: number): Promise<number> {
    this.#readsUnderWay++;
    return new Promise((resolve, reject) => {
      read(this.#descriptor, buffer, filled, buffer.length - filled, position, (error, count) => {
        this.#readsUnderWay--;
        if (this.#released && this.#readsUnderWay === 0) closeSync(this.#descriptor);
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }
}

/**
 * Opens with `flags` and makes sure that it is a regular file. The caller owns the descriptor.
 * @throws LogFileRefusedError for anything else; errors of `open` otherwise.
 */
export function openRegularFile(path: string, flags: number, mode?: number): number {
  let descriptor: number;
  try {
    descriptor = openSync(path, flags | constants.O_NOFOLLOW, mode);
  } catch (error) {
    // ELOOP: a symbolic link. ENXIO: a socket, or a FIFO without a reader.
    if (['ELOOP', 'ENXIO', 'EISDIR'].includes(errorCode(error) ?? '')) {
      throw new LogFileRefusedError(path, { cause: error });
    }
    throw error;
  }
  try {
    if (!fstatSync(descriptor).isFile()) throw new LogFileRefusedError(path);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
