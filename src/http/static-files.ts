import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** From src/http/ and from dist/server/ alike. */
const BUNDLE_PATH = fileURLToPath(new URL('../../dist/static', import.meta.url));

const PAGES = ['app/app', 'entrance/hop', 'entrance/login', 'graphiql/graphiql'] as const;
/** The pages, by their place in the bundle. */
export type PageName = (typeof PAGES)[number];

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.ttf': 'font/ttf',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

export interface StaticFile {
  readonly contentType: string;
  read(): Promise<Buffer>;
}

/**
 * What the build made of console/: pages, and assets whose names carry a hash of what they hold. All is listed once, at
 * the start; a name from a URL is looked up in that list and never becomes a path. A server that was not built has none.
 */
export class StaticFiles {
  readonly #assets: ReadonlyMap<string, StaticFile>;
  readonly #pages: ReadonlyMap<PageName, Buffer>;

  /** @param directory default: that of the build */
  constructor(directory: string = BUNDLE_PATH) {
    const assets = join(directory, 'assets');
    this.#assets = new Map(
      (ifThere(() => readdirSync(assets)) ?? []).flatMap((name) => {
        const contentType = CONTENT_TYPES[extname(name)];
        if (contentType === undefined) return [];
        return [[name, { contentType, read: () => readFile(join(assets, name)) }]];
      }),
    );
    this.#pages = new Map(
      PAGES.flatMap((name) => {
        const html = ifThere(() => readFileSync(join(directory, `${name}.html`)));
        return html === undefined ? [] : [[name, html]];
      }),
    );
  }

  asset(name: string): StaticFile | undefined {
    return this.#assets.get(name);
  }

  /** A page as HTML; undefined where nothing was built. */
  page(name: PageName): Buffer | undefined {
    return this.#pages.get(name);
  }
}

function ifThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
