import { gzipSync } from 'node:zlib';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  cancelJob,
  programPath,
  startJob,
  startScript,
  untilOver,
  untilStatus,
} from '../end-to-end/harness/jobs.ts';
import { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';
import { untilTrue } from '../end-to-end/harness/until-true.ts';
import { Chromium, type Visitor } from './chromium.ts';
import { ConsolePage } from './console-page.ts';
import { newTicketUrl } from './graphiql-page.ts';

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
let page: Page;
let view: ConsolePage;
beforeEach(async () => {
  visitor = await chromium.newVisitor();
  page = await visitor.newPage();
  view = new ConsolePage(page);
  await page.goto(await newTicketUrl(server));
});
afterEach(async () => {
  await visitor[Symbol.asyncDispose]();
  await server.assertNothingIsLeft({ keptStreams: true });
});

async function openJob(jobId: string, hash = ''): Promise<void> {
  await page.goto(`${server.url}/jobs/${jobId}${hash}`);
}

describe('the console in Chromium', () => {
  it('starts, follows, cancels and repeats a job by keys alone, within the origin', async () => {
    const { keyboard } = page;
    const id = await view.startScriptByKeys('i=0; while :; do i=$((i+1)); echo line $i; sleep 0.02; done');
    await view.line('line 50').waitFor();

    await view.log.focus();
    await keyboard.press('Home');
    await view.line('line 1').waitFor();
    await page.getByText(/\d+ new lines?/).waitFor();
    await keyboard.press('End');
    await untilTrue(async () => (await view.lastSeq()) > 60);

    await keyboard.press('c');
    await page.getByRole('button', { name: 'Cancel job' }).focus();
    await keyboard.press('Enter');
    await page.getByText('Nothing of the job is left.').waitFor();
    await page.getByText(/Complete: this page received/).waitFor();

    await page.locator('body').press('r');
    await page.waitForURL((url) => url.pathname !== `/jobs/${id}`);
    const again = /\d+$/.exec(new URL(page.url()).pathname)![0];
    await page.getByRole('link', { name: `#${id}` }).waitFor();
    await cancelJob(server, again, 0);
    await untilOver(server, again);
    expect([...new Set(visitor.requests.map((url) => new URL(url).origin))]).toEqual([server.url]);
    expect(visitor.complaints).toEqual([]);
  });

  it('shows what the server says against a request beside its field, and starts nothing', async () => {
    await page.getByRole('button', { name: 'New job' }).click();
    await page.getByLabel('Command', { exact: true }).and(page.locator('input')).fill('no-such-program now');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('#field-command-note [role=alert]').waitFor();
    await page.getByLabel('Command', { exact: true }).and(page.locator('input')).fill('true');
    await page.getByLabel('Working directory').fill('/no/such/directory');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('#field-working-directory-note [role=alert]').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });

  it('goes on at the next line by itself when the server was killed, and counts what the job counts', async () => {
    const gate = server.scratch.file('go-on');
    const id = await startJob(server, {
      command: [process.execPath, programPath('count.mjs'), '60000', '1000', '--gate', `20000=${gate}`],
    });
    await openJob(id);
    await view.line('20000').waitFor();
    await server.end('SIGKILL');
    await page.getByText(/^Stale: the server has not been heard of/).waitFor();
    expect(await view.line('20000').isVisible()).toBe(true);
    await server.launch();
    await page.getByText(/^Stale: the server/).waitFor({ state: 'detached' });
    await startScript(server, `touch ${gate}`);
    await page.getByText('Complete', { exact: false }).waitFor();
    await view.line('60000').waitFor();
    const text = await page.locator('.verdict').innerText();
    // 60,000 numbers, and a marker after each thousand.
    expect(text).toMatch(
      /^Complete: (this page received 60,060 of 60,060 lines|60,060 lines, none missing)\.$/,
    );
    await untilOver(server, id);
  });

  it('opens anywhere in a long log, and holds a few thousand of its lines', async () => {
    const id = await startScript(server, 'seq 1 300000');
    await untilOver(server, id);
    await openJob(id);
    await view.line('300000').waitFor();
    await page.keyboard.press('g');
    await page.keyboard.insertText('150000');
    await page.keyboard.press('Enter');
    await view.line('150000').waitFor();
    expect(new URL(page.url()).hash).toBe('#L150000');
    await view.log.hover();
    await untilTrue(async () => {
      await page.mouse.wheel(0, -2000);
      return (await view.firstSeq()) < 147_000;
    });
    await page.keyboard.press('Home');
    await view.line('1').waitFor();
    await openJob(id, '#L299-301');
    await page.reload();
    await view.line('300').waitFor();
    expect(await page.locator('.log-line.marked').count()).toBe(3);
    expect(await page.locator('.log-line').count()).toBeLessThan(200);
  });

  it('tells the streams apart, and filters them', async () => {
    const id = await startScript(server, 'echo out; echo err >&2');
    await untilOver(server, id);
    await openJob(id);
    await view.line('out').waitFor();
    expect(await page.locator('.log-line.stderr').count()).toBe(1);
    await page.getByRole('button', { name: 'stderr' }).click();
    await view.line('out').waitFor({ state: 'detached' });
    await view.line('err').waitFor();
  });

  it('shows a log that attacks its viewer as text, and colours as colours', async () => {
    const attack = String.raw`printf '%s\n' '<img src=x onerror=document.title="owned"><script>document.title="owned"</script>'
printf '\033]8;;https://evil.example\007click\033]8;;\007 \033]0;owned\007\033[2J\033]52;c;b3duZWQ=\007here\n'
printf 'a\342\200\256b\000c\n'
printf '\033[31mred\033[0m \033[38;5;208morange\033[0m \033[38;2;1;2;3mtrue\033[0m\n'
printf ' 10%%\r 50%%\r100%%\n'`;
    const id = await startScript(server, attack);
    await untilOver(server, id);
    await openJob(id);
    await view.line('click here').waitFor();
    await view.line('100%').waitFor();
    await view.line('a<U+202E>b␀c').waitFor();
    expect(await view.log.locator('img, script, a[href^=http]').count()).toBe(0);
    expect(await page.title()).toBe(`Job ${id} · Lifeline`);
    const colours = await view.log
      .locator('.log-text span')
      .evaluateAll((runs): (string | null)[][] =>
        runs.map((run) => [run.textContent, run.getAttribute('class') ?? '', getComputedStyle(run).color]),
      );
    expect(colours).toEqual([
      ['red', 'fg-red', expect.stringMatching(/^(rgb|color)/)],
      ['orange', '', 'rgb(255, 135, 0)'],
      ['true', '', 'rgb(1, 2, 3)'],
    ]);
    expect(visitor.complaints).toEqual([]);
  });

  it('shows a read token everything, and offers it nothing to do', async () => {
    const { createToken } = await server.ask<{ createToken: { secret: string } }>(
      'mutation { createToken(input: { name: "reader", scope: READ }) { secret } }',
    );
    const id = await startScript(server, 'echo seen; sleep 600');
    await visitor.forget();
    await page.goto(server.url);
    await page.getByLabel('Token of this server').fill(createToken.secret);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Read only').waitFor();
    await page.getByRole('link', { name: `#${id}` }).click();
    await view.line('seen').waitFor();
    for (const name of ['New job', 'Cancel', 'Run again', 'Edit']) {
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    }
    await page.keyboard.press('n');
    await page.keyboard.press('c');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await cancelJob(server, id, 0);
    await untilOver(server, id);
  });

  it('shows what waits for what as a picture and in words, and when each service ran', async () => {
    const save = (fields: string) => server.ask(`mutation { saveService(input: { ${fields} }) { name } }`);
    await save(
      'name: "store", script: "echo ready; exec sleep 600", readiness: { log: { pattern: "ready" } }',
    );
    await save('name: "shop", script: "sleep 600", after: [{ service: "store" }]');
    await save('name: "tidy", script: "exit 3", restart: { policy: NEVER }');
    await server.ask('mutation { startService(name: "shop") { name } }');
    await server.ask('mutation { startService(name: "tidy", waitMs: 0) { name } }');

    await page.goto(`${server.url}/services`);
    const graph = page.getByRole('region', { name: 'Graph of dependencies' });
    for (const name of ['store', 'shop']) await graph.getByRole('link', { name: `${name}:` }).waitFor();
    expect(await graph.getByRole('link', { name: 'tidy:' }).count()).toBe(0);
    expect(await graph.locator('polyline').count()).toBe(1);
    await page.getByText('As a list').click();
    await page.getByText('shop starts when store is ready.').waitFor();

    const runsOf = (name: string) => page.getByRole('list', { name: `Runs of ${name} by time` });
    await runsOf('tidy')
      .getByRole('link', { name: /^Job \d+: Failed, .*, took / })
      .waitFor();
    await runsOf('store')
      .getByRole('link', { name: /^Job \d+: Running, .* so far$/ })
      .waitFor();
    expect(await faultsOf('/services')).toEqual([]);
    await runsOf('tidy').getByRole('link').click();
    await page.waitForURL(/\/jobs\/\d+$/);
    for (const name of ['shop', 'store', 'tidy']) {
      await server.ask(`mutation { deleteService(name: "${name}", stopFirst: true) }`);
    }
    expect(visitor.complaints).toEqual([]);
  });

  it('loads less than 300 KiB at first, as gzip makes it', async () => {
    const loaded: Promise<Buffer>[] = [];
    const another = await visitor.newPage();
    another.on('response', (response) => {
      if (response.url().includes('/static/')) loaded.push(response.body());
    });
    await another.goto(server.url);
    await another.getByRole('button', { name: 'New job' }).waitFor();
    const bytes = (await Promise.all(loaded)).reduce((sum, body) => sum + gzipSync(body).length, 0);
    expect(bytes).toBeGreaterThan(50_000);
    expect(bytes).toBeLessThan(300 * 1024);
  });

  it('has no serious fault of accessibility', async () => {
    const id = await startScript(
      server,
      "trap '' TERM; echo here; echo there >&2; while :; do sleep 1; done",
    );
    await untilStatus(server, id, 'RUNNING');
    await cancelJob(server, id, 600_000);
    const found: string[] = [];
    for (const path of ['/', `/jobs/${id}`, '/services', '/server']) {
      await page.goto(server.url + path);
      await page.getByRole('heading', { level: 1 }).waitFor();
      if (path.startsWith('/jobs')) await view.line('here').waitFor();
      found.push(...(await faultsOf(path)));
    }
    await page.keyboard.press('n');
    await page.getByRole('dialog').waitFor();
    found.push(...(await faultsOf('the start dialog')));
    await cancelJob(server, id, 0);
    await untilOver(server, id);
    expect(found).toEqual([]);
  });
});

async function faultsOf(where: string): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: inPage } = globalThis as unknown as { axe: typeof axe };
    return (await inPage.run()).violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      nodes: nodes.map(({ html }) => ({ html })),
    }));
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${where}: ${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}
