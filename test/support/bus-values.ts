/** Arbitrary D-Bus signatures and matching values, for property tests. */
import fc from 'fast-check';

import { type BusValue, Variant } from '../../src/dbus/types.ts';

export interface TypedValue {
  readonly signature: string;
  readonly value: BusValue;
}

type Basic = string | number | bigint | boolean;

const text = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((value) => !value.includes('\0'));
const path = fc
  .array(fc.stringMatching(/^[A-Za-z0-9_]{1,6}$/), { maxLength: 4 })
  .map((parts) => `/${parts.join('/')}`);

const BASIC: Readonly<Record<string, fc.Arbitrary<Basic>>> = {
  y: fc.integer({ min: 0, max: 255 }),
  b: fc.boolean(),
  n: fc.integer({ min: -0x8000, max: 0x7fff }),
  q: fc.integer({ min: 0, max: 0xffff }),
  i: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
  u: fc.integer({ min: 0, max: 0xffff_ffff }),
  x: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  t: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  d: fc.double(),
  s: fc.oneof(text, fc.constantFrom('__proto__', 'constructor', '')),
  o: path,
  g: fc.constantFrom('', 's', 'a{sv}', '(iai)', 'aa{sv}v'),
};

const basicType = fc.constantFrom(...Object.keys(BASIC));

const { signature } = fc.letrec<{ signature: string }>((tie) => ({
  signature: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    basicType,
    fc.constant('v'),
    fc.constant('ay'),
    tie('signature').map((element) => `a${element}`),
    fc.tuple(basicType, tie('signature')).map(([key, value]) => `a{${key}${value}}`),
    fc.array(tie('signature'), { minLength: 1, maxLength: 3 }).map((fields) => `(${fields.join('')})`),
  ),
}));

/** One complete type and a value of it. */
export const typedValue: fc.Arbitrary<TypedValue> = signature
  .filter((type) => type.length < 200)
  .chain((type) => {
    const [arbitrary] = valueOf(type, 3);
    return arbitrary.map((value) => ({ signature: type, value }));
  });

/** The values of the first complete type of `types`, and what follows it. */
function valueOf(types: string, variants: number): readonly [fc.Arbitrary<BusValue>, string] {
  const first = types.charAt(0);
  if (first === 'v') {
    const inner = variants === 0 ? basicType : signature;
    return [
      inner.chain((type) =>
        valueOf(type, Math.max(0, variants - 1))[0].map((value) => new Variant(type, value)),
      ),
      types.slice(1),
    ];
  }
  if (types.startsWith('ay')) {
    return [fc.uint8Array({ maxLength: 9 }), types.slice(2)];
  }
  if (types.startsWith('a{')) {
    const key = BASIC[types.charAt(2)] ?? fc.constant('');
    const [value, rest] = valueOf(types.slice(3), variants);
    const entries = fc.array(fc.tuple(key, value), { maxLength: 3 });
    return [entries.map((pairs) => new Map(pairs)), rest.slice(1)];
  }
  if (first === 'a') {
    const [element, rest] = valueOf(types.slice(1), variants);
    return [fc.array(element, { maxLength: 3 }), rest];
  }
  if (first === '(') {
    const fields: fc.Arbitrary<BusValue>[] = [];
    let rest = types.slice(1);
    while (!rest.startsWith(')')) {
      const [field, after] = valueOf(rest, variants);
      fields.push(field);
      rest = after;
    }
    return [fc.tuple(...fields), rest.slice(1)];
  }
  return [BASIC[first] ?? fc.constant(''), types.slice(1)];
}
