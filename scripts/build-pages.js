/**
 * Bundles console/ into dist/static: pages, which a door of the server answers with, and assets with hashed names. Does
 * nothing where the last bundle was made of the same sources and packages.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';

const root = join(import.meta.dirname, '..');
const source = join(root, 'console');
const target = join(root, 'dist/static');
const stampPath = join(target, '.made-of');
const PAGES = ['app/app', 'entrance/hop', 'entrance/login', 'graphiql/graphiql'];

const stamp = fingerprint();
if (!existsSync(stampPath) || readFileSync(stampPath, 'utf8') !== stamp) {
  await bundle();
  writeFileSync(stampPath, stamp);
}

async function bundle() {
  await build({
    configFile: false,
    root: source,
    base: '/static/',
    logLevel: 'warn',
    plugins: [fontsAsFiles()],
    worker: { format: 'es' },
    build: {
      outDir: target,
      emptyOutDir: true,
      target: 'es2023',
      // Nothing inline: the policy of the pages allows files of this server only.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      chunkSizeWarningLimit: 10_000,
      rolldownOptions: {
        input: PAGES.map((page) => join(source, `${page}.html`)),
        // Marks for compilers and server frameworks, in every second file of the packages: nothing is lost without them.
        onwarn: (warning, warn) => {
          if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') warn(warning);
        },
      },
    },
  });
}

/** GraphiQL's style sheet carries its fonts as data URLs, which the policy of the pages does not allow. */
function fontsAsFiles() {
  return {
    name: 'fonts-as-files',
    generateBundle(_options, output) {
      for (const file of Object.values(output)) {
        if (file.type !== 'asset' || !file.fileName.endsWith('.css')) continue;
        file.source = String(file.source).replaceAll(
          /url\((["']?)data:(?:font|application)\/[\w.-]*?(woff2|woff|ttf)[^,)]*;base64,([A-Za-z0-9+/=]+)\1\)/g,
          (_match, _quote, format, content) => {
            const bytes = Buffer.from(content, 'base64');
            const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
            const fileName = `assets/font-${hash}.${format}`;
            this.emitFile({ type: 'asset', fileName, source: bytes });
            return `url(/static/${fileName})`;
          },
        );
      }
    },
  };
}

/** Of everything that a bundle is made of. */
function fingerprint() {
  const hash = createHash('sha256');
  const sources = readdirSync(source, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const path of [...sources, join(root, 'package-lock.json'), join(root, 'scripts/build-pages.js')]) {
    hash.update(path.slice(root.length)).update('\0').update(readFileSync(path)).update('\0');
  }
  return `${hash.digest('hex')}\n`;
}
