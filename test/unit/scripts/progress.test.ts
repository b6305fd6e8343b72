import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { Progress } from '../../../scripts/progress.mjs';

let said: string[] = [];
beforeEach(() => {
  said = [];
  vi.useFakeTimers();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const afterMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('says one line about a short step', async () => {
  const progress = new Progress('package', 2);
  expect(await progress.step('strip Node', () => 'stripped')).toBe('stripped');
  expect(said).toEqual(['package: [1/2] strip Node\n']);
});

it('says every ten seconds that a long step goes on and how far it is, and then how long it took', async () => {
  const progress = new Progress('setup', 1);
  const step = progress.step('install', async (tell) => {
    await afterMs(15_000);
    tell('43 %');
    await afterMs(9000);
  });
  await vi.advanceTimersByTimeAsync(24_000);
  await step;
  // Nothing comes afterwards.
  await vi.advanceTimersByTimeAsync(60_000);
  expect(said).toEqual([
    'setup: [1/1] install\n',
    'setup: [1/1] 10 s so far\n',
    'setup: [1/1] 20 s so far, 43 %\n',
    'setup: [1/1] took 24 s\n',
  ]);
});

it('counts steps that turn out to be needed', async () => {
  const progress = new Progress('setup', 1);
  await progress.step('install', () => undefined);
  progress.expect(2);
  progress.begin('update');
  await progress.step('install', () => undefined);
  expect(said).toEqual(['setup: [1/1] install\n', 'setup: [2/3] update\n', 'setup: [3/3] install\n']);
});

it('says when a long step failed, and passes the error on', async () => {
  const progress = new Progress('package', 1);
  const step = progress.step('fetch Node', async () => {
    await afterMs(3000);
    throw new Error('no network');
  });
  const failed = expect(step).rejects.toThrow('no network');
  await vi.advanceTimersByTimeAsync(3000);
  await failed;
  expect(said.at(-1)).toBe('package: [1/1] failed after 3 s\n');
});
