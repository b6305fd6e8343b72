import { describe, expect, it } from 'vitest';
import { bootCompleteGate, judgeBootComplete } from '../../../src/gates/boot-complete.ts';
import { question } from '../../support/question.ts';

describe('boot_complete', () => {
  it.each([
    ['running', 'active', 'pass'],
    ['degraded', 'active', 'pass'],
    ['starting', 'active', 'block'],
    ['stopping', 'active', 'block'],
    ['running', 'inactive', 'block'],
    ['degraded', 'failed', 'block'],
    ['', '', 'block'],
  ])('system %s, boot-complete.target %s: %s', (system, bootComplete, verdict) => {
    expect(judgeBootComplete({ system, bootComplete })).toMatchObject({
      gate: 'boot_complete',
      verdict,
      label: 'boot_complete',
      evidence: { systemState: system, bootCompleteTarget: bootComplete },
    });
  });

  it('does not hold a host without systemd', () => {
    expect(judgeBootComplete(undefined)).toEqual({
      gate: 'boot_complete',
      verdict: 'pass',
      reason: 'there is no systemd to ask',
      label: 'boot_complete',
    });
  });

  it('B33: holds the reboot, with its reason, while the boot is never complete', async () => {
    const gate = bootCompleteGate(() => Promise.resolve({ system: 'starting', bootComplete: 'inactive' }));
    expect(await gate.ask(question(), new AbortController().signal)).toMatchObject({
      verdict: 'block',
      reason: 'this boot is not complete: boot-complete.target is inactive',
    });
  });

  it('that cannot be told is not a yes', async () => {
    const gate = bootCompleteGate(() => Promise.reject(new Error('no answer')));
    await expect(gate.ask(question(), new AbortController().signal)).rejects.toThrow('no answer');
  });
});
