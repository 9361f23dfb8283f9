import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The tests in a real Chromium, by themselves: `npm run test:browser` builds what they look at, and finds a Chromium. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/browser/**/*.test.ts'],
    exclude: [],
    // A browser is many processes by itself.
    maxWorkers: 2,
  },
});
