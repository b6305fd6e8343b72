/** The lists that people keep through requests. */
import { describe, expect, it } from 'vitest';
import {
  denialName,
  dropReason,
  holdsNow,
  nextHoldId,
  skippedBy,
  withAdminDenial,
  withHold,
  withoutAdminDenial,
  withoutHold,
} from '../../../src/agent/admin-lists.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import type { AdminDenial, Hold } from '../../../src/agent/requests.ts';
import { release } from '../../support/samples.ts';

const AT = 1000;

function hold(id: string, untilAt?: number): Hold {
  return {
    ...{ id, what: 'reboot', by: { uid: 0 }, reason: '', sinceAt: 0 },
    ...(untilAt !== undefined && { untilAt }),
  };
}

function denial(of: string, reason = ''): AdminDenial {
  return { release: of, by: { uid: 0 }, reason, sinceAt: 0 };
}

describe('what people deny', () => {
  const record = { ...EMPTY_RECORD, adminDenials: [denial('2'), denial('3')] };

  it('is what the configuration names, and what was denied by request', () => {
    expect(skippedBy({ record }, { skip: ['1'] })).toEqual(['1', '2', '3']);
    expect(skippedBy({ record: EMPTY_RECORD }, { skip: ['1'] })).toEqual(['1']);
  });

  it('says why a staged release goes: the configuration comes first', () => {
    expect(dropReason({ record }, { skip: ['2'] }, release('2'))).toBe('skipped');
    expect(dropReason({ record }, { skip: [] }, release('2'))).toBe('request');
    expect(dropReason({ record }, { skip: [] }, release('4'))).toBe('denied-or-withdrawn');
  });

  it('is named by the digest where a pinned image is meant', () => {
    expect(denialName('quay.io/fedora/fedora-coreos@sha256:ab')).toBe('sha256:ab');
    expect(denialName('sha256:ab')).toBe('sha256:ab');
    expect(denialName('43.20260413.3.2')).toBe('43.20260413.3.2');
  });

  it('is in the list once, with the newest reason', () => {
    const again = withAdminDenial(record, denial('2', 'worse'));
    expect(again.adminDenials).toEqual([denial('3'), denial('2', 'worse')]);
    expect(withoutAdminDenial(again, '2').adminDenials).toEqual([denial('3')]);
    expect(withoutAdminDenial(again, '9').adminDenials).toEqual(again.adminDenials);
  });
});

describe('holds', () => {
  const record = { ...EMPTY_RECORD, holds: [hold('h1', AT), hold('h2', AT + 1), hold('h3')] };

  it('are in force until they are over', () => {
    expect(holdsNow(record, AT).map(({ id }) => id)).toEqual(['h2', 'h3']);
  });

  it('that are over go with the next change', () => {
    expect(withHold(record, hold('h4'), AT).holds.map(({ id }) => id)).toEqual(['h2', 'h3', 'h4']);
    expect(withoutHold(record, 'h3', AT).holds.map(({ id }) => id)).toEqual(['h2']);
  });

  it('have ids of their own: one more than the highest in force', () => {
    expect(nextHoldId([])).toBe('h1');
    expect(nextHoldId([hold('h12'), hold('h3')])).toBe('h13');
  });
});
