import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CoalescedRead } from '../../src/storage/coalesced-read.ts';

describe('reads that are asked for together', () => {
  it('are one for each key and turn, and never older than who asks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.nat(2), { maxLength: 5 }), { maxLength: 8 }), async (turns) => {
        let clock = 0;
        let readCount = 0;
        const read = new CoalescedRead((key: number) => {
          readCount += 1;
          return Promise.resolve({ key, at: clock });
        });
        const answers: Promise<void>[] = [];
        for (const keys of turns) {
          for (const key of keys) {
            const askedAt = ++clock;
            answers.push(
              read.of(key).then((answer) => {
                expect(answer.key).toBe(key);
                expect(answer.at).toBeGreaterThanOrEqual(askedAt);
              }),
            );
          }
          await setImmediate();
        }
        await Promise.all(answers);
        expect(readCount).toBe(turns.reduce((sum, keys) => sum + new Set(keys).size, 0));
      }),
    );
  });

  it('fail for all who asked, and are tried anew by who asks later', async () => {
    let fails = true;
    const read = new CoalescedRead(() =>
      fails ? Promise.reject(new Error('the disk is gone')) : Promise.resolve('there'),
    );
    await expect(Promise.allSettled([read.of('a'), read.of('a')])).resolves.toMatchObject([
      { status: 'rejected' },
      { status: 'rejected' },
    ]);
    fails = false;
    await expect(read.of('a')).resolves.toBe('there');
  });
});
