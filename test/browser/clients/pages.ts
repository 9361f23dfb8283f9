import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'vite';

/**
 * Guard of the static server of a front end: an empty page for each of its entries, with its bundle. It listens before
 * the bundles are there, since they must be told a Lifeline server that must be told this origin.
 */
export class Pages implements AsyncDisposable {
  readonly #server: Server;
  readonly #bundles = new Map<string, string>();

  private constructor() {
    this.#server = createServer((request, response) => {
      const bundle = this.#bundles.get(request.url ?? '');
      const page = `<!doctype html><title>A front end</title><link rel="icon" href="data:,"><body><script type="module" src="${request.url}.js"></script></body>`;
      response.writeHead(200, { 'content-type': bundle === undefined ? 'text/html' : 'text/javascript' });
      response.end(bundle ?? page);
    });
  }

  static async listen(): Promise<Pages> {
    const pages = new Pages();
    pages.#server.listen(0, '127.0.0.1');
    await once(pages.#server, 'listening');
    return pages;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Bundles a TypeScript file as a front end's build does. @returns the URL of its page */
  async bundle(directory: string, name: string): Promise<string> {
    const output = await build({
      root: directory,
      configFile: false,
      logLevel: 'error',
      build: { write: false, target: 'es2022', modulePreload: false, rolldownOptions: { input: name } },
    });
    const chunks = 'output' in output ? output.output : [];
    const entry = chunks.find((chunk) => chunk.type === 'chunk' && chunk.isEntry);
    if (entry?.type !== 'chunk') throw new Error(`there is no bundle of ${name}`);
    this.#bundles.set(`/${name}.js`, entry.code);
    return `${this.origin}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.closeAllConnections();
    this.#server.close();
    await closed;
  }
}
