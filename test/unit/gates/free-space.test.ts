import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { freeSpaceGate, judgeFreeSpace } from '../../../src/gates/free-space.ts';
import { question } from '../../support/question.ts';
import { staged } from '../../support/samples.ts';

const MB = 1_000_000;
const signal = new AbortController().signal;
const STAGED = question(0, { staged: staged('43.1') });

describe('free space', () => {
  it('blocks what cannot fit, with the numbers', () => {
    expect(
      judgeFreeSpace({ neededBytes: 150 * MB, freeBytes: 12.9 * MB, reclaimableBytes: 0 }, STAGED),
    ).toEqual({
      gate: 'free_space',
      verdict: 'block',
      reason: 'cannot fit the kernel of 43.1 on /boot: needs 158 MB, 12 MB free',
      label: 'boot_space',
      evidence: { version: '43.1', neededBytes: 157.5 * MB, freeBytes: 12.9 * MB, reclaimableBytes: 0 },
    });
    expect(
      judgeFreeSpace({ neededBytes: 150 * MB, freeBytes: 12 * MB, reclaimableBytes: 100 * MB }, STAGED)
        .reason,
    ).toBe(
      'cannot fit the kernel of 43.1 on /boot: needs 158 MB, 12 MB free and 100 MB in kernels that can be removed',
    );
  });

  it('passes what fits once other kernels are removed', () => {
    const report = judgeFreeSpace(
      { neededBytes: 100 * MB, freeBytes: 5 * MB, reclaimableBytes: 100 * MB },
      STAGED,
    );
    expect(report).toMatchObject({
      verdict: 'pass',
      evidence: {
        version: '43.1',
        neededBytes: 105 * MB,
        freeBytes: 5 * MB,
        reclaimableBytes: 100 * MB,
      },
    });
  });

  it('passes when nothing is needed, known or staged', async () => {
    expect(judgeFreeSpace('unneeded', STAGED)).toMatchObject({
      verdict: 'pass',
      reason: 'nothing has to be written',
    });
    expect(judgeFreeSpace('unknown', STAGED)).toMatchObject({
      verdict: 'pass',
      reason: 'what has to be written is not known',
    });
    const gate = freeSpaceGate(() => Promise.reject(new Error('read')));
    expect(await gate.ask(question(), signal)).toMatchObject({
      verdict: 'pass',
      reason: 'nothing is staged',
    });
  });

  it('asks about the deployment that the question names', async () => {
    const asked: string[] = [];
    const gate = freeSpaceGate((deployment) => {
      asked.push(deployment.version);
      return Promise.resolve({ neededBytes: 2 * MB, freeBytes: MB, reclaimableBytes: 0 });
    });
    expect((await gate.ask(question(0, { staged: staged('2.0') }), signal)).reason).toContain('of 2.0');
    expect((await gate.ask(question(0, { staged: staged('3.0') }), signal)).reason).toContain('of 3.0');
    expect(asked).toEqual(['2.0', '3.0']);
  });

  it('never blocks what fits, and more room never turns a pass into a block', () => {
    const bytes = fc.integer({ min: 0, max: 2_000 * MB });
    fc.assert(
      fc.property(bytes, bytes, bytes, bytes, (neededBytes, freeBytes, reclaimableBytes, more) => {
        const { verdict } = judgeFreeSpace({ neededBytes, freeBytes, reclaimableBytes }, STAGED);
        const roomier = judgeFreeSpace(
          { neededBytes, freeBytes: freeBytes + more, reclaimableBytes },
          STAGED,
        );
        expect(verdict === 'pass' && roomier.verdict === 'block').toBe(false);
        expect(verdict === 'pass' && neededBytes > freeBytes + reclaimableBytes).toBe(false);
      }),
    );
  });
});
