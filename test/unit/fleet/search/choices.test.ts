import { describe, expect, it } from 'vitest';

import { Choices } from '../../../../src/fleet/search/choices.ts';

/** All ways through a step that asks three questions; the second only after one answer to the first. */
function waysOf(choices: Choices): string[] {
  const ways: string[] = [];
  do {
    const first = choices.choose(2);
    const second = first === 1 ? choices.choose(3) : '-';
    ways.push(`${first}${second}${choices.choose(1)}`);
  } while (choices.next());
  return ways;
}

describe('choices', () => {
  it('come to every way once, the one of first options first', () => {
    expect(waysOf(new Choices())).toEqual(['0-0', '100', '110', '120']);
  });

  it('begin anew with another step, wherever they were', () => {
    const choices = new Choices();
    choices.choose(5);
    choices.next();
    choices.clear();
    expect(waysOf(choices)).toHaveLength(4);
    expect(waysOf(choices)).toHaveLength(4);
  });
});
