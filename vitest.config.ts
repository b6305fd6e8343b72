import { defineConfig } from 'vitest/config';

// A fault of test/put-back to run the tests with. Its modules must not come from, or get into, the cache.
const fault = process.env['PUT_BACK'];
const plugins = fault === undefined ? [] : [(await import('./test/put-back/plugin.ts')).putBack(fault)];
const fsModuleCache = fault === undefined;

// unit and scenarios run on a virtual clock; integration talks to real processes on loopback and Unix sockets;
// system boots real systemd. `npm test` runs all of them, `npm run unit` only the first.
export default defineConfig({
  test: {
    fsModuleCache,
    projects: [
      {
        plugins,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/scenarios/**/*.test.ts'],
          testTimeout: 60_000,
          fsModuleCache,
        },
      },
      {
        plugins,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts', 'test/conformance/**/*.test.ts'],
          // Nothing here takes half a minute on a quiet machine. A busy one is several times slower.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fsModuleCache,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 400_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          // Hosts that are up at the same time, where a file says that they can be.
          maxConcurrency: 3,
        },
      },
    ],
  },
});
