import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceOf } from '../../src/service-file/difference.ts';
import { readServiceFile } from '../../src/service-file/read-service-file.ts';
import { writeServiceFile } from '../../src/service-file/write-service-file.ts';
import { services } from './service-arbitrary.ts';

const DIRECTORIES = { base: '/base', defaultCwd: '/base' };

describe('a service', () => {
  it('comes back from a file as it was written, whatever it is', () => {
    fc.assert(
      fc.property(services, ([name, service]) => {
        const text = writeServiceFile(new Map([[name, service]]));
        expect(readServiceFile(text, 'lifeline.yaml', DIRECTORIES)).toEqual(new Map([[name, service]]));
      }),
      { numRuns: 500 },
    );
  });

  it('differs from another one exactly where a file says something else', () => {
    fc.assert(
      fc.property(services, services, ([name, one], [, other]) => {
        const [same] = differenceOf(new Map([[name, one]]), new Map([[name, structuredClone(one)]]));
        expect(same).toEqual({ name, change: 'NONE', fields: [] });
        const [change] = differenceOf(new Map([[name, one]]), new Map([[name, other]]));
        const isSame = JSON.stringify(one) === JSON.stringify(other);
        expect(change!.change === 'NONE').toBe(isSame);
      }),
    );
  });
});
