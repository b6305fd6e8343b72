import { describe, expect, it } from 'vitest';

import { OBSERVED, openFrom, SHUT } from '../../../src/gates/timing.ts';
import { block, pass, unknown } from '../../../src/gates/verdict.ts';
import { ofGate, ofMachine } from '../../../src/why/candidate.ts';

describe('a gate of this node', () => {
  it('that is timed says all of its instants, and nothing is assumed of it', () => {
    const gate = ofGate({ report: block('periodic', 'outside_window', 'R'), ...openFrom(5000) });
    expect(gate).toMatchObject({
      openEnded: false,
      shown: { gate: 'periodic', class: 'timed', verdict: 'block', label: 'outside_window', reason: 'R' },
    });
    expect(gate.passAfter(1)).toEqual({ fromAt: 5000 });
    expect(gate).not.toHaveProperty('assumption');
    expect(gate.shown).not.toHaveProperty('evidence');
    expect(gate.shown).not.toHaveProperty('asOfAt');
    expect(ofGate({ report: unknown('periodic', 'clock', 'R'), ...SHUT }).openEnded).toBe(false);
  });

  it('that is observed and passes is not reckoned with', () => {
    const gate = ofGate({ report: pass('inhibitors', 'immediate', 'none'), ...OBSERVED });
    expect(gate.openEnded).toBe(false);
    expect(gate).not.toHaveProperty('assumption');
  });

  it.each([
    ['boot_complete', 'this boot is complete by then'],
    ['inhibitors', 'nobody inhibits a shutdown by then'],
    ['free_space', 'there is room on /boot by then'],
    ['marker', 'the permission file allows it by then'],
    ['hook', 'gate hook lets the node pass by then'],
  ])('that is observed and blocks is taken to pass by then: %s', (name, assumption) => {
    const gate = ofGate({ report: { ...block('marker', 'outside_window', 'R'), gate: name }, ...OBSERVED });
    expect(gate).toMatchObject({ openEnded: true, assumption });
  });

  it('that cannot tell is taken to tell by then', () => {
    const gate = ofGate({ report: { ...unknown('inhibitors', 'logind', 'R') }, ...OBSERVED });
    expect(gate).toMatchObject({
      openEnded: true,
      assumption: 'gate inhibitors can tell by then, and lets the node pass',
      shown: { verdict: 'unknown' },
    });
  });

  it('has its evidence, and when it was looked at where that is not now', () => {
    const report = { ...pass('uptime', 'immediate', 'R'), evidence: { upMs: 7 } };
    const gate = ofGate({ report, ...OBSERVED }, 99);
    expect(gate.shown).toMatchObject({ evidence: { upMs: 7 }, asOfAt: 99 });
  });
});

it('a gate of the machine is timed, and nothing is assumed of it', () => {
  const gate = ofMachine('enabled', 'block', 'disabled', 'R', SHUT.passAfter);
  expect(gate).toEqual({
    shown: { gate: 'enabled', class: 'timed', verdict: 'block', label: 'disabled', reason: 'R' },
    passAfter: SHUT.passAfter,
    openEnded: false,
  });
});
