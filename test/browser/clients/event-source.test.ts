import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { startBehind } from '../../clients/behind-proxy.ts';
import { HostileProxy } from '../../clients/hostile-proxy.ts';
import { interrupt } from '../../clients/interrupt.ts';
import { RecipeProject } from '../../clients/recipe-project.ts';
import { startScript } from '../../end-to-end/harness/jobs.ts';
import { sequenceOf } from '../../end-to-end/harness/sequence-of.ts';
import { untilTrue } from '../../end-to-end/harness/until-true.ts';
import { Chromium } from '../chromium.ts';
import { newTicketUrl } from '../graphiql-page.ts';

interface Seen {
  readonly lines: { readonly seq: number; readonly line: string }[];
  readonly ends: { readonly exit_code: number }[];
  readonly readyState: number;
}

it('an EventSource in a page of the server comes back by itself where it was, and stops after the end', async () => {
  using project = new RecipeProject();
  await using proxy = await HostileProxy.listen();
  await using server = await startBehind([proxy]);
  await using browser = await Chromium.start();
  await using visitor = await browser.newVisitor();
  const page = await visitor.newPage();
  const statuses: number[] = [];
  page.on('response', (response) => {
    if (response.url().includes('/events?')) statuses.push(response.status());
  });
  await page.goto((await newTicketUrl(server)).replace(server.url, proxy.url));
  await page.waitForURL(`${proxy.url}/`);
  const jobId = await startScript(
    server,
    'for i in $(seq 1 200); do echo "line $i"; sleep 0.05; done; exit 3',
  );

  await page.evaluate(
    `globalThis.seen = { lines: [], ends: [] };
    ${readFileSync(project.file('event-source.js'), 'utf8')}
    globalThis.source = follow('${jobId}', (line) => seen.lines.push(line), (end) => seen.ends.push(end));`,
  );
  const seen = () => page.evaluate<Seen>('({ ...seen, readyState: source.readyState })');
  await interrupt(proxy, server, async () => (await seen()).lines.length);
  await untilTrue(async () => (await seen()).readyState === 2, { what: 'an EventSource that is closed' });

  const { lines, ends } = await seen();
  expect(sequenceOf(lines)).toBe('1..200 once');
  expect(lines.every(({ seq, line }) => line === `line ${seq}`)).toBe(true);
  expect(ends).toEqual([expect.objectContaining({ exit_code: 3 })]);
  const cursors = proxy.requests
    .filter(({ line }) => line.startsWith('GET /events'))
    .map(({ lastEventId }) => lastEventId);
  expect(cursors[0]).toBeUndefined();
  expect(cursors.length).toBeGreaterThanOrEqual(6);
  expect(cursors.at(-1)).toBe('200/done');
  expect(statuses.at(-1)).toBe(204);
  expect(new Set(statuses.slice(0, -1))).toEqual(new Set([200]));
  // The console in it follows the list of jobs.
  await page.close();
  await server.assertNothingIsLeft();
});
