import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactByteSize, parseByteSize } from '../../src/domain/byte-size.ts';

describe('a size', () => {
  it('is read with its unit', () => {
    expect(['1048576', '16MiB', '1.5 GiB', '10MB', '3kB', '0'].map(parseByteSize)).toEqual([
      1_048_576, 16_777_216, 1_610_612_736, 10_000_000, 3_000, 0,
    ]);
    expect(['', '-1', '1 M', '1mib', 'MiB', '1e3', '9999999999TiB'].map(parseByteSize)).toEqual(
      Array(7).fill(undefined),
    );
  });

  it('is written so that it is read as the same', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseByteSize(exactByteSize(bytes))).toBe(bytes);
      }),
    );
    expect([16 * 1024 ** 2, 1024 ** 3, 1_500_000].map(exactByteSize)).toEqual(['16MiB', '1GiB', '1500kB']);
  });
});
