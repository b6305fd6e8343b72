/** What the methods of Agent1 have in common. Pure. */
import { OVERRIDES, type Override } from '../agent/overrides.ts';
import { readWord } from './options.ts';

/** A method with options as its last argument. `first`: the name of a text before them; `out`: what it returns. */
export function withOptions(member: string, first = '', out = '', outName = 'job') {
  return first === ''
    ? { member, in: 'a{sv}', argNames: ['options'], out, outNames: out === '' ? [] : [outName] }
    : { member, in: 'sa{sv}', argNames: [first, 'options'], out, outNames: out === '' ? [] : [outName] };
}

export function readOverrides(given: readonly string[] = []): readonly Override[] {
  const words = given.slice(0, OVERRIDES.length + 1).map((word) => readWord('override', word, OVERRIDES));
  return OVERRIDES.filter((override) => words.includes(override));
}
