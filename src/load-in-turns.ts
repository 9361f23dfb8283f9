import { setImmediate } from 'node:timers/promises';

/** What takes longest to load, each with what it needs of those before it loaded already. */
const HEAVIEST: readonly (() => Promise<unknown>)[] = [
  () => import('graphql'),
  () => import('zod'),
  () => import('@pothos/core'),
  () => import('graphql-yoga'),
  () => import('./storage/database.ts'),
  // A megabyte of text, which the database would load when it is opened.
  () => import('@prisma/client/runtime/query_compiler_small_bg.sqlite.wasm-base64.mjs'),
  () => import('./graphql/all-types.ts'),
  () => import('./graphql/schema.ts'),
  () => import('./graphql/yoga.ts'),
  () => import('./supervisor/supervisor.ts'),
  () => import('./http/server.ts'),
];

/**
 * Loads the heaviest modules one after another. Loaded with everything else, they are evaluated in one go, which holds the
 * event loop for 140 ms and more; so, none holds it for half of that (`npm run bench:restart`).
 */
export async function loadInTurns(): Promise<void> {
  for (const load of HEAVIEST) {
    await load();
    await setImmediate();
  }
}
