import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';

const CHUNK_BYTES = 256 * 1024;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/** What was copied, or read. */
export interface CopiedFile {
  readonly bytes: number;
  /** SHA-256, in hexadecimal. */
  readonly digest: string;
}

/**
 * Copies a regular file, up to `length` bytes of it, to a new one of mode 0600. What is zero becomes a hole, so that a log
 * whose beginning was given back to the disk takes no more in its copy.
 * @returns `null` where there is no such file, or something else of that name
 * @throws what the file system says, EEXIST included
 */
export function copyFile(from: string, to: string, length = Infinity): CopiedFile | null {
  const source = openRegular(from);
  if (source === null) return null;
  try {
    const target = openSync(to, 'wx', 0o600);
    try {
      const copied = readAll(source, length, (chunk, at) => {
        if (!chunk.equals(ZEROS.subarray(0, chunk.length))) writeSync(target, chunk, 0, chunk.length, at);
      });
      ftruncateSync(target, copied.bytes);
      return copied;
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** Reads a file from beginning to end. @returns `null` as `copyFile` */
export function digestFile(path: string): CopiedFile | null {
  const source = openRegular(path);
  if (source === null) return null;
  try {
    return readAll(source, Infinity, () => undefined);
  } finally {
    closeSync(source);
  }
}

/** Waits until the disk has it. */
export function syncFile(path: string): void {
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

function openRegular(path: string): number | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(code)) return null;
    throw error;
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  return null;
}

function readAll(descriptor: number, length: number, take: (chunk: Buffer, at: number) => void): CopiedFile {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let bytes = 0;
  while (bytes < length) {
    const count = readSync(descriptor, buffer, 0, Math.min(CHUNK_BYTES, length - bytes), bytes);
    if (count === 0) break;
    const chunk = buffer.subarray(0, count);
    hash.update(chunk);
    take(chunk, bytes);
    bytes += count;
  }
  return { bytes, digest: hash.digest('hex') };
}
