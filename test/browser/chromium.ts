import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Sites of any name are served by this machine: a browser tells sites apart by their names.
  '--host-resolver-rules=MAP * 127.0.0.1',
];

/** How a visitor looks at pages. */
export type Look = Pick<BrowserContextOptions, 'colorScheme' | 'viewport' | 'permissions'>;

/** Guard of a real Chromium with a profile of its own. `npm run test:browser` says where there is one. */
export class Chromium implements AsyncDisposable {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<Chromium> {
    const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
    return new Chromium(await chromium.launch({ executablePath, args: FLAGS }));
  }

  /** Somebody who was never here before. The caller owns the visitor. */
  async newVisitor(look: Look = {}): Promise<Visitor> {
    return new Visitor(await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...look }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser.close();
  }
}

/**
 * Guard of pages, cookies and storage of one visitor. Keeps what the pages asked for and complained about: every request,
 * by its URL, and every error of a console, of a script or of a Content-Security-Policy.
 */
export class Visitor implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;

  /** Made by `Chromium.newVisitor`. */
  constructor(context: BrowserContext) {
    this.#context = context;
    context.on('request', (request) => this.requests.push(request.url()));
    context.on('weberror', (error) => this.complaints.push(error.error().message));
    context.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(`${message.text()} (${message.location().url})`);
    });
  }

  newPage(): Promise<Page> {
    return this.#context.newPage();
  }

  /** Loses all cookies. */
  async forget(): Promise<void> {
    await this.#context.clearCookies();
  }

  async cookies(): Promise<readonly { name: string; httpOnly: boolean; sameSite: string }[]> {
    return this.#context.cookies();
  }

  /** Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}
