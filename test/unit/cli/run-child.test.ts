import { expect, it } from 'vitest';

import { isForeground } from '../../../src/cli/run-child.ts';

it.each([
  ['4711 (node) S 1 4711 4711 34816 4711 4194304 1', true],
  ['4711 (a) S 9) R 1 4711 4700 34816 4711 4194304 1', true],
  ['4711 (node) S 1 4711 4711 34816 4712 4194304 1', false],
  ['4711 (node) S 1 4711 4711 0 -1 4194304 1', false],
  ['', false],
])('whether the terminal sends its signals to the process: %s', (stat, expected) => {
  expect(isForeground(stat)).toBe(expected);
});
