import { defineConfig } from 'vitest/config';

// unit and scenarios run on a virtual clock; integration talks to real processes on loopback and Unix sockets;
// system boots real systemd. `npm test` runs all of them, `npm run unit` only the first.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/scenarios/**/*.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['test/system/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          // Hosts that are up at the same time, where a file says that they can be.
          maxConcurrency: 3,
        },
      },
    ],
  },
});
