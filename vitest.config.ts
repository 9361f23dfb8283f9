import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';

/** Where to write the counts as JSON, beside the readable report: .ci/run adds them up. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  resolve: {
    // The file that Node takes, and with it every library here: Vite would take the package's other build for our own
    // sources, and GraphQL refuses a schema that was made by another copy of itself.
    alias: [{ find: /^graphql$/, replacement: createRequire(import.meta.url).resolve('graphql') }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // These have configurations of their own: vitest.browser.config.ts, vitest.servers.config.ts.
    exclude: ['test/browser/**', 'test/servers/**'],
    // Real processes, signals and descriptor counts need a process of their own.
    pool: 'forks',
    // More than CI's two cores: a test waits for a client's next attempt, a grace period, a probe, while others run.
    maxWorkers: 3,
    // Nothing waits for a time: on a machine that is slow or shared a test takes as long as it takes.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    // Where CI's machines are shared, a test that fails is tried once more, and the report says so beside its name; by hand never.
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
