/** What every question to the gates is about, beside its instant. */
import { describe, expect, it } from 'vitest';
import { gateSubject, questionOf, rebootSubject } from '../../../src/agent/gate-subject.ts';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import type { Hold, Wish } from '../../../src/agent/requests.ts';
import { memoryOf } from '../../support/agent-states.ts';
import { deployment, host, staged } from '../../support/samples.ts';

const BOOTED = deployment('1', { booted: true });
const STAGED = staged('2');
const HOST = host([STAGED, BOOTED]);
const hold = (id: string, uid: number, what: Hold['what'] = 'reboot'): Hold => ({
  ...{ id, what, by: { uid }, reason: '', sinceAt: 0 },
});
const record = { ...EMPTY_RECORD, holds: [hold('h1', 1000), hold('h2', 1000, 'stage'), hold('h3', 1001)] };
const REBOOT: Wish = { kind: 'reboot', overrides: ['window'] };

describe('what gates are asked about', () => {
  it('is what is deployed, and nothing that is not there', () => {
    expect(gateSubject(memoryOf({ host: HOST }))).toStrictEqual({ booted: BOOTED, staged: STAGED });
    expect(gateSubject(memoryOf({ host: undefined }))).toStrictEqual({
      booted: undefined,
      staged: undefined,
    });
  });

  it('has the holds of people, but those on reboots of one who is exempt', () => {
    const ids = (exempt?: number) => gateSubject(memoryOf({ record }), exempt).holds?.map(({ id }) => id);
    expect(ids()).toEqual(['h1', 'h2', 'h3']);
    expect(ids(1000)).toEqual(['h2', 'h3']);
  });

  it("has the overrides of a reboot that a person asks for, and not that person's own holds", () => {
    const requests = [{ request: { id: 't-1', by: { uid: 1000 }, wish: REBOOT }, begun: true }];
    const subject = rebootSubject(memoryOf({ host: HOST, record, requests }));
    expect(subject.holds?.map(({ id }) => id)).toEqual(['h2', 'h3']);
    expect(subject.overrides).toEqual(['window']);
  });

  it('has neither holds nor overrides where nobody has any', () => {
    expect(rebootSubject(memoryOf({ host: HOST }))).toStrictEqual({ booted: BOOTED, staged: STAGED });
    expect(rebootSubject(memoryOf({ host: undefined }))).toStrictEqual({
      booted: undefined,
      staged: undefined,
    });
  });
});

describe('the question', () => {
  it('is the subject at the instant at which it is asked', () => {
    const subject = { booted: BOOTED, staged: STAGED, holds: record.holds, overrides: ['window'] as const };
    expect(questionOf(subject, 7)).toStrictEqual({ ...subject, at: 7 });
    const plain = { booted: BOOTED, staged: undefined };
    expect(questionOf(plain, 7)).toStrictEqual({ ...plain, at: 7 });
  });
});
