import type { Locator, Page } from 'playwright-core';

/** The console as its user sees it. */
export class ConsolePage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the start dialog and starts a script, with nothing but keys. */
  async startScriptByKeys(script: string): Promise<string> {
    const { keyboard } = this.page;
    await this.page.getByRole('button', { name: 'New job' }).waitFor();
    await keyboard.press('n');
    await this.page.getByRole('dialog').waitFor();
    await this.page.getByRole('button', { name: 'Script' }).focus();
    await keyboard.press('Enter');
    await this.page.getByLabel('Script', { exact: true }).and(this.page.locator('textarea')).focus();
    await keyboard.insertText(script);
    await keyboard.press('Control+Enter');
    await this.page.waitForURL(/\/jobs\/\d+$/);
    return /\d+$/.exec(new URL(this.page.url()).pathname)![0];
  }

  get log(): Locator {
    return this.page.getByRole('region', { name: 'Log', exact: true });
  }

  get searchField(): Locator {
    return this.page.getByRole('searchbox', { name: 'Search the log' });
  }

  /** How much the search has found, as it says. */
  get hits(): Locator {
    return this.page.locator('.log-hits');
  }

  line(text: string): Locator {
    return this.log.locator('.log-text').getByText(text, { exact: true });
  }

  /** The number of the first line in view. */
  async firstSeq(): Promise<number> {
    return Number(await this.log.getAttribute('data-first'));
  }

  /** The number of the last line in view. */
  async lastSeq(): Promise<number> {
    return Number(await this.log.getAttribute('data-last'));
  }
}
