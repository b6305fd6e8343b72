import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  checkJson,
  GRAPH_JSON,
  JsonLimitError,
  METADATA_JSON,
  parseJsonBytes,
  parseJsonText,
  RECORD_JSON,
  SMALL_JSON,
  type JsonLimits,
} from '../../../src/text/bounded-json.ts';

const ROOMY: JsonLimits = {
  bytes: 1e6,
  depth: 100,
  containers: 1e6,
  values: 1e6,
  textLength: 1e6,
  keys: 1e6,
};
const ALL = { GRAPH_JSON, METADATA_JSON, RECORD_JSON, SMALL_JSON };

function refusal(text: string, limits: Partial<JsonLimits>): string {
  try {
    checkJson(text, { ...ROOMY, ...limits });
  } catch (error) {
    if (error instanceof JsonLimitError) {
      return error.message;
    }
    throw error;
  }
  return '';
}

describe('what is JSON', () => {
  it('is read as JSON.parse reads it, whatever it is', () => {
    fc.assert(
      fc.property(fc.json(), fc.boolean(), (text, indented) => {
        const written = indented ? JSON.stringify(JSON.parse(text), undefined, 2) : text;
        expect(parseJsonText(written, ROOMY)).toEqual(JSON.parse(written));
        expect(parseJsonBytes(Buffer.from(written), ROOMY)).toEqual(JSON.parse(written));
      }),
    );
  });

  it('may begin with a byte order mark', () => {
    expect(parseJsonBytes(Buffer.from('\uFEFF{"a":1}'), ROOMY)).toEqual({ a: 1 });
  });
});

describe('what is not JSON', () => {
  it('is a SyntaxError or too large, and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('[]{}",:\\ \n1aé😀')) }), (text) => {
        try {
          parseJsonText(text, { ...ROOMY, depth: 3, values: 5 });
        } catch (error) {
          expect(error instanceof SyntaxError || error instanceof JsonLimitError).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('F2: each limit', () => {
  it.each<[string, Partial<JsonLimits>, string]>([
    ['[[[]]]', { depth: 2 }, 'it must nest at most 2 deep, got more'],
    ['{"a":{"b":[]}}', { depth: 2 }, 'it must nest at most 2 deep, got more'],
    ['[[],[]]', { containers: 2 }, 'it must have at most 2 lists and objects, got more'],
    ['[1,2,3]', { values: 2 }, 'it must have at most 2 values, got more'],
    ['{"a":1,"b":2}', { values: 3 }, 'it must have at most 3 values, got more'],
    ['["four"]', { textLength: 3 }, 'it must have texts of at most 3 characters, got 4'],
    ['{"four":1}', { textLength: 3 }, 'it must have texts of at most 3 characters, got 4'],
    ['{"a":1,"b" : 2}', { keys: 1 }, 'it must have at most 1 different keys, got more'],
    ['[1]', { bytes: 2 }, 'it must have at most 2 characters, got 3'],
    ['["never closed', { textLength: 3 }, 'it must have texts of at most 3 characters, got 12'],
    [String.raw`["a\"bc"]`, { textLength: 3 }, 'it must have texts of at most 3 characters, got 5'],
  ])('%j: %j', (text, limits, message) => {
    expect(refusal(text, limits)).toBe(message);
  });

  it.each<[string, Partial<JsonLimits>]>([
    ['[[]]', { depth: 2 }],
    ['[1]', { bytes: 3 }],
    ['["abc"]', { textLength: 3 }],
    [' ["abc","abc"]', { textLength: 3 }],
    ['{"abc":1}', { textLength: 3 }],
    ['{"a":1,"a":2, "a":3}', { keys: 1 }],
    ['{"a"', { keys: 0 }],
    ['{"a" ', { keys: 0 }],
    ['[[[]],[[]]]', { depth: 3 }],
    ['[1,2]', { values: 2 }],
    ['[[],[]]', { containers: 3 }],
    ['["[[[{{{,,,:::"]', { depth: 1, containers: 1, values: 1 }],
    [String.raw`["\"[[[{{{,,,", "\\"]`, { depth: 1, containers: 1, values: 2 }],
    ['[{"a":1},{"a":2},"b"]', { keys: 1 }],
  ])('%j is just within %j', (text, limits) => {
    expect(refusal(text, limits)).toBe('');
  });

  it('counts bytes before they are decoded', () => {
    expect(parseJsonBytes(Buffer.from('"é"'), { ...ROOMY, bytes: 4 })).toBe('é');
    expect(() => parseJsonBytes(Buffer.from('"é"'), { ...ROOMY, bytes: 3 })).toThrow(
      'it must have at most 3 bytes, got 4',
    );
  });
});

describe('F2: what costs hundreds of megabytes', () => {
  const HOSTILE: Readonly<Record<string, (bytes: number) => string>> = {
    'lists in lists': (bytes) => '['.repeat(bytes),
    'objects in lists': (bytes) => '[{"a":'.repeat(bytes / 6),
    'empty objects': (bytes) => `[${'{},'.repeat(bytes / 3)}{}]`,
    'empty lists': (bytes) => `[${'[],'.repeat(bytes / 3)}[]]`,
    numbers: (bytes) => `[${'1,'.repeat(bytes / 2)}1]`,
    'one text with a wide letter': (bytes) => `["${'x'.repeat(bytes)}\u4e2d"]`,
    'a text of escapes': (bytes) => `["${String.raw`\u4e2d`.repeat(bytes / 6)}"]`,
    'different keys': (bytes) => `{${Array.from({ length: bytes / 12 }, (_, at) => `"${at}":0`).join(',')}}`,
    'layouts of objects': (bytes) =>
      `[${Array.from({ length: bytes / 24 }, (_, at) => `{"k${at}":0,"l${at}":0}`).join(',')}]`,
  };
  const CASES = Object.entries(ALL).flatMap(([name, limits]) =>
    Object.keys(HOSTILE).map((what) => ({ name, limits, what })),
  );

  it.each(CASES)('$name refuses $what', ({ limits, what }) => {
    const text = HOSTILE[what]!(limits.bytes - 1000);
    const before = process.memoryUsage().heapUsed;
    expect(() => parseJsonText(text, limits)).toThrow(JsonLimitError);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(24 * 1024 * 1024);
  });
});
