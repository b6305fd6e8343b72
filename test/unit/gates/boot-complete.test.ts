import { describe, expect, it } from 'vitest';
import { bootCompleteStrategy, judgeBoot } from '../../../src/gates/boot-complete.ts';

describe('boot_complete', () => {
  it.each([
    ['running', 'active', 'allow'],
    ['degraded', 'active', 'allow'],
    ['starting', 'active', 'deny'],
    ['stopping', 'active', 'deny'],
    ['running', 'inactive', 'deny'],
    ['degraded', 'failed', 'deny'],
    ['', '', 'deny'],
  ])('system %s, boot-complete.target %s: %s', (system, bootComplete, verdict) => {
    expect(judgeBoot({ system, bootComplete })).toMatchObject({ verdict, label: 'boot_complete' });
  });

  it('does not hold a host without systemd', () => {
    expect(judgeBoot(undefined).verdict).toBe('allow');
  });

  it('B33: holds the reboot, with its reason, while the boot is never complete', async () => {
    const strategy = bootCompleteStrategy(() =>
      Promise.resolve({ system: 'starting', bootComplete: 'inactive' }),
    );
    expect(await strategy.canFinalize(0, new AbortController().signal)).toMatchObject({
      verdict: 'deny',
      reason: 'this boot is not complete: boot-complete.target is inactive',
    });
  });

  it('cannot tell is not a yes', async () => {
    const strategy = bootCompleteStrategy(() => Promise.reject(new Error('no answer')));
    await expect(strategy.canFinalize(0, new AbortController().signal)).rejects.toThrow('no answer');
  });
});
