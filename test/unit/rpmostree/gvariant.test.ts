/** The reader of one flag of a GVariant dictionary, on files of libostree 2025.2 and on whatever else there may be. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flagOfDictionary } from '../../../src/rpmostree/gvariant.ts';

const FIXTURES = join(import.meta.dirname, '../../fixtures/ostree');
const LOCKED = readFileSync(join(FIXTURES, 'staged-deployment.locked'));
const UNLOCKED = readFileSync(join(FIXTURES, 'staged-deployment.unlocked'));

/** `{'locked': <true>}` as GLib serialises it: the entry of 12 bytes and its end. */
const SMALL = Buffer.from('6c6f636b6564000001006207' + '0c', 'hex');

describe('R1: flagOfDictionary', () => {
  it('reads the lock that libostree writes', () => {
    expect(flagOfDictionary(LOCKED, 'locked')).toBe(true);
    expect(flagOfDictionary(UNLOCKED, 'locked')).toBe(false);
  });

  it('reads a dictionary whose ends have one byte each', () => {
    expect(flagOfDictionary(SMALL, 'locked')).toBe(true);
    expect(flagOfDictionary(SMALL, 'lock')).toBe('absent');
    expect(flagOfDictionary(new Uint8Array(), 'locked')).toBe('absent');
  });

  it('knows a key of another type, a key that begins alike, and one that is not there', () => {
    expect(flagOfDictionary(LOCKED, 'kargs')).toBeUndefined();
    expect(flagOfDictionary(LOCKED, 'target')).toBeUndefined();
    expect(flagOfDictionary(LOCKED, 'locke')).toBe('absent');
    expect(flagOfDictionary(LOCKED, '')).toBe('absent');
  });

  it('says nothing of a flag that is neither true nor false', () => {
    const two = Buffer.from(SMALL);
    two[8] = 2;
    expect(flagOfDictionary(two, 'locked')).toBeUndefined();
  });

  it('says nothing of a file that was cut off or is something else', () => {
    for (let length = 1; length < LOCKED.length; length += 1) {
      expect(['absent', undefined]).toContain(flagOfDictionary(LOCKED.subarray(0, length), 'locked'));
    }
    expect(flagOfDictionary(Buffer.from('{"locked": true}'), 'locked')).toBeUndefined();
    expect(flagOfDictionary(Buffer.alloc(100, 0xff), 'locked')).toBeUndefined();
  });

  it('ends in an answer whatever the bytes are', () => {
    const answers = [true, false, 'absent', undefined];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 700 }), fc.string(), (bytes, key) => {
        expect(answers).toContain(flagOfDictionary(bytes, key));
      }),
    );
    fc.assert(
      fc.property(fc.nat(LOCKED.length - 1), fc.nat(255), (at, value) => {
        const changed = Buffer.from(LOCKED);
        changed[at] = value;
        expect(answers).toContain(flagOfDictionary(changed, 'locked'));
      }),
    );
  });
});
