import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cancelJob, programPath, startJob, startScript, untilOver } from '../end-to-end/harness/jobs.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { Chromium, type Visitor } from './chromium.ts';
import { ConsolePage } from './console-page.ts';
import { newTicketUrl } from './graphiql-page.ts';

const WINDOWS = 7;
const TICKS = 'i=0; while :; do i=$((i+1)); echo tick $i; sleep 0.3; done';

// Seven pages are opened one after the other, in seven processes.
vi.setConfig({ testTimeout: 300_000 });

let chromium: Chromium;
let server: LifelineServer;
beforeAll(async () => {
  chromium = await Chromium.start();
  server = await LifelineServer.start();
});
afterAll(async () => {
  await server.assertNothingIsLeft();
  await server[Symbol.asyncDispose]();
  await chromium[Symbol.asyncDispose]();
});

let visitor: Visitor;
/** Jobs that end only when somebody ends them. */
let ticking: string[];
beforeEach(async () => {
  visitor = await chromium.newVisitor();
  ticking = [];
});
afterEach(async () => {
  await visitor[Symbol.asyncDispose]();
  // Those of a test that failed: the next test's server is this one.
  if (!server.running) await server.launch();
  await endJobs();
  await server.assertNothingIsLeft({ keptStreams: true });
});

/** A window of the visitor that follows a job of its own. */
interface Window {
  readonly page: Page;
  readonly view: ConsolePage;
}

async function openWindow(jobId: string): Promise<Window> {
  const page = await visitor.newPage();
  await page.goto(`${server.url}/jobs/${jobId}`);
  return { page, view: new ConsolePage(page) };
}

async function logIn(): Promise<void> {
  const page = await visitor.newPage();
  await page.goto(await newTicketUrl(server));
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.close();
}

async function startTicks(): Promise<string> {
  const jobId = await startScript(server, TICKS);
  ticking.push(jobId);
  return jobId;
}

async function windowsOnTicks(count: number): Promise<Window[]> {
  await logIn();
  const windows: Window[] = [];
  for (let made = 0; made < count; made += 1) {
    windows.push(await openWindow(await startTicks()));
  }
  for (const { view } of windows) await untilTrue(async () => (await view.lastSeq()) > 5);
  return windows;
}

/** What comes at each window now comes there as it is written. */
async function untilAllGoOn(windows: readonly Window[]): Promise<void> {
  for (const { view } of windows) {
    const seen = await view.lastSeq();
    await untilTrue(async () => (await view.lastSeq()) > seen + 5);
  }
}

async function endJobs(): Promise<void> {
  for (const jobId of ticking) {
    await cancelJob(server, jobId, 0);
    await untilOver(server, jobId);
  }
}

/**
 * The server counts what is followed, a job and its log for each window, and beside it the stream that carries all of it;
 * that of the page before, where one logged in, for some seconds more: it could come back.
 */
async function untilOneStreamFor(followed: number): Promise<void> {
  const counted = async (): Promise<unknown> => {
    const { openStreams, subscribers } = await server.counters();
    return { openStreams, subscribers };
  };
  await expect
    .poll(counted, { timeout: 60_000, interval: 100 })
    .toEqual({ openStreams: followed + 1, subscribers: followed });
}

/** Milliseconds until a question of this page is answered. */
function answerTimeMs(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const beganAtMs = performance.now();
    const response = await fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'lifeline-request': 'console' },
      body: JSON.stringify({ query: '{ viewer { name } }' }),
    });
    await response.json();
    return performance.now() - beganAtMs;
  });
}

