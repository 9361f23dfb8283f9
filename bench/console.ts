/**
 * The log viewer in a real Chromium: a finished log of 10 million lines opened, jumped about in and searched, and a log that is followed
 * at 2,000 lines/s. `npm run bench:console`; LINES, RUNS and FOLLOW_SECONDS change its size, `-- --write` puts the table into
 * docs/performance.md.
 */
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { Chromium } from '../test/browser/chromium.ts';
import { ConsolePage } from '../test/browser/console-page.ts';
import { newTicketUrl } from '../test/browser/graphiql-page.ts';
import { cancelJob, startScript, untilOver } from '../test/end-to-end/harness/jobs.ts';
import { LifelineServer } from '../test/end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../test/end-to-end/harness/until-true.ts';
import { FrameWatch } from './harness/frame-watch.ts';
import { writeIntoPage } from './harness/page.ts';
import { median } from './harness/statistics.ts';

const LINES = Number(process.env['LINES'] ?? 10_000_000);
const RUNS = Number(process.env['RUNS'] ?? 5);
const FOLLOW_SECONDS = Number(process.env['FOLLOW_SECONDS'] ?? 300);
const MOST_MS = 1_000;
const MOST_HEAP_MIB = 150;
const MOST_FRAME_MS = 100;
/** 20 lines every 10 ms. */
const STEADY = String.raw`exec node -e 'const began = performance.now(); let n = 0;
setInterval(() => { let text = ""; for (const due = (performance.now() - began) * 2; n < due;) text += "line " + ++n + "\n"; process.stdout.write(text); }, 10)'`;

await using chromium = await Chromium.start();
await using server = await LifelineServer.start();
await using visitor = await chromium.newVisitor();
const page = await visitor.newPage();
await page.goto(await newTicketUrl(server));
const rows = [...(await timeHugeLog(page)), ...(await timeFollowing(page))];
const table = [
  `Node ${process.version}, ${String(availableParallelism())} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), for the server and Chromium together; ${LINES.toLocaleString('en')} lines, ${String(RUNS)} runs.`,
  '',
  '| what | median | worst | wanted |',
  '|---|---|---|---|',
  ...rows,
].join('\n');
console.log(table);
if (process.argv.includes('--write')) await writeIntoPage('console', table);

async function timeHugeLog(page: Page): Promise<readonly string[]> {
  const id = await startScript(server, `exec seq -f 'line %.0f' 1 ${String(LINES)}`);
  await untilOver(server, id);
  const view = new ConsolePage(page);
  const { keyboard } = page;
  const times = {
    open: [] as number[],
    middle: [] as number[],
    start: [] as number[],
    end: [] as number[],
    found: [] as number[],
    nowhere: [] as number[],
  };
  const last = `line ${String(LINES)}`;
  for (let run = 1; run <= RUNS; run++) {
    times.open.push(
      await timed(async () => {
        await page.goto(`${server.url}/jobs/${id}`);
        await view.line(last).waitFor();
      }),
    );
    const middle = Math.floor(LINES / 2) + run * 1_003;
    await keyboard.press('g');
    await keyboard.insertText(String(middle));
    times.middle.push(await timed(() => pressUntil(page, view, 'Enter', `line ${String(middle)}`)));
    times.start.push(await timed(() => pressUntil(page, view, 'Home', 'line 1')));
    times.end.push(await timed(() => pressUntil(page, view, 'End', last)));
    const wanted = `line ${String(Math.floor(LINES * 0.3) + run * 7)}`;
    await keyboard.press('/');
    await keyboard.insertText(wanted);
    times.found.push(await timed(() => pressUntil(page, view, 'Enter', wanted)));
    await keyboard.press('Escape');
    await keyboard.press('/');
    await keyboard.press('Control+a');
    await keyboard.insertText(`nothing of run ${String(run)}`);
    times.nowhere.push(
      await timed(async () => {
        await keyboard.press('Enter');
        await page.getByText('No line has it').waitFor();
      }),
    );
    await keyboard.press('Escape');
  }
  return [
    row('a finished log opened, to its last line, ms', times.open, MOST_MS),
    row('to a line in the middle, ms', times.middle, MOST_MS),
    row('to the first line, ms', times.start, MOST_MS),
    row('to the last line, ms', times.end, MOST_MS),
    row('search: to a hit 7 million lines away, ms', times.found, MOST_MS),
    row('search: that nothing is found in all of it, ms', times.nowhere, MOST_MS),
  ];
}

async function timeFollowing(page: Page): Promise<readonly string[]> {
  const id = await startScript(server, STEADY);
  const view = new ConsolePage(page);
  await page.goto(`${server.url}/jobs/${id}`);
  await untilTrue(async () => (await view.lastSeq()) > 2_000);
  await using frames = await FrameWatch.attach(page);
  await delay(FOLLOW_SECONDS * 1_000);
  const { longestMs, longOnes, count } = await frames.read(MOST_FRAME_MS);
  const heapMiB = await frames.heapMiB();
  const followed = await view.lastSeq();
  await cancelJob(server, id, 0);
  await page.getByText(/Complete: this page received/).waitFor();
  const seconds = `${String(FOLLOW_SECONDS)} s of ${(followed / FOLLOW_SECONDS).toFixed(0)} lines/s followed`;
  return [
    `| ${seconds}: heap of the page, MiB | ${heapMiB.toFixed(0)} | | ≤ ${String(MOST_HEAP_MIB)} |`,
    `| frames above ${String(MOST_FRAME_MS)} ms, of ${count.toLocaleString('en')}; the longest, ms | ${String(longOnes)} | ${longestMs.toFixed(0)} | none |`,
  ];
}

async function pressUntil(page: Page, view: ConsolePage, key: string, text: string): Promise<void> {
  await page.keyboard.press(key);
  await view.line(text).waitFor();
}

async function timed(act: () => Promise<void>): Promise<number> {
  const beganAtMs = performance.now();
  await act();
  return performance.now() - beganAtMs;
}

function row(name: string, samples: readonly number[], most: number): string {
  return `| ${name} | ${median(samples).toFixed(0)} | ${Math.max(...samples).toFixed(0)} | ≤ ${String(most)} |`;
}
