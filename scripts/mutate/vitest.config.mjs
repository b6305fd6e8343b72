// The unit tests alone, for scripts/mutate.mjs. Nothing is cached: each mutant is another text of the same module.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/unit/**/*.test.ts'],
    // These read the sources as text, or documents. They would notice a mutant for no good reason.
    exclude: ['test/unit/docs/**', 'test/unit/architecture.test.ts', 'test/unit/put-back.test.ts'],
    testTimeout: 60_000,
    fsModuleCache: false,
  },
});
