import { describe, expect, it } from 'vitest';
import { announce } from '../../../src/agent/narrate.ts';
import { initialModel } from '../../../src/agent/state.ts';

describe('how long something takes', () => {
  it.each([
    [0, '0 s'],
    [40, '0 s'],
    [1600, '1.6 s'],
    [2000, '2 s'],
    [9949, '9.9 s'],
    [9999, '10 s'],
    [10_400, '10 s'],
    [300_000, '300 s'],
  ])('%d ms are told as %s', (forMs, told) => {
    expect(announce(initialModel(), { kind: 'wait', forMs })).toEqual([
      { level: 'debug', text: `StartState: waiting ${told}` },
    ]);
  });
});
