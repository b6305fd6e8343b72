import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Entry } from '../../../src/history/entry.ts';
import { LONGEST_LINE, lineOf, readEntries } from '../../../src/history/entry-text.ts';

const ENTRY: Entry = {
  at: Date.UTC(2026, 10, 25, 15, 2),
  kind: 'staged',
  text: 'update staged: 43.1',
  fields: { release: '43.1', bytes: 5, locked: true },
};
const bytesOf = (text: string) => Buffer.from(text, 'utf8');
const anyEntry: fc.Arbitrary<Entry> = fc.record({
  at: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  kind: fc.string({ maxLength: 60, unit: 'binary' }),
  text: fc.string({ maxLength: 3000, unit: 'binary' }),
  fields: fc.dictionary(
    fc.string({ maxLength: 60, unit: 'binary' }),
    fc.oneof(fc.string({ maxLength: 500, unit: 'binary' }), fc.integer(), fc.boolean()),
    { maxKeys: 20 },
  ),
});

describe('a line of the history', () => {
  it('comes back as it was', () => {
    expect(readEntries(bytesOf(lineOf(ENTRY)))).toEqual({ entries: [ENTRY], damaged: 0, endsWhole: true });
  });

  it('is bounded and one line, whatever its texts are, and what comes back stays as it is', () => {
    fc.assert(
      fc.property(anyEntry, (entry) => {
        const line = lineOf(entry);
        expect(Buffer.byteLength(line)).toBeLessThanOrEqual(LONGEST_LINE);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const read = readEntries(bytesOf(line));
        expect(read.damaged).toBe(0);
        expect(read.entries.map(lineOf)).toEqual([line]);
      }),
    );
  });

  it('has no control characters of a server in it', () => {
    const line = lineOf({ ...ENTRY, text: 'a\u001b[2Jb\nc', fields: { 'x\u0007': '\u001b]0;t\u0007' } });
    expect(line).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|\\u00[01]/);
  });
});

describe('readEntries', () => {
  const text = lineOf(ENTRY) + lineOf({ ...ENTRY, at: 1 }) + lineOf({ ...ENTRY, at: 2 });

  it('loses at most the last line, wherever the file was cut', () => {
    const bytes = bytesOf(text);
    const ends = [...bytes].flatMap((byte, index) => (byte === 0x0a ? [index + 1] : []));
    for (let length = 0; length <= bytes.length; length += 1) {
      const read = readEntries(bytes.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length;
      // A line without its end mark alone is whole too.
      const isAll = ends.includes(length + 1);
      expect(read.entries).toHaveLength(whole + (isAll ? 1 : 0));
      expect(read.damaged).toBe(length === 0 || ends.includes(length) || isAll ? 0 : 1);
      expect(read.endsWhole).toBe(length === 0 || ends.includes(length));
    }
  });

  it('leaves out a line of which one bit is other than it was written', () => {
    const bytes = bytesOf(lineOf(ENTRY));
    for (let index = 0; index < bytes.length - 1; index += 1) {
      const changed = Uint8Array.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(readEntries(changed).entries, `byte ${index}`).toEqual([]);
    }
  });

  it('reads what follows a torn line that was ended', () => {
    const read = readEntries(bytesOf(`${lineOf(ENTRY).slice(0, 30)}\n${lineOf({ ...ENTRY, at: 7 })}`));
    expect(read.entries.map(({ at }) => at)).toEqual([7]);
    expect(read.damaged).toBe(1);
  });

  it.each([
    ['no object', '[]'],
    ['no fields', '{"at":1,"kind":"k","text":"t"}'],
    ['fields that are a list', '{"at":1,"kind":"k","text":"t","fields":[]}'],
    ['an instant that is a text', '{"at":"1","kind":"k","text":"t","fields":{}}'],
    ['an instant that is no whole number', '{"at":1.5,"kind":"k","text":"t","fields":{}}'],
    ['a kind that is a number', '{"at":1,"kind":1,"text":"t","fields":{}}'],
    ['a text that is missing', '{"at":1,"kind":"k","fields":{}}'],
    ['no JSON', '{"at":1'],
  ])('leaves out a line with a good checksum and %s', async (_what, json) => {
    const { crc32 } = await import('node:zlib');
    const line = `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
    expect(readEntries(bytesOf(line))).toEqual({ entries: [], damaged: 1, endsWhole: true });
  });

  it('leaves out fields of other types, and keeps a kind that it does not know', async () => {
    const { crc32 } = await import('node:zlib');
    const json =
      '{"at":1,"kind":"from-the-future","text":"t","fields":{"a":null,"b":[1],"c":"d","e":{"f":1}}}';
    const line = `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
    expect(readEntries(bytesOf(line)).entries).toEqual([
      { at: 1, kind: 'from-the-future', text: 't', fields: { c: 'd' } },
    ]);
  });
});
