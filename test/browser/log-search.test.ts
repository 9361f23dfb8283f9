import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startJob, startScript, untilOver } from '../end-to-end/harness/jobs.ts';
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

async function untilHits(text: string): Promise<void> {
  await view.hits.getByText(text, { exact: true }).waitFor();
}

const markedText = (): Promise<string[]> => page.locator('.log-text mark').allInnerTexts();

describe('the search of the log viewer in Chromium', () => {
  it('leads from hit to hit anywhere in a long log by keys alone, and the URL keeps it', async () => {
    const { keyboard } = page;
    const id = await startScript(server, 'seq 1 300000');
    await untilOver(server, id);
    await page.goto(`${server.url}/jobs/${id}`);
    await view.line('300000').waitFor();
    await keyboard.press('/');
    await keyboard.insertText('77777');
    await keyboard.press('Enter');
    // Behind the last one comes the first.
    await view.line('77777').waitFor();
    await untilHits('1 of 3');
    expect(new URL(page.url()).hash).toBe('#L77777');
    await untilTrue(async () => (await markedText()).includes('77777'));
    await keyboard.press('Enter');
    await view.line('177777').waitFor();
    await untilHits('2 of 3');
    await keyboard.press('Shift+Enter');
    await untilHits('1 of 3');
    await view.log.focus();
    await keyboard.press('N');
    await view.line('277777').waitFor();
    await untilHits('3 of 3');
    await keyboard.press('n');
    await untilHits('1 of 3');
    // Not the key of a new job, as long as something is looked for.
    expect(await page.getByRole('dialog').count()).toBe(0);
    await page.reload();
    await view.line('77777').waitFor();
    await untilHits('3 lines');
    expect(await view.searchField.inputValue()).toBe('77777');
    await untilTrue(async () => (await markedText()).includes('77777'));
    await view.log.focus();
    await keyboard.press('Escape');
    await page.locator('.log-text mark').first().waitFor({ state: 'detached' });
    expect(new URL(page.url()).search).toBe('');
    expect(visitor.complaints).toEqual([]);
  });

  it('says beside the field what is wrong with a pattern, and that nothing has it', async () => {
    const id = await startScript(server, String.raw`printf '\033[31mError\033[0m: no room\n'; echo fine`);
    await untilOver(server, id);
    await page.goto(`${server.url}/jobs/${id}?regex=${encodeURIComponent('(')}`);
    await page
      .getByRole('alert')
      .getByText(/RE2 syntax/)
      .waitFor();
    await view.searchField.fill('rr.r|no (room|place)');
    await untilHits('1 line');
    // Colours stay, and what is no text is not cut.
    await untilTrue(async () => (await markedText()).join('|') === 'rror|no room');
    expect(await page.locator('.log-text .fg-red').allInnerTexts()).toEqual(['E', 'rror']);
    await view.searchField.fill('absent');
    await untilHits('No line has it');
    await page.evaluate(axe.source);
    const faults = await page.evaluate(async () => {
      const { axe: inPage } = globalThis as unknown as { axe: typeof axe };
      const { violations } = await inPage.run('.log-search');
      return violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map((fault) => fault.id);
    });
    expect(faults).toEqual([]);
  });

  it('counts and shows hits as they come', async () => {
    const gate = server.scratch.file('go-on-searching');
    const script = `echo hit one; while [ ! -e '${gate}' ]; do sleep 0.05; done; echo none; echo hit two`;
    const id = await startJob(server, { script });
    await page.goto(`${server.url}/jobs/${id}?find=hit`);
    await untilHits('1 line');
    await startScript(server, `touch '${gate}'`);
    await untilHits('2 lines');
    await untilTrue(async () => (await markedText()).length === 2);
    await untilOver(server, id);
  });
});
