// The unit tests for scripts/mutate.mjs, in folders that mirror what is changed. Nothing is cached on disk: each mutant
// is another text of the same module.
//
// A survivor of src/agent costs some 5 s of processor time, where all unit tests took 12 s:
// - Random worlds and other scenarios are left out, and other folders' tests. A folder's own tests hold it.
// - Files share a worker: 0.07 s for a file instead of 0.25 s. Starting them took longer than most mutants live.
// - The file's own test runs first, and then short ones. A run ends at the first failure.
// - Properties end at their first failure, see end-on-failure.mjs.
// - WEEKS shortens a year on a node to a month: 0.8 s instead of 5 s.
import path from 'node:path';
import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';

const FOLDERS = (process.env['MUTATE_FOLDERS'] ?? '').split(',').filter((folder) => folder !== '');

class LikelyFirst extends BaseSequencer {
  async sort(files) {
    const changed = (this.ctx.config.related ?? []).map((file) => path.basename(file, '.ts'));
    const isOwn = ({ moduleId }) => changed.includes(path.basename(moduleId, '.test.ts'));
    const shortestFirst = (await super.sort(files)).reverse();
    return [...shortestFirst.filter(isOwn), ...shortestFirst.filter((file) => !isOwn(file))];
  }
}

export default defineConfig({
  test: {
    include:
      FOLDERS.length === 0
        ? ['test/unit/**/*.test.ts']
        : FOLDERS.map((folder) => `test/unit/${folder}/**/*.test.ts`),
    // These read the sources as text, or documents. They would notice a mutant for no good reason.
    exclude: [
      'test/unit/docs/**',
      'test/unit/architecture.test.ts',
      'test/unit/put-back.test.ts',
      'test/unit/agent/compiler-guards.test.ts',
      // Each takes longer than all tests beside it. They draw at random, as random worlds do.
      'test/unit/calendar/brute-force.test.ts',
      'test/unit/config/fuzz.test.ts',
      // It changes its user, which a worker thread cannot.
      'test/unit/config/unreadable-drop-in.test.ts',
    ],
    // The tool counts at each statement, which makes loops ten times slower.
    testTimeout: 300_000,
    fsModuleCache: false,
    setupFiles: ['scripts/mutate/end-on-failure.mjs'],
    isolate: false,
    env: { WEEKS: '4' },
    sequence: { sequencer: LikelyFirst },
  },
});
