/** What follows for the machine from requests that were taken and have not ended. */
import { describe, expect, it } from 'vitest';
import type { Pending } from '../../../src/agent/pending-request.ts';
import {
  beforeWriting,
  holdsInForce,
  isAboutAnother,
  isOverridden,
  overridesOf,
  ownHolds,
  rebootHolds,
  termsOf,
} from '../../../src/agent/pending.ts';
import { EMPTY_RECORD, plain, type StageTerms } from '../../../src/agent/record.ts';
import { done } from '../../../src/agent/request-outcomes.ts';
import type { Hold, Wish } from '../../../src/agent/requests.ts';
import { memoryOf } from '../../support/agent-states.ts';
import { bootedOn, deployment, host, release, staged } from '../../support/samples.ts';

const AT = 1000;

function pending(wish: Wish, uid = 0, changes: Partial<Pending> = {}): Pending {
  return { request: { id: 't-1', by: { uid }, wish }, begun: true, ...changes };
}

function hold(id: string, changes: Partial<Hold> = {}): Hold {
  return { id, what: 'reboot', by: { uid: 0 }, reason: '', sinceAt: 0, ...changes };
}

const ids = (holds: readonly Hold[]): string[] => holds.map(({ id }) => id);

const REBOOT = pending({ kind: 'reboot', overrides: ['window'] }, 1000);

describe('overrides', () => {
  it('are those of the reboot that is asked for, and of nothing else', () => {
    expect(overridesOf({ requests: [] })).toEqual([]);
    expect(overridesOf({ requests: [pending({ kind: 'check' })] })).toEqual([]);
    expect(overridesOf({ requests: [pending({ kind: 'check' }), REBOOT] })).toEqual(['window']);
    expect(isOverridden({ requests: [REBOOT] }, 'window')).toBe(true);
    expect(isOverridden({ requests: [REBOOT] }, 'splay')).toBe(false);
  });
});

describe('holds', () => {
  const OWN = hold('h1', { by: { uid: 1000 } });
  const OWN_ON_STAGING = hold('h2', { by: { uid: 1000 }, what: 'stage' });
  const ANOTHERS = hold('h3', { by: { uid: 1001 } });
  const OVER = hold('h4', { by: { uid: 1000 }, untilAt: AT });
  const record = { ...EMPTY_RECORD, holds: [OWN, OWN_ON_STAGING, ANOTHERS, OVER] };

  it('on reboots count, but for those of the person who asks for the reboot', () => {
    expect(ids(rebootHolds({ record, requests: [REBOOT] }))).toEqual(['h2', 'h3']);
    expect(ids(rebootHolds({ record, requests: [] }))).toEqual(['h1', 'h2', 'h3', 'h4']);
  });

  it('that a reboot passes are those of its person on reboots, in force', () => {
    expect(ids(ownHolds({ record }, REBOOT.request, AT))).toEqual(['h1']);
  });

  it('are in force for what they hold, until they are over', () => {
    expect(ids(holdsInForce(record, 'stage', AT))).toEqual(['h2']);
    expect(ids(holdsInForce(record, 'reboot', AT))).toEqual(['h1', 'h3']);
    expect(ids(holdsInForce(record, 'reboot', AT - 1))).toEqual(['h1', 'h3', 'h4']);
  });
});

describe('a question to the graph', () => {
  const asking = (wish: Wish | undefined, terms?: StageTerms, isKnown = true): boolean =>
    isAboutAnother({
      requests: wish === undefined ? [] : [pending(wish)],
      record: {
        ...EMPTY_RECORD,
        ...(isKnown && { staged: { ...plain(release('2')), ...(terms && { terms }) } }),
      },
    });
  const BEYOND: Wish = { kind: 'stage', ignoreRollout: true };
  const WITHIN: Wish = { kind: 'stage', ignoreRollout: false };

  it('says nothing of what is staged where it names one version', () => {
    expect(asking({ ...WITHIN, to: '3' })).toBe(true);
    expect(asking({ ...BEYOND, to: '3' })).toBe(true);
  });

  it('says nothing of what was staged beyond the rollout where it keeps to the rollout', () => {
    expect(asking(WITHIN, { ignoreRollout: true })).toBe(true);
    expect(asking(BEYOND, { ignoreRollout: true })).toBe(false);
  });

  it('is about what is staged otherwise', () => {
    expect(asking(undefined, { ignoreRollout: true })).toBe(false);
    expect(asking(WITHIN, { to: '2' })).toBe(false);
    expect(asking(WITHIN)).toBe(false);
    expect(asking(WITHIN, undefined, false)).toBe(false);
  });
});

describe('the terms on which the graph is asked', () => {
  const record = {
    ...EMPTY_RECORD,
    staged: { ...plain(release('2')), terms: { ignoreRollout: true } as const },
  };
  const onDisk = host([staged('2'), deployment('1', { booted: true })]);

  it('are those of the person who asks for staging just now', () => {
    const wish: Wish = { kind: 'stage', ignoreRollout: false, to: '3' };
    expect(termsOf({ requests: [pending(wish)], record, host: onDisk })).toEqual({ to: '3' });
  });

  it('are those on which it was staged, while that is what is staged', () => {
    expect(termsOf({ requests: [], record, host: onDisk })).toEqual({ ignoreRollout: true });
    const other = host([staged('3'), deployment('1', { booted: true })]);
    expect(termsOf({ requests: [], record, host: other })).toEqual({});
    expect(termsOf({ requests: [], record, host: bootedOn('1') })).toEqual({});
    expect(termsOf({ requests: [], record, host: undefined })).toEqual({});
  });

  it('are those of the configuration where nobody staged on terms', () => {
    const plainly = { ...EMPTY_RECORD, staged: plain(release('2')) };
    expect(termsOf({ requests: [], record: plainly, host: onDisk })).toEqual({});
    expect(termsOf(memoryOf())).toEqual({});
  });
});

describe('what the disk has', () => {
  const kept = (id: string) => ({ holds: [hold(id)], adminDenials: [], denials: [], attempts: [] });
  const writing = (id: string): Pending =>
    pending({ kind: 'release', hold: id }, 0, {
      written: { before: kept(id), outcome: done('', { changed: true }) },
    });

  it('is what the oldest request found that waits for it', () => {
    const requests = [pending({ kind: 'check' }), writing('h1'), writing('h2')];
    expect(beforeWriting({ requests })).toEqual(kept('h1'));
  });

  it('is the record where no request waits for it', () => {
    expect(beforeWriting({ requests: [pending({ kind: 'check' })] })).toBeUndefined();
    expect(beforeWriting({ requests: [] })).toBeUndefined();
  });
});
