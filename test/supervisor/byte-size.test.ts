import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, exactBytes, formatBytes, parseBytes, parseDiskAmount } from '../../src/domain/byte-size.ts';

describe('a size in bytes', () => {
  it('is read with its unit, powers of 1,024 where nothing else is said', () => {
    expect(['17', '1K', '1KiB', '1kB', '1.5GiB', '2TB'].map(parseBytes)).toEqual([
      17,
      1_024,
      1_024,
      1_000,
      1.5 * 2 ** 30,
      2e12,
    ]);
    expect(['', 'G', '-1', '1X', '1 GiB', '9999999TiB'].map(parseBytes)).toEqual(Array(6).fill(undefined));
  });

  it('is written so that it is read as exactly the same', () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseBytes(exactBytes(bytes)) === bytes));
  });

  it('is shown to people in two figures or more', () => {
    expect([17, 4_404_019, 120 * 2 ** 30].map(formatBytes)).toEqual(['17 B', '4.1 MiB', '120 GiB']);
  });

  it('may be a part of the file system, or the smaller of both', () => {
    const total = 10 * 2 ** 30;
    const amounts = ['25%', '1GiB', '1GiB,5%', '5%,1GiB'].map((text) => parseDiskAmount(text)!);
    expect(amounts.map((amount) => bytesOf(amount, total))).toEqual([
      total / 4,
      2 ** 30,
      total / 20,
      total / 20,
    ]);
    expect(['101%', '5%,6%', '1GiB,2GiB', '', ','].map(parseDiskAmount)).toEqual(Array(5).fill(undefined));
  });
});
