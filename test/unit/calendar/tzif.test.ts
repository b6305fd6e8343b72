/** Tests the parser of time zone files on made-up files, and against Intl and zdump on the files of this machine. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { IANAZone } from 'luxon';
import { describe, expect, it } from 'vitest';

import { TzifError, parseTzif } from '../../../src/calendar/tzif.ts';
import { offsetAt, openingInstant, type ZoneRules } from '../../../src/calendar/zone-rules.ts';
import { tzifBytes } from '../../support/tzif-bytes.ts';
import { computing } from '../../support/computing.ts';

const HOUR_S = 3600;
const DAY_MS = 86_400_000;
const ZONEINFO = '/usr/share/zoneinfo';
const ZDUMP = ['/usr/bin/zdump', '/usr/sbin/zdump'].find((file) => existsSync(file));

const SAMPLE = {
  types: [
    [-1234, 'LMT'],
    [HOUR_S, 'CET'],
    [2 * HOUR_S, 'CEST'],
  ],
  transitions: [
    [-1_000_000, 1],
    [0, 2],
    [1_000_000, 1],
  ],
  footer: 'CET-1CEST,M3.5.0,M10.5.0/3',
} as const;

describe('a made up file', () => {
  it('has each offset from its transition on, and then follows its rule', () => {
    const zone = parseTzif('X/Y', tzifBytes(SAMPLE));
    expect(zone.name).toBe('X/Y');
    expect(zone.periodAt(-1_000_000_001)).toEqual({
      fromAt: Number.NEGATIVE_INFINITY,
      untilAt: -1_000_000_000,
      offsetMs: -1_234_000,
      abbreviation: 'LMT',
    });
    expect(zone.periodAt(-1_000_000_000)).toMatchObject({ untilAt: 0, abbreviation: 'CET' });
    expect(zone.periodAt(0)).toMatchObject({ fromAt: 0, untilAt: 1_000_000_000, abbreviation: 'CEST' });
    expect(zone.periodAt(1_000_000_000)).toEqual({
      fromAt: 1_000_000_000,
      untilAt: Date.UTC(1970, 2, 29, 1),
      offsetMs: 3_600_000,
      abbreviation: 'CET',
    });
    expect(zone.periodAt(Date.UTC(2040, 6, 1)).abbreviation).toBe('CEST');
  });

  it('of version 1, or without a rule, keeps its last offset', () => {
    for (const source of [
      { ...SAMPLE, version: 1 as const },
      { ...SAMPLE, footer: '' },
    ]) {
      const zone = parseTzif('X', tzifBytes(source));
      expect(zone.periodAt(Date.UTC(2040, 6, 1))).toMatchObject({
        abbreviation: 'CET',
        untilAt: Number.POSITIVE_INFINITY,
      });
    }
  });

  it('in a larger buffer is read from its own beginning', () => {
    const bytes = tzifBytes(SAMPLE);
    const padded = Buffer.concat([Buffer.alloc(13, 1), bytes, Buffer.alloc(9, 1)]);
    const zone = parseTzif('X', padded.subarray(13, 13 + bytes.length));
    expect(zone.periodAt(0).abbreviation).toBe('CEST');
  });

  const good = tzifBytes(SAMPLE);
  const changed = (at: number, ...values: number[]): Buffer => {
    const copy = Buffer.from(good);
    values.forEach((value, index) => (copy[at + index] = value));
    return copy;
  };
  const second = good.indexOf('TZif', 1);

  it.each([
    ['nothing', Buffer.alloc(0), /header must stand at byte 0/],
    ['text', Buffer.from('Europe/Berlin\n'.repeat(10)), /"TZif" must stand at byte 0/],
    ['version 1 as a digit', changed(4, 0x31), /version/],
    ['no second part', good.subarray(0, second), /header must stand at byte/],
    ['an end in the middle', good.subarray(0, second + 60), /end of the file/],
    ['no end of the footer', good.subarray(0, good.length - 1), /footer between two line feeds/],
    [
      'a footer that begins elsewhere',
      changed(good.lastIndexOf('\nCET-1'), 0x20),
      /footer between two line feeds/,
    ],
    ['a million transitions', changed(second + 32, 0, 0x0f, 0x42, 0x40), /counts must be/],
    ['no types', changed(second + 36, 0, 0, 0, 0), /counts must be/],
    ['leap seconds', changed(second + 31, 1), /./],
    ['a type that does not exist', changed(second + 44 + 24, 7), /type that exists/],
    ['transitions out of order', changed(second + 44 + 8, 0xff), /must come after/],
    ['an offset of years', changed(second + 44 + 27, 0x7f), /below 26 hours/],
    ['an abbreviation from nowhere', changed(second + 44 + 27 + 5, 0xee), /abbreviation/],
  ])('with %s is refused', (_, bytes, reason) => {
    expect(() => parseTzif('X', bytes)).toThrow(TzifError);
    expect(() => parseTzif('X', bytes)).toThrow(reason);
  });

  it('with leap seconds is refused, because its times are not those of other zones', () => {
    // One leap second: eight bytes of time and four of its count, between the abbreviations and the footer.
    const footerAt = good.lastIndexOf('\nCET-1');
    const bytes = Buffer.concat([good.subarray(0, footerAt), Buffer.alloc(12), good.subarray(footerAt)]);
    bytes.writeUInt32BE(1, second + 28);
    expect(() => parseTzif('X', bytes)).toThrow('the times must be without leap seconds (no "right/" zone)');
  });

  it('may have what its first part says about leap seconds, which nobody reads', () => {
    const first = Buffer.concat([good.subarray(0, second), Buffer.alloc(8), good.subarray(second)]);
    first.writeUInt32BE(1, 28);
    expect(parseTzif('X', first).periodAt(0).abbreviation).toBe('CEST');
  });

  it('takes as many types and transitions as there may be, and not one more', () => {
    const types = (count: number) => Array.from({ length: count }, (_, index) => [index, 'A'] as const);
    const named = (count: number): Buffer =>
      tzifBytes({ types: types(count), transitions: [[0, Math.min(count - 1, 255)]] });
    expect(parseTzif('X', named(256)).periodAt(0).offsetMs).toBe(255_000);
    expect(() => parseTzif('X', named(257))).toThrow('got 1 transitions, 257 types');
    const often = (count: number): Buffer =>
      tzifBytes({
        types: [[0, 'AAA']],
        transitions: Array.from({ length: count }, (_, at) => [at, 0] as const),
      });
    expect(parseTzif('X', often(10_000)).periodAt(0).abbreviation).toBe('AAA');
    expect(() => parseTzif('X', often(10_001))).toThrow('counts must be');
  });

  it('with two transitions at one instant, an offset of 26 hours or an abbreviation with a blank is refused', () => {
    const twice = tzifBytes({
      types: [[0, 'AAA']],
      transitions: [
        [5, 0],
        [5, 0],
      ],
    });
    expect(() => parseTzif('X', twice)).toThrow('transition 1 must come after the one before');
    expect(() => parseTzif('X', tzifBytes({ types: [[26 * HOUR_S, 'AAA']] }))).toThrow('below 26 hours');
    expect(parseTzif('X', tzifBytes({ types: [[26 * HOUR_S - 1, 'AAA']] })).periodAt(0).abbreviation).toBe(
      'AAA',
    );
    expect(() => parseTzif('X', tzifBytes({ types: [[0, ' AAA']] }))).toThrow('must have an abbreviation');
  });

  it('may end with its header where there is nothing else to say', () => {
    const end = Buffer.concat([good.subarray(0, second), good.subarray(second, second + 44)]);
    expect(() => parseTzif('X', end)).toThrow('the data must be as long as the header says');
  });

  it('with a footer that is no rule is refused', () => {
    expect(() => parseTzif('X', tzifBytes({ ...SAMPLE, footer: 'CET' }))).toThrow(SyntaxError);
  });

  it('of any bytes at all is read or refused, and what is read answers', () => {
    const outcomes = { read: 0, refused: 0 };
    const check = (bytes: Uint8Array): void => {
      const usedMs = computing();
      try {
        const zone = parseTzif('X', bytes);
        outcomes.read++;
        for (const at of [-1e12, 0, 1e12, 1.7e12, 4e12]) {
          const period = zone.periodAt(at);
          expect(period.fromAt <= at && at < period.untilAt).toBe(true);
          expect(Number.isFinite(openingInstant(zone, at))).toBe(true);
        }
      } catch (error) {
        if (!(error instanceof TzifError) && !(error instanceof SyntaxError)) {
          throw error;
        }
        outcomes.refused++;
      }
      expect(usedMs()).toBeLessThan(1000);
    };
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: good.length - 1 }), fc.nat({ max: 255 })), { maxLength: 4 }),
        fc.option(fc.nat({ max: good.length }), { nil: undefined, freq: 3 }),
        (edits, cut) => {
          const bytes = Buffer.from(good);
          for (const [at, value] of edits) {
            bytes[at] = value;
          }
          check(cut === undefined ? bytes : bytes.subarray(0, cut));
        },
      ),
      { numRuns: 6000, seed: 11 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
        check(Buffer.concat([good.subarray(0, 5), bytes])),
      ),
      { numRuns: 1000, seed: 12 },
    );
    expect(outcomes.read).toBeGreaterThan(500);
    expect(outcomes.refused).toBeGreaterThan(500);
  });
});

/** The files of this machine. Zones without a file are left out. */
function hostZone(name: string): ZoneRules | undefined {
  const file = `${ZONEINFO}/${name}`;
  return existsSync(file) ? parseTzif(name, readFileSync(file)) : undefined;
}

