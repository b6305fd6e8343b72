/** Lines of the log, as data, and the words that all of them are made of. Pure. */
import { printable } from '../errors.ts';
import type { Release } from '../agent/release.ts';

export type Level = 'error' | 'warn' | 'info' | 'debug';

export interface Line {
  readonly level: Level;
  readonly text: string;
  /** For machines that read the log. */
  readonly fields?: Readonly<Record<string, string>>;
}

export function info(text: string): Line {
  return { level: 'info', text };
}

export function debug(text: string): Line {
  return { level: 'debug', text };
}

export function name(release: Release): string {
  return printable(release.version);
}

/** `1.6 s`, `90 s`: tenths only where they are a part of it that counts. */
export function inSeconds(ms: number): string {
  const seconds = ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000);
  return `${seconds} s`;
}

/** `1 minute`, `10 minutes`. */
export function inMinutes(minutes: number): string {
  return `${minutes} minute${minutes === 1 ? '' : 's'}`;
}
