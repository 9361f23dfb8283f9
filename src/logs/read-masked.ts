import type { LogMask } from './log-mask.ts';

/**
 * A range of a stream as readers may see it, wherever it begins and ends: looked at with what is around it.
 * @param read gives what there is of a range
 */
export async function readMasked(
  read: (position: number, length: number) => Promise<Buffer>,
  mask: LogMask,
  position: number,
  length: number,
): Promise<Buffer> {
  const before = Math.min(position, mask.contextBytes);
  const around = await read(position - before, before + length + mask.contextBytes);
  return mask.applied(around).subarray(before, before + length);
}
