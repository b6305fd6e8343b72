import { expect, it } from 'vitest';

import { LineBytes, MOST_LINE_BYTES } from '../../../src/http/line-bytes.ts';

it('F2-line: an answer has as many bytes as that, and the next one has them anew', () => {
  const line = new LineBytes();
  for (let answer = 0; answer < 2; answer += 1) {
    line.requestSent();
    expect(line.isTooMuch(MOST_LINE_BYTES - 1)).toBe(false);
    expect(line.isTooMuch(1)).toBe(false);
    expect(line.isTooMuch(1)).toBe(true);
    expect(line.isTooMuch(0)).toBe(true);
  }
});
