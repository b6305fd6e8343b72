import { expect, it } from 'vitest';

import { modeText } from '../../../src/text/mode-text.ts';

it('writes the permissions of a file with four digits, without its kind', () => {
  expect([0o100640, 0o7, 0o41777, 0].map((mode) => modeText(mode))).toEqual(['0640', '0007', '1777', '0000']);
});
