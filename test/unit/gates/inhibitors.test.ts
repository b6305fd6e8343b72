import { describe, expect, it } from 'vitest';

import { BusError } from '../../../src/errors.ts';
import { type Inhibitor, inhibitorGate, judgeInhibitors } from '../../../src/gates/inhibitors.ts';
import { question } from '../../support/question.ts';

const BACKUP: Inhibitor = { what: 'shutdown', who: 'backup', why: 'nightly run', mode: 'block' };

describe('inhibitors', () => {
  it('names who blocks a shutdown, and why', () => {
    expect(judgeInhibitors([BACKUP])).toEqual({
      gate: 'inhibitors',
      verdict: 'block',
      reason: 'blocked by backup: nightly run',
      label: 'inhibitor',
      evidence: { inhibitors: 1, blocking: 1, who: 'backup', why: 'nightly run' },
    });
  });

  it.each<Inhibitor>([
    { ...BACKUP, mode: 'delay' },
    { ...BACKUP, mode: 'block-weak' },
    { ...BACKUP, what: 'sleep:idle' },
    { ...BACKUP, what: 'shutdownx' },
  ])('lets pass what blocks no shutdown: %j', (inhibitor) => {
    expect(judgeInhibitors([inhibitor])).toMatchObject({
      verdict: 'pass',
      label: 'inhibitor',
      evidence: { inhibitors: 1, blocking: 0 },
    });
  });

  it('finds the one among others', () => {
    const report = judgeInhibitors([
      { ...BACKUP, mode: 'delay' },
      { ...BACKUP, what: 'sleep:shutdown:idle', who: 'dnf', why: '' },
    ]);
    expect(report.reason).toBe('blocked by dnf');
  });

  it('stays one short line, whatever they are called', () => {
    const many = Array.from({ length: 500 }, (_, at) => ({
      ...BACKUP,
      who: at === 0 ? 'a\nb' : 'x'.repeat(10_000),
      why: '\u202ereversed',
    }));
    const { reason, evidence } = judgeInhibitors(many);
    expect(reason).toMatch(/^blocked by a b: \uFFFDreversed, by x+…: .*, and by 497 more$/);
    expect(reason.length).toBeLessThan(400);
    expect(evidence).toMatchObject({ who: 'a b', why: '\uFFFDreversed', blocking: 500 });
  });

  it('shortens a name of more than 100 characters, and no other', () => {
    const named = (length: number) =>
      judgeInhibitors([{ ...BACKUP, who: 'x'.repeat(length), why: '' }]).reason;
    expect(named(100)).toBe(`blocked by ${'x'.repeat(100)}`);
    expect(named(101)).toBe(`blocked by ${'x'.repeat(100)}…`);
  });

  it('cannot tell when logind cannot', async () => {
    const gate = inhibitorGate(() => Promise.reject(new BusError('bus_call_timeout', 'too slow')));
    await expect(gate.ask(question(), new AbortController().signal)).rejects.toThrow('too slow');
  });
});
