import { describe, expect, it } from 'vitest';

import { freeSpaceStrategy, judgeBootSpace } from '../../../src/gates/free-space.ts';
import { staged } from '../../support/samples.ts';

const MB = 1_000_000;
const signal = new AbortController().signal;

describe('free space', () => {
  it('denies what cannot fit, with the numbers', () => {
    expect(
      judgeBootSpace('43.1', { neededBytes: 150 * MB, freeBytes: 12.9 * MB, reclaimableBytes: 0 }),
    ).toEqual({
      verdict: 'deny',
      reason: 'cannot fit the kernel of 43.1 on /boot: needs 158 MB, 12 MB free',
      label: 'boot_space',
    });
    expect(
      judgeBootSpace('43.1', { neededBytes: 150 * MB, freeBytes: 12 * MB, reclaimableBytes: 100 * MB })
        .reason,
    ).toBe(
      'cannot fit the kernel of 43.1 on /boot: needs 158 MB, 12 MB free and 100 MB in kernels that can be removed',
    );
  });

  it('allows what fits once other kernels are removed', () => {
    const verdict = judgeBootSpace('43.1', {
      neededBytes: 100 * MB,
      freeBytes: 5 * MB,
      reclaimableBytes: 100 * MB,
    });
    expect(verdict.verdict).toBe('allow');
  });

  it('allows when nothing is needed, known or staged', async () => {
    expect(judgeBootSpace('43.1', 'unneeded').verdict).toBe('allow');
    expect(judgeBootSpace('43.1', 'unknown').verdict).toBe('allow');
    const gate = freeSpaceStrategy(
      () => undefined,
      () => Promise.reject(new Error('read')),
    );
    expect((await gate.canFinalize(0, signal)).verdict).toBe('allow');
  });

  it('asks about the deployment that is staged at that time', async () => {
    let current = staged('2.0');
    const asked: string[] = [];
    const gate = freeSpaceStrategy(
      () => current,
      (deployment) => {
        asked.push(deployment.version);
        return Promise.resolve({ neededBytes: 2 * MB, freeBytes: MB, reclaimableBytes: 0 });
      },
    );
    expect((await gate.canFinalize(0, signal)).reason).toContain('of 2.0');
    current = staged('3.0');
    expect((await gate.canFinalize(0, signal)).reason).toContain('of 3.0');
    expect(asked).toEqual(['2.0', '3.0']);
  });
});
