import ICAL from 'ical.js';
import { describe, expect, it } from 'vitest';

import { icalendar } from '../../../src/calendar/icalendar.ts';

const NOW = Date.UTC(2026, 10, 25, 12);
const EVENT = {
  uid: 'u1@zincati',
  startAt: Date.UTC(2026, 10, 28, 1, 7),
  endAt: Date.UTC(2026, 10, 28, 3),
  summary: 'maintenance window',
  isBusy: true,
};

function read(text: string) {
  const calendar = new ICAL.Component(ICAL.parse(text) as unknown[]);
  return calendar.getAllSubcomponents('vevent').map((component) => {
    const event = new ICAL.Event(component);
    return {
      uid: event.uid,
      startAt: event.startDate.toJSDate().getTime(),
      endAt: event.endDate.toJSDate().getTime(),
      summary: event.summary,
      isBusy: component.getFirstPropertyValue('transp') === 'OPAQUE',
    };
  });
}

describe('icalendar', () => {
  it('is read by another program as it was meant', () => {
    const events = [
      EVENT,
      { ...EVENT, uid: 'u2', isBusy: false, summary: 'freeze: "a, b"; c\\d\nnext line' },
    ];
    expect(read(icalendar(events, NOW))).toEqual(events);
  });

  it('is a calendar too where nothing comes', () => {
    expect(read(icalendar([], NOW))).toEqual([]);
  });

  it('has no line of more than 75 octets, and cuts no character', () => {
    const summary = `freeze: ${'größe 😀 '.repeat(40)}end`;
    const text = icalendar([{ ...EVENT, summary }], NOW);
    for (const line of text.split('\r\n')) {
      expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    }
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(read(text)[0]?.summary).toBe(summary);
  });

  it('writes instants in UTC without fractions of a second', () => {
    const text = icalendar([{ ...EVENT, startAt: EVENT.startAt + 123 }], NOW + 7);
    expect(text).toContain(
      '\r\nDTSTAMP:20261125T120000Z\r\nDTSTART:20261128T010700Z\r\nDTEND:20261128T030000Z\r\n',
    );
  });

  it('folds a line where it has 75 octets, and no line before', () => {
    const linesOf = (length: number): string[] =>
      icalendar([{ ...EVENT, summary: 'x'.repeat(length - 'SUMMARY:'.length) }], NOW)
        .split('\r\n')
        .filter((line) => /x/.test(line));
    expect(linesOf(75).map((line) => line.length)).toEqual([75]);
    expect(linesOf(76).map((line) => line.length)).toEqual([75, 2]);
    // What goes on begins with a blank, which counts.
    expect(linesOf(150).map((line) => line.length)).toEqual([75, 75, 2]);
  });
});