/** Every instant at which something changes, and the millisecond before it. */
function edges(zone: ZoneRules, fromAt: number, untilAt: number): number[] {
  const found: number[] = [];
  for (let at = fromAt; at < untilAt;) {
    const next = zone.periodAt(at).untilAt;
    if (next < untilAt) {
      found.push(next - 1, next);
    }
    at = next;
  }
  return found;
}

const ZONES = Intl.supportedValuesOf('timeZone');
/** Versions of the time zone data differ in the future, in corrections of the past, and in merged names. */
const FROM = Date.UTC(1975, 0, 1);
const UNTIL = Date.UTC(2025, 0, 1);

describe.skipIf(!existsSync(`${ZONEINFO}/Europe/Berlin`))('the files of this machine', () => {
  it('say what Intl says, in all zones but those few that their versions differ on', () => {
    const different: string[] = [];
    let compared = 0;
    for (const name of ZONES) {
      const host = hostZone(name);
      const builtIn = IANAZone.create(name);
      if (host === undefined || !builtIn.isValid) {
        continue;
      }
      compared++;
      const instants = edges(host, FROM, UNTIL);
      for (let at = FROM; at < UNTIL; at += 90 * DAY_MS) {
        instants.push(at);
      }
      if (instants.some((at) => offsetAt(host, at) !== builtIn.offset(at) * 60_000)) {
        different.push(name);
      }
    }
    expect(compared).toBeGreaterThan(300);
    expect(different.length, different.join(' ')).toBeLessThan(12);
    for (const name of [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Pacific/Apia',
      'Europe/Dublin',
    ]) {
      expect(different).not.toContain(name);
    }
  });

  it.skipIf(ZDUMP === undefined)('say what zdump says, up to 2060', () => {
    const names = ZONES.filter((_, index) => index % 10 === 0).concat(
      ['America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Antarctica/Troll', 'Pacific/Apia'],
      ['Europe/Dublin', 'America/Nuuk', 'Asia/Gaza', 'America/Santiago', 'Africa/El_Aaiun', 'Europe/Berlin'],
    );
    let compared = 0;
    for (const name of names) {
      const zone = hostZone(name);
      if (zone === undefined) {
        continue;
      }
      const out = execFileSync(ZDUMP!, ['-v', '-c', '1900,2060', name], { encoding: 'utf8' });
      for (const line of out.split('\n')) {
        const match = /\w{3} (\w{3} +\d+ [\d:]{8} \d{4}) UTC? = .* (\S+) isdst=\d gmtoff=(-?\d+)$/.exec(line);
        if (match === null) {
          continue;
        }
        const at = Date.parse(`${match[1]} UTC`);
        expect(zone.periodAt(at), line).toMatchObject({
          offsetMs: Number(match[3]) * 1000,
          abbreviation: match[2],
        });
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(1000);
  });
});
