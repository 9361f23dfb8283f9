/**
 * How many bytes (0 to 3) before `end` are the beginning of a UTF-8 sequence that is valid so far and not complete. Bytes
 * that are invalid anyway count as complete: they become U+FFFD wherever they are cut.
 * Ranges: Unicode 16, table 3-7 (well-formed UTF-8 byte sequences).
 */
export function incompleteTail(bytes: Buffer, end: number): number {
  for (let count = 1; count <= 3 && count <= end; count++) {
    const lead = bytes[end - count] ?? 0;
    if (isContinuation(lead)) continue;
    if (sequenceLength(lead) <= count) return 0;
    return count === 1 || isValidSecond(lead, bytes[end - count + 1] ?? 0) ? count : 0;
  }
  return 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

/** Only the second byte is restricted further; all others are continuation bytes, which the caller has seen. */
function isValidSecond(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second <= 0x9f;
  if (lead === 0xf0) return second >= 0x90;
  if (lead === 0xf4) return second <= 0x8f;
  return true;
}
