import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SortedArray } from '../../src/supervisor/sorted-array.ts';

describe('a sorted array', () => {
  it('is a sorted list of what was put in and not taken out', () => {
    const step = fc.record({ kind: fc.constantFrom('add' as const, 'delete' as const), item: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(step, { size: 'max', maxLength: 200 }), (steps) => {
        const sorted = new SortedArray<number>((a, b) => a - b);
        let model: number[] = [];
        for (const { kind, item } of steps) {
          const isThere = model.includes(item);
          if (kind === 'delete') {
            expect(sorted.delete(item)).toBe(isThere);
            model = model.filter((other) => other !== item);
          } else if (!isThere) {
            sorted.add(item);
            model = [...model, item].sort((a, b) => a - b);
          }
          const before = model.filter((other) => other < item).length;
          expect([sorted.size, sorted.first, sorted.before(item)]).toEqual([model.length, model[0], before]);
        }
      }),
    );
  });

  it('compares an item with no more than a logarithm of the others', () => {
    let comparisons = 0;
    const sorted = new SortedArray<number>((a, b) => {
      comparisons += 1;
      return a - b;
    });
    const count = 10_000;
    for (let n = 0; n < count; n += 1) sorted.add((n * 7_919) % count);
    for (let n = 0; n < count; n += 1) sorted.delete(n);
    expect(sorted.size).toBe(0);
    expect(comparisons / (2 * count)).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 1);
  });
});
