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
});
