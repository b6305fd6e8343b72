import fc from 'fast-check';
import { expect, it } from 'vitest';

import { agentFacts, explanationFacts, jobProgress, resultFacts } from '../../../src/cli/decode-agent.ts';
import { Dictionary } from '../../../src/cli/dictionary.ts';
import { Variant } from '../../../src/dbus/types.ts';
import { typedValue } from '../../support/bus-values.ts';
import { dictionary } from '../../support/fake-agent.ts';

it('reads each type, and nothing else', () => {
  const all = Dictionary.of(
    dictionary({
      s: 'a\u001bb',
      b: true,
      u: 7,
      x: 1_700_000_000_123_456n,
      texts: ['a', 'b'],
      inner: dictionary({ u: 1 }),
    }),
  );
  expect(all.text('s')).toBe('a\uFFFDb');
  expect(all.flag('b')).toBe(true);
  expect(all.number('u')).toBe(7);
  expect(all.instant('x')).toBe(1_700_000_000_123);
  expect(all.texts('texts')).toEqual(['a', 'b']);
  expect(all.dictionary('inner').number('u')).toBe(1);
  expect([all.text('u'), all.flag('s'), all.number('s'), all.instant('s'), all.text('gone')]).toEqual(
    Array(5).fill(undefined),
  );
  expect([all.texts('s'), all.dictionaries('s'), all.dictionary('s').isEmpty]).toEqual([[], [], true]);
});

it('knows no instant that a calendar does not have', () => {
  const all = Dictionary.of(dictionary({ x: 2n ** 63n - 1n, nan: new Variant('d', Number.NaN) }));
  expect([all.instant('x'), all.number('nan')]).toEqual([undefined, undefined]);
});

it('takes anything that an agent can send', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom('Health', 'Booted', 'Checks', 'Reboot', 'lower', 'gates', 'Progress', 'at', 'kind'),
        typedValue,
      ),
      (values) => {
        const sent = new Map(
          Object.entries(values).map(([key, { signature, value }]) => [key, new Variant(signature, value)]),
        );
        const read = [agentFacts(sent), explanationFacts(sent), jobProgress(sent), resultFacts(sent)];
        expect(() => JSON.stringify(read)).not.toThrow();
      },
    ),
  );
});
