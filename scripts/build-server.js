/**
 * Bundles the server and the commands into dist/: main.js, and server/ with what is loaded when it is needed. Why a bundle: as
 * more than a thousand files of their own and of packages, they took the server more time to load than all else that it does at a start.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
/** What is not JavaScript alone, or finds files beside its own. */
const AS_INSTALLED = ['better-sqlite3', 'pino', '@prisma/schema-engine-wasm'];
const ENTRIES = {
  main: 'main',
  'server/config': 'config',
  'server/serve': 'serve',
  'server/migration-worker': 'storage/migration-worker',
  'server/search-worker': 'logs/search/search-worker',
};

await build({
  absWorkingDir: root,
  entryPoints: Object.entries(ENTRIES).map(([out, source]) => ({ in: `src/${source}.ts`, out })),
  outdir: 'dist',
  chunkNames: 'server/[name]-[hash]',
  bundle: true,
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  external: AS_INSTALLED,
  // Where some packages look whether to check what a developer may get wrong.
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: {
    // For packages that are CommonJS.
    js: "import { createRequire as requireOf } from 'node:module';\nconst require = requireOf(import.meta.url);",
  },
  // For `node --enable-source-maps`.
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'none',
  logLevel: 'warning',
});
copyFileSync(join(root, 'src/supervisor/shim.sh'), join(root, 'dist/server/shim.sh'));
