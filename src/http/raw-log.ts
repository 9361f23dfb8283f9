import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { LogStream } from '../domain/log-line.ts';
import { keptOffset, readKeptMark } from '../logs/kept-mark.ts';
import type { LogMask } from '../logs/log-mask.ts';
import { numberedBytes } from '../logs/numbered-bytes.ts';
import { readMasked } from '../logs/read-masked.ts';
import type { JobDirectory } from '../storage/job-directory.ts';
import { parseByteRange } from './byte-range.ts';
import type { Exchange } from './exchange.ts';
import { Refusal } from './refusal.ts';
import { writeChunk } from './write-chunk.ts';

const CHUNK_BYTES = 256 * 1024;

export interface RawLogRequest {
  readonly directory: JobDirectory;
  readonly stream: LogStream;
  /** Of the job's secrets; `null` where it has none. */
  readonly mask: LogMask | null;
}

/**
 * Sends the bytes of one stream as the program wrote them, with its secrets masked, whole or one range of them: what is there at the time of the
 * request, also of a running job; of one with secrets, what is numbered: the rest may be the beginning of one. Of a log that was trimmed the whole is what is kept, and the header Lifeline-Kept-From says
 * where that begins; a range that begins before it is refused with 416. Offsets are those of the whole log.
 */
export async function sendRawLog(
  { directory, stream, mask }: RawLogRequest,
  exchange: Exchange,
): Promise<void> {
  const { req, res } = exchange;
  const file = await openLogFile(directory.logPath(stream));
  try {
    const size = file === undefined ? 0 : await sizeOf(file, directory, stream, mask);
    // There is no validator that an If-Range could match, so with one the whole is sent (RFC 9110, 13.1.5).
    const keptFrom = Math.min(size, keptOffset(readKeptMark(directory), stream));
    const header = req.headers['if-range'] === undefined ? req.headers.range : undefined;
    const range = parseByteRange(header, size, keptFrom);
    res.setHeader('Accept-Ranges', 'bytes');
    res.setHeader('Lifeline-Kept-From', String(keptFrom));
    if (range === 'unsatisfiable') {
      throw new Refusal(
        416,
        'INVALID_INPUT',
        keptFrom === 0
          ? `The log has ${String(size)} bytes so far; there are none in that range.`
          : `The log has ${String(size)} bytes so far, of which those before ${String(keptFrom)} were trimmed; it has none in that range.`,
        {
          'Content-Range': `bytes */${String(size)}`,
        },
      );
    }
    const { start, end } = range === 'all' ? { start: keptFrom, end: size - 1 } : range;
    res.writeHead(range === 'all' ? 200 : 206, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Disposition': `attachment; filename="job-${String(directory.jobId)}.${stream.toLowerCase()}.log"`,
      'Content-Length': end - start + 1,
      ...(range !== 'all' && { 'Content-Range': `bytes ${String(start)}-${String(end)}/${String(size)}` }),
    });
    const isGone = (position: number): boolean => position < keptOffset(readKeptMark(directory), stream);
    if (req.method !== 'HEAD' && file !== undefined) {
      const read = readerOf(file, mask);
      await sendBytes({ read, start, end, isGone }, exchange);
    }
    res.end();
  } finally {
    await file?.close();
  }
}

async function sizeOf(
  file: FileHandle,
  directory: JobDirectory,
  stream: LogStream,
  mask: LogMask | null,
): Promise<number> {
  const { size } = await file.stat();
  return mask === null ? size : Math.min(size, numberedBytes(directory.indexPath).streams[stream]);
}

type ReadRange = (position: number, length: number) => Promise<Buffer>;

/** A buffer for each read: the socket still holds the last one. */
function readerOf(file: FileHandle, mask: LogMask | null): ReadRange {
  const read: ReadRange = async (position, length) => {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    for (let count = -1; filled < length && count !== 0; filled += count)
      count = (await file.read(buffer, filled, length - filled, position + filled)).bytesRead;
    return buffer.subarray(0, filled);
  };
  return mask === null ? read : (position, length) => readMasked(read, mask, position, length);
}

interface SentRange {
  readonly read: ReadRange;
  readonly start: number;
  readonly end: number;
  readonly isGone: (position: number) => boolean;
}

async function sendBytes({ read, start, end, isGone }: SentRange, { res, signal }: Exchange): Promise<void> {
  for (let position = start; position <= end;) {
    const bytes = await read(position, Math.min(CHUNK_BYTES, end - position + 1));
    if (bytes.length === 0 || isGone(position)) {
      // The file shrank, or was trimmed, under us: a short body must not look like a whole one, nor a hole like text.
      res.destroy();
      return;
    }
    position += bytes.length;
    if (!(await writeChunk(res, bytes, signal))) {
      res.destroy();
      return;
    }
  }
}

/** The file belongs to the job's user, who may have put something else in its place: never a link, never a FIFO. */
async function openLogFile(path: string): Promise<FileHandle | undefined> {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error('the log is not a regular file');
}
