import { defineConfig } from 'vitest/config';

/** Where to write the counts as JSON, beside the readable report: .ci/run adds them up. */
const report = process.env['TEST_REPORT'];

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Real processes, signals and descriptor counts need a process of their own.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
    retry: 0,
    reporters: report === undefined ? ['default'] : ['default', ['json', { outputFile: report }]],
  },
});
