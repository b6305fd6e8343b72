import { describe, expect, it } from 'vitest';

import {
  judgeMarker,
  type MarkerReading,
  markerGate,
  MAX_MARKER_BYTES,
  timeMarker,
} from '../../../src/strategies/marker.ts';
import { block } from '../../../src/gates/verdict.ts';
import { question } from '../../support/question.ts';

const PATH = '/etc/zincati/allow-reboot';
const NOW = Date.parse('2026-03-01T12:00:00Z');

function file(text: string | Uint8Array, changes: object = {}): MarkerReading {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  return { kind: 'file', uid: 0, mode: 0o644, links: 1, bytes, ...changes };
}

function judge(reading: MarkerReading, at = NOW) {
  return judgeMarker(reading, question(at), { path: PATH, ownerUid: 0 });
}

describe('a permission file', () => {
  it.each([
    ['an empty one', ''],
    ['a comment', '# allowed by the change board\n'],
    ['a date to come', 'not_after = 2026-03-01T12:00:01Z'],
    ['this very instant', 'not_after = 2026-03-01 13:00:00+01:00'],
    ['one as long as it may be', '#'.repeat(MAX_MARKER_BYTES)],
  ])('allows with %s', (_name, text) => {
    expect(judge(file(text))).toMatchObject({ gate: 'marker', verdict: 'pass', label: 'marker' });
  });

  it('blocks when it has expired, and says since when', () => {
    expect(judge(file('not_after = 2026-03-01T13:59:59+02:00'))).toEqual({
      gate: 'marker',
      verdict: 'block',
      label: 'marker_expired',
      reason: `no permission to reboot: ${PATH} expired on Sun 2026-03-01 11:59:59 UTC`,
      evidence: { path: PATH, found: 'file', notAfterAt: NOW - 1000 },
    });
  });

  it('names another owner by number, if not root must own the file', () => {
    const rules = { path: PATH, ownerUid: 500 };
    expect(judgeMarker(file('', { uid: 500 }), question(NOW), rules)).toMatchObject({ verdict: 'pass' });
    expect(judgeMarker(file(''), question(NOW), rules).reason).toContain(
      'must be owned by uid 500, got uid 0',
    );
  });

  it('names the first instant at which it no longer allows, and none where it always does', () => {
    const dated = file('not_after = 2026-03-01T12:00:01Z');
    const { passEndsAt } = judge(dated);
    expect(passEndsAt).toBe(NOW + 1001);
    expect(judge(dated, passEndsAt! - 1)).toMatchObject({ verdict: 'pass', passEndsAt });
    expect(judge(dated, passEndsAt).verdict).toBe('block');
    expect(judge(file(''))).toEqual({
      gate: 'marker',
      verdict: 'pass',
      label: 'marker',
      reason: `${PATH} allows it`,
      evidence: { path: PATH, found: 'file' },
    });
  });

  it('blocks when it is not there', () => {
    expect(judge({ kind: 'missing' })).toEqual({
      gate: 'marker',
      verdict: 'block',
      label: 'marker_missing',
      reason: `no permission to reboot: ${PATH} must exist`,
      evidence: { path: PATH, found: 'missing' },
    });
  });

  it.each<[string, MarkerReading, string]>([
    ['a symbolic link', { kind: 'symbolic-link' }, 'must be a regular file, got a symbolic link'],
    ['a directory', { kind: 'special' }, 'must be a regular file, got something else'],
    ['what cannot be read', { kind: 'unreadable', message: 'EACCES' }, 'must be readable: EACCES'],
    ['a user', file('', { uid: 1000 }), 'must be owned by root, got uid 1000'],
    ['all may write', file('', { mode: 0o666 }), 'must not be writable by group or others, got mode 0666'],
    [
      'a group may write',
      file('', { mode: 0o664 }),
      'must not be writable by group or others, got mode 0664',
    ],
    ['sticky', file('', { mode: 0o1602 }), 'must not be writable by group or others, got mode 1602'],
    ['two names', file('', { links: 2 }), 'must have no other name, got 2 hard links'],
    ['too long', file('#'.repeat(MAX_MARKER_BYTES + 1)), `must be at most ${MAX_MARKER_BYTES} bytes long`],
  ])('is refused: %s', (_name, reading, reason) => {
    expect(judge(reading)).toEqual({
      gate: 'marker',
      verdict: 'block',
      label: 'marker_refused',
      reason: `no permission to reboot: ${PATH} ${reason}`,
      evidence: { path: PATH, found: reading.kind },
    });
  });

  const DATE = 'not_after must be a date and time with offset, such as 2026-01-31T18:00:00Z';

  it.each([
    ['yes', `${PATH}: line 1 must be TOML: `],
    ['not_after = "2027-01-01T00:00:00Z"', `${PATH}: ${DATE}`],
    ['not_after = 2027-01-01T00:00:00', `${PATH}: ${DATE}`],
    ['not_after = 2027-01-01', `${PATH}: ${DATE}`],
    ['not_after = 12:00:00', `${PATH}: ${DATE}`],
    ['not_after = 1', `${PATH}: ${DATE}`],
    ['not_after = 2027-02-30T00:00:00Z', `${PATH}: line 1 must be TOML: `],
    ['not_afer = 2027-01-01T00:00:00Z', `${PATH}: not_afer must not be there; the one key is not_after`],
    ['not_after = 2027-01-01T00:00:00Z\nnot_after = 2028-01-01T00:00:00Z', `${PATH}: line 2 must be TOML: `],
    ['[not_after]', `${PATH}: ${DATE}`],
    ['\u0000', `${PATH}: `],
  ])('is refused with the contents %j', (text, reason) => {
    const report = judge(file(text));
    expect(report).toMatchObject({
      verdict: 'block',
      label: 'marker_refused',
      evidence: { path: PATH, found: 'file' },
    });
    expect(report.reason).toContain(`no permission to reboot: ${reason}`);
    expect(report.reason).not.toMatch(/[\n\0]/);
  });

  it('is refused with bytes that are no text', () => {
    expect(judge(file(Uint8Array.of(0xff, 0xfe))).reason).toContain('must be UTF-8 text');
  });

  it('is read at every question', async () => {
    let reading: MarkerReading = { kind: 'missing' };
    const gate = markerGate({ path: PATH, read: () => Promise.resolve(reading) });
    const { signal } = new AbortController();
    expect((await gate.ask(question(NOW), signal)).verdict).toBe('block');
    reading = file('');
    expect((await gate.ask(question(NOW), signal)).verdict).toBe('pass');
    expect(gate.name).toBe('marker');
  });

  it.each<[string, MarkerReading, string, object | undefined]>([
    [
      'until its date',
      file('not_after = 2026-03-01T12:00:01Z'),
      'timed',
      { fromAt: NOW, untilAt: NOW + 1001 },
    ],
    ['never again after it', file('not_after = 2026-03-01T11:00:00Z'), 'timed', undefined],
    ['from now on without one', file(''), 'observed', { fromAt: NOW }],
    [
      'from now on where it is not there, since it may come',
      { kind: 'missing' },
      'observed',
      { fromAt: NOW },
    ],
  ])('passes %s', async (_how, reading, of, pass) => {
    const gate = markerGate({ path: PATH, read: () => Promise.resolve(reading) });
    const explained = await gate.explain(question(NOW), new AbortController().signal);
    expect(explained.class).toBe(of);
    expect(explained.passAfter(NOW)).toEqual(pass);
  });

  it('says nothing of later where its report is remembered without evidence', () => {
    expect(timeMarker(block('marker', 'marker_missing', '')).class).toBe('observed');
  });
});
