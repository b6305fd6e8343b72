/**
 * Maintenance windows by brute force: minute by minute, each window is asked whether it opens. It shares no code with
 * the calendar of src/, so that a mistake there is not made here again.
 *
 * A window opens on a date at the first minute that shows its start time or a later one. It lasts for its length in
 * real time. Windows that touch are one. In a freeze nothing is open. The turn of a node lies within each open time.
 */
import { createHash } from 'node:crypto';

const MINUTE = 60_000;
const DAY_MINUTES = 1440;

export interface DrawnWindow {
  /** Monday is 1, Sunday 7. */
  readonly weekdays: readonly number[];
  readonly startMinutes: number;
  readonly lengthMinutes: number;
}

export interface DrawnFreeze {
  /** Read off a clock on the wall, as if that were UTC; or, not `isLocal`, instants. Milliseconds. */
  readonly fromAt: number;
  readonly untilAt: number;
  readonly isLocal: boolean;
}

export interface DrawnCalendar {
  readonly windows: readonly DrawnWindow[];
  readonly freezes: readonly DrawnFreeze[];
  readonly splayMinutes: number;
  /** Local time minus UTC, minutes, before and after the clocks change. */
  readonly offsets: readonly [number, number];
  readonly changesAt: number;
}

export class MinuteCalendar {
  readonly #baseAt: number;
  readonly #open: Uint8Array;
  readonly #frozen: Uint8Array;
  /** For each open minute, the first minute of its open time. */
  readonly #spanStart: Int32Array;
  /** For each minute, the first open one from there on; -1: none. */
  readonly #nextOpen: Int32Array;
  readonly #turnMs = new Map<number, number>();

  /** Knows the minutes of `[fromAt, fromAt + minutes)`, and needs the two days before. */
  constructor(drawn: DrawnCalendar, fromAt: number, minutes: number, nodeUuid: string) {
    const before = 2 * DAY_MINUTES;
    const count = before + minutes;
    this.#baseAt = Math.floor(fromAt / MINUTE) * MINUTE - before * MINUTE;
    this.#open = new Uint8Array(count);
    this.#frozen = new Uint8Array(count);
    this.#spanStart = new Int32Array(count);
    this.#nextOpen = new Int32Array(count);
    const base = this.#baseAt / MINUTE;
    const change = drawn.changesAt / MINUTE;
    const local = (minute: number): number =>
      base + minute + (base + minute < change ? drawn.offsets[0] : drawn.offsets[1]);
    this.#freeze(drawn.freezes, local, count);
    for (const window of drawn.windows) {
      let day = Math.floor(local(0) / DAY_MINUTES);
      if (local(0) >= day * DAY_MINUTES + window.startMinutes) {
        day += 1;
      }
      let closes = 0;
      let opens = day * DAY_MINUTES + window.startMinutes;
      for (let minute = 0; minute < count; minute++) {
        while (local(minute) >= opens) {
          // 1970-01-01 was a Thursday.
          if (window.weekdays.includes(((((day + 3) % 7) + 7) % 7) + 1)) {
            closes = minute + window.lengthMinutes;
          }
          day += 1;
          opens += DAY_MINUTES;
        }
        if (minute < closes && this.#frozen[minute] === 0) {
          this.#open[minute] = 1;
        }
      }
    }
    this.#span(drawn.splayMinutes, count, nodeUuid);
  }

  isOpen(at: number): boolean {
    return this.#open[this.#minuteOf(at)] === 1;
  }

  isFrozen(at: number): boolean {
    return this.#frozen[this.#minuteOf(at)] === 1;
  }

  /** A window is open, and the turn of the node has come. */
  allows(at: number): boolean {
    return this.isOpen(at) && this.#turnAt(this.#minuteOf(at)) <= at;
  }

  /** The first instant from `at` on at which it allows; undefined: none that it knows. */
  nextAllowed(at: number): number | undefined {
    const open = this.#nextOpen[this.#minuteOf(at)] ?? -1;
    return open < 0 ? undefined : Math.max(at, this.#baseAt + open * MINUTE, this.#turnAt(open));
  }

  #turnAt(minute: number): number {
    const start = this.#spanStart[minute] ?? 0;
    return this.#baseAt + start * MINUTE + (this.#turnMs.get(start) ?? 0);
  }

  #minuteOf(at: number): number {
    return Math.floor((at - this.#baseAt) / MINUTE);
  }

  #freeze(freezes: readonly DrawnFreeze[], local: (minute: number) => number, count: number): void {
    const utc = this.#baseAt / MINUTE;
    for (const { fromAt, untilAt, isLocal } of freezes) {
      const minuteOf = (ms: number): number => {
        for (let minute = 0; minute < count; minute++) {
          if ((isLocal ? local(minute) : utc + minute) >= ms / MINUTE) {
            return minute;
          }
        }
        return count;
      };
      this.#frozen.fill(1, minuteOf(fromAt), Math.max(minuteOf(fromAt), minuteOf(untilAt)));
    }
  }

  #span(splayMinutes: number, count: number, nodeUuid: string): void {
    const hash = createHash('sha256').update(`maintenance window splay ${nodeUuid}`).digest();
    const place = hash.readUIntBE(0, 6) / 2 ** 48;
    let next = -1;
    let end = count;
    for (let minute = count - 1; minute >= 0; minute--) {
      if (this.#open[minute] === 0) {
        end = minute;
      } else {
        next = minute;
        if (minute === 0 || this.#open[minute - 1] === 0) {
          this.#spanStart.fill(minute, minute, end);
          const seconds = Math.min(splayMinutes, end - minute - 1) * 60;
          this.#turnMs.set(minute, seconds <= 0 ? 0 : Math.floor(place * (seconds + 1)) * 1000);
        }
      }
      this.#nextOpen[minute] = next;
    }
  }
}
