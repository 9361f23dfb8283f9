/** Bytes of a file: from the first to the last, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const SINGLE_RANGE = /^bytes=(?<first>\d*)-(?<last>\d*)$/;

/**
 * Reads a Range header (RFC 9110, 14.2) for a file of `size` bytes, of which those before `keptFrom` are gone.
 * @returns the range; `'all'` where there is none, or one that a server may ignore (several ranges, other units);
 *   `'unsatisfiable'` where no byte of it exists
 */
export function parseByteRange(
  header: string | undefined,
  size: number,
  keptFrom = 0,
): ByteRange | 'all' | 'unsatisfiable' {
  const { first = '', last = '' } = SINGLE_RANGE.exec(header?.trim() ?? '')?.groups ?? {};
  if (first === '' && last === '') return 'all';
  if (first === '') {
    const length = Math.min(Number(last), size - keptFrom);
    return length <= 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'all';
  if (start < keptFrom || start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) };
}
