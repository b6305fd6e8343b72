/** How a log line looks to people and to the journal. Pure. */
import { printable } from '../errors.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type LineStyle = 'journal' | 'plain' | 'colour';

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Syslog priorities, as sd-daemon(3) has them. The journal has no level below debug. */
const PRIORITY: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7, trace: 7 };

const COLOUR: Readonly<Record<LogLevel, string>> = {
  error: '\u001b[31m',
  warn: '\u001b[33m',
  info: '\u001b[32m',
  debug: '\u001b[36m',
  trace: '\u001b[90m',
};
const DIM = '\u001b[90m';
const PLAIN = '\u001b[0m';

/** A message is a sentence or a short list. What is longer than this is not for a log. */
const MOST_LINES = 20;

/**
 * Keeps line breaks, up to {@link MOST_LINES} lines. Replaces all other control characters, and hides what looks like
 * user and password in a URL.
 */
export function cleanText(text: string): string {
  const lines = text.trimEnd().split(/\r?\n|\r/);
  const kept = lines.slice(0, MOST_LINES).map((line) => withoutUserInfo(printable(line)));
  if (lines.length > MOST_LINES) {
    kept.push(`(${lines.length - MOST_LINES} more lines)`);
  }
  return kept.join('\n');
}

/** One record as text. Each of its lines has the prefix and ends in a newline. `at`: milliseconds since 1970 UTC. */
export function lineFor(
  style: LineStyle,
  level: LogLevel,
  message: string,
  fields: Fields,
  at: number,
): string {
  const [first = '', ...rest] = message.split('\n');
  const prefix = prefixOf(style, level, at);
  return [first + suffix(fields), ...rest].map((line) => `${prefix}${line}\n`).join('');
}

function prefixOf(style: LineStyle, level: LogLevel, at: number): string {
  const word = level.toUpperCase().padEnd(5);
  const time = new Date(at).toISOString();
  switch (style) {
    case 'journal':
      return `<${PRIORITY[level]}>`;
    case 'plain':
      return `${time} ${word} `;
    case 'colour':
      return `${DIM}${time.slice(11, 19)}${PLAIN} ${COLOUR[level]}${word}${PLAIN} `;
  }
}

/** ` key=value key="two words"`, or nothing. */
function suffix(fields: Fields): string {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => {
      const text = String(value).replaceAll('\n', ' ');
      return ` ${key}=${/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)}`;
    })
    .join('');
}

/** Scheme and user part: all up to the last `@` before the path. `@sha256:` is the digest of a container image. */
const USER_INFO = /\b([a-z][a-z0-9+.-]{0,15}:\/\/)[^\s/?#]*@(?!sha(?:256|512):)/gi;

function withoutUserInfo(line: string): string {
  return line.replaceAll(USER_INFO, '$1***@');
}
