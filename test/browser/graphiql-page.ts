import type { Page } from 'playwright-core';
import type { LifelineServer } from '../end-to-end/harness/lifeline-server.ts';

/** Gives the URL that lets one browser in, as `lifeline open` does. */
export async function newTicketUrl(server: LifelineServer): Promise<string> {
  const { text } = await server.call({
    method: 'POST',
    path: '/login/ticket',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  return (JSON.parse(text) as { url: string }).url;
}

/** GraphiQL as its user sees it. */
export class GraphiqlPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async untilReady(): Promise<void> {
    // Without a schema there is nothing to complete, to explore, or to look up.
    await this.#page.getByRole('tab', { name: 'StartJob' }).waitFor();
    await this.#page.waitForFunction(
      () => document.querySelector('.graphiql-query-editor .view-lines') !== null,
    );
  }

  async chooseTab(name: string): Promise<void> {
    await this.#page.getByRole('tab', { name }).click();
    await this.#page.locator('.graphiql-query-editor .view-lines', { hasText: name }).waitFor();
  }

  /** Replaces the document of the tab. */
  async write(document: string): Promise<void> {
    await this.#page.locator('.graphiql-query-editor .view-lines').click();
    await this.#page.keyboard.press('Control+A');
    await this.#page.keyboard.insertText(document);
  }

  /** Starts the operation; once more, it stops a subscription. */
  async press(): Promise<void> {
    await this.#page.locator('.graphiql-execute-button').click();
  }

  /** Waits until all these texts stand in the visible part of the response. */
  async untilResponse(...texts: readonly string[]): Promise<string> {
    const handle = await this.#page.waitForFunction((wanted) => {
      // The editor writes its blanks as no-break spaces.
      const lines = document.querySelector<HTMLElement>('.result-window .view-lines');
      const shown = lines?.innerText.replaceAll('\u00a0', ' ') ?? '';
      return wanted.every((text) => shown.includes(text)) && shown;
    }, texts);
    return String(await handle.jsonValue());
  }

  async openPlugin(name: string): Promise<void> {
    await this.#page.getByRole('button', { name: `Show ${name}` }).click();
  }
}