describe('seven windows of one browser', () => {
  it('follow seven jobs over one stream, each its own, and questions are answered at once', async () => {
    const windows = await windowsOnTicks(WINDOWS);
    await untilAllGoOn(windows);
    await untilOneStreamFor(2 * WINDOWS);
    for (const { page } of windows) expect(await answerTimeMs(page)).toBeLessThan(2_000);

    await endJobs();
    for (const { page } of windows) await page.getByText(/^Complete: /).waitFor();
    expect(visitor.complaints).toEqual([]);
  });

  it('go on at the next line by themselves when the server was killed', async () => {
    const windows = await windowsOnTicks(WINDOWS);
    await server.end('SIGKILL');
    for (const { page } of windows) await page.getByText(/^Stale: the server/).waitFor();
    await server.launch();
    for (const { page } of windows) await page.getByText(/^Stale: the server/).waitFor({ state: 'detached' });
    await untilAllGoOn(windows);
    await untilOneStreamFor(2 * WINDOWS);
    await endJobs();
    for (const { page } of windows) {
      await page.getByText(/^Complete: /).waitFor();
      const text = await page.locator('.verdict').innerText();
      const counted = /this page received ([\d,]+) of ([\d,]+) lines/.exec(text);
      expect(counted?.[1]).toBe(counted?.[2]);
    }
  });

  it('let go of what a window followed that is closed, goes elsewhere or has crashed; the others go on', async () => {
    const windows = await windowsOnTicks(4);
    const [closed, elsewhere, crashed, left] = windows as [Window, Window, Window, Window];
    await closed.page.close();
    await untilTrue(async () => (await server.counters()).subscribers === 6);
    await elsewhere.page.goto('about:blank');
    await untilTrue(async () => (await server.counters()).subscribers === 4);
    void crashed.page.goto('chrome://crash').catch(() => undefined);
    await untilTrue(async () => (await server.counters()).subscribers === 2);
    await untilAllGoOn([left]);
    await untilOneStreamFor(2);
    await left.page.close();
    await untilTrue(async () => (await server.counters()).openStreams === 0);
  });
});

describe('a window beside one that does not read', () => {
  it('gets its lines; the other goes on where it was, once it reads again', async () => {
    await logIn();
    const gate = server.scratch.file('flood');
    const flood = await startJob(server, {
      command: [process.execPath, programPath('count.mjs'), '400000', '100000', '--gate', `10=${gate}`],
    });
    const busy = await openWindow(flood);
    await busy.view.line('10').waitFor();
    const steady = await openWindow(await startTicks());
    await untilTrue(async () => (await steady.view.lastSeq()) > 5);
    await startScript(server, `touch ${gate}`);
    const blocked = busy.page.evaluate(() => {
      const untilMs = performance.now() + 8_000;
      while (performance.now() < untilMs);
    });
    await untilAllGoOn([steady]);
    await untilAllGoOn([steady]);
    await blocked;
    await busy.page
      .getByText(/^Complete: (this page received 400,0\d\d of 400,0\d\d|400,0\d\d) lines/)
      .waitFor();
    await endJobs();
  });
});

describe('a browser without shared workers', () => {
  it('follows over a connection of its own, which it gives up while nobody looks', async () => {
    await logIn();
    const page = await visitor.newPage();
    await page.addInitScript(() => {
      delete (globalThis as { SharedWorker?: unknown }).SharedWorker;
    });
    const view = new ConsolePage(page);
    const gate = server.scratch.file('go-on-unseen');
    const id = await startJob(server, {
      command: [process.execPath, programPath('count.mjs'), '3000', '1000', '--gate', `1000=${gate}`],
    });
    await page.goto(`${server.url}/jobs/${id}`);
    await view.line('1000').waitFor();
    await setVisibility(page, 'hidden');
    await untilTrue(async () => (await server.counters()).subscribers === 0);
    await startScript(server, `touch ${gate}`);
    await untilOver(server, id);
    expect(await view.line('3000').count()).toBe(0);
    await setVisibility(page, 'visible');
    await view.line('3000').waitFor();
    await page.getByText(/^Complete: (this page received 3,003 of 3,003|3,003) lines/).waitFor();
  });
});

async function setVisibility(page: Page, state: DocumentVisibilityState): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  }, state);
}
