import { expect, it } from 'vitest';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { fuzz } from './fuzz/fuzz.ts';
import { MOST_GROWTH_WHILE_WARMING_UP_MIB, verdict } from './fuzz/verdict.ts';

it('the server outlives 2,000 requests that make no sense, runs nothing, tells nothing and keeps its memory', async () => {
  await using server = await LifelineServer.start();
  const report = await fuzz(server, { requests: 2_000, seed: 'npm test' });
  expect(await verdict(server, report, MOST_GROWTH_WHILE_WARMING_UP_MIB)).toEqual([]);
  // It was not refused alone: both halves came as far as they should.
  expect(report.answers['200']).toBeGreaterThan(100);
  expect(report.answers['400']).toBeGreaterThan(100);
  expect(report.answers['401']).toBeGreaterThan(0);
});
