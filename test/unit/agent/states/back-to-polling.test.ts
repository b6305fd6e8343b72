/** Whose a staged deployment is, and what is dropped. */
import { describe, expect, it } from 'vitest';
import { EMPTY_RECORD, plain } from '../../../../src/agent/record.ts';
import { discardStaged, foreignStaged } from '../../../../src/agent/states/back-to-polling.ts';
import type { Deployment } from '../../../../src/agent/ports.ts';
import { memoryOf } from '../../../support/agent-states.ts';
import { deployment, host, release, staged } from '../../../support/samples.ts';

const BOOTED = deployment('1.0', { booted: true });
const V2 = plain(release('2.0'));
const UNLOCKED = staged('2.0', { finalizationLocked: false });

describe('a staged deployment', () => {
  const isForeign = (there: Deployment | undefined, ours?: { readonly deploymentId?: string }): boolean => {
    const on = host([...(there === undefined ? [] : [there]), BOOTED]);
    const record = { ...EMPTY_RECORD, ...(ours && { staged: { ...V2, ...ours } }) };
    const foreign = foreignStaged({ host: on, record });
    expect(foreign).toBe(foreign === undefined ? undefined : there);
    return foreign !== undefined;
  };

  it("is somebody else's, unless it is locked or this agent has staged it", () => {
    expect(isForeign(UNLOCKED)).toBe(true);
    expect(isForeign(staged('2.0', { finalizationLocked: undefined }))).toBe(true);
    expect(isForeign(staged('2.0'))).toBe(false);
    expect(isForeign(undefined)).toBe(false);
    expect(isForeign(UNLOCKED, {})).toBe(false);
    expect(isForeign(staged('9', { finalizationLocked: false }), {})).toBe(true);
    expect(isForeign({ ...UNLOCKED, payload: undefined }, {})).toBe(true);
  });

  it('is another one where somebody added packages to it, if it is known which one it was', () => {
    expect(isForeign(UNLOCKED, { deploymentId: UNLOCKED.id })).toBe(false);
    expect(isForeign(UNLOCKED, { deploymentId: 'another.0' })).toBe(true);
  });

  it("is nobody's before the deployments are read", () => {
    expect(foreignStaged({ host: undefined, record: EMPTY_RECORD })).toBeUndefined();
  });

  it('is dropped if it is what was read, and nothing else', () => {
    const memory = memoryOf({ host: host([UNLOCKED, BOOTED]) });
    expect(discardStaged({ memory })).toEqual({ kind: 'discard-staged', expected: UNLOCKED });
    const unread = memoryOf({ host: undefined });
    expect(discardStaged({ memory: unread })).toEqual({ kind: 'discard-staged', expected: undefined });
  });
});
