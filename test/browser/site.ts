import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Guard of another web site: one page, under any name that the browser is told to find here. */
export class Site implements Disposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async serve(html: string): Promise<Site> {
    const server = createServer((_req, res) => {
      res.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      res.end(html);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Site(server);
  }

  /** Its origin under this name. */
  origin(name: string): string {
    return `http://${name}:${String((this.#server.address() as AddressInfo).port)}`;
  }

  [Symbol.dispose](): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
