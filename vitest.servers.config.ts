import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** Real servers as jobs, and a real proxy, by themselves: `npm run test:servers` builds what they use, and finds the servers. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/servers/**/*.test.ts'],
    exclude: [],
    maxWorkers: 1,
    testTimeout: 120_000,
  },
});
