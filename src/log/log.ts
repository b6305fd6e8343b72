/**
 * The log on standard error. The only file that knows pino.
 *
 * Invariants:
 * - Lines are written in order, each before its call returns. So nothing is lost at exit.
 * - A reader that is gone or too slow neither ends nor holds the agent.
 * - Nothing in a message can break its line, move the cursor or show the user part of a URL.
 * - A message is one contiguous piece of text, so phrases can be searched for.
 */
import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';

import { pino } from 'pino';

import type { LogFormat } from './log-format.ts';
import { cleanText, lineFor, LOG_LEVELS, type Fields, type LineStyle, type LogLevel } from './log-line.ts';
import { writeToStderr } from './write-stderr.ts';

export { LOG_LEVELS, type Fields, type LogLevel } from './log-line.ts';

export interface Logger {
  error(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  trace(message: string, fields?: Fields): void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What may be changed while the agent runs. */
export interface LevelControl {
  level(): LogLevel;
  setLevel(level: LogLevel): void;
  /** Where lines go, in systemd's words. */
  readonly target: 'journal' | 'console';
}

export interface LogOptions {
  /** The least severe level that is written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** The environment of the process: JOURNAL_STREAM and NO_COLOR count. */
  readonly env: Environment;
  /** Takes one whole record at each call. Left out: standard error. */
  readonly write?: (text: string) => void;
  /** Milliseconds since 1970 UTC. */
  readonly now?: () => number;
}

/** `verbosity`: how often -v was given. None: warnings. One: info. Two: debug. More: trace. */
export function levelOf(verbosity: number): LogLevel {
  return (['warn', 'info', 'debug'] as const)[verbosity] ?? 'trace';
}

const STDERR_FD = 2;

export function createLogger(options: LogOptions): Logger & LevelControl {
  const { level, env, write = (text: string) => writeToStderr(text), now = Date.now } = options;
  const style = styleOf(options, env);
  const destination =
    style === 'json'
      ? { write }
      : {
          // This makes pino hand over the parts of each record beside its JSON.
          [Symbol.for('pino.metadata')]: true,
          lastLevel: 0,
          lastMsg: '',
          lastObj: {} as Fields,
          write() {
            const fields = log.isLevelEnabled('debug') ? this.lastObj : {};
            write(lineFor(style, nameOf(this.lastLevel), this.lastMsg, fields, now()));
          },
        };
  const log = pino(
    {
      level,
      base: null,
      // Below a key of their own, fields cannot be mistaken for the time or the level.
      nestedKey: 'fields',
      timestamp: () => `,"time":"${new Date(now()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const writerFor =
    (lineLevel: LogLevel) =>
    (message: string, fields?: Fields): void => {
      if (!log.isLevelEnabled(lineLevel)) {
        return;
      }
      if (fields === undefined) {
        log[lineLevel](cleanText(message));
      } else {
        log[lineLevel](cleanFields(fields), cleanText(message));
      }
    };
  return {
    error: writerFor('error'),
    warn: writerFor('warn'),
    info: writerFor('info'),
    debug: writerFor('debug'),
    trace: writerFor('trace'),
    level: () => LOG_LEVELS.find((known) => known === log.level) ?? level,
    setLevel: (next) => (log.level = next),
    target: detectFormat(env) === 'journal' ? 'journal' : 'console',
  };
}

function styleOf({ format, write }: LogOptions, env: Environment): LineStyle | 'json' {
  const shown = format === 'auto' ? detectFormat(env) : format;
  if (shown !== 'text') {
    return shown;
  }
  // https://no-color.org: any value counts but the empty one.
  return write === undefined && isatty(STDERR_FD) && (env['NO_COLOR'] ?? '') === '' ? 'colour' : 'plain';
}

/**
 * systemd sets JOURNAL_STREAM to the device and inode of the stream that leads to the journal. Children inherit it, so
 * it counts only while standard error still is that stream.
 */
export function detectFormat(env: Environment, fd: number = STDERR_FD): 'journal' | 'text' {
  const stream = env['JOURNAL_STREAM'];
  if (stream === undefined) {
    return 'text';
  }
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}` ? 'journal' : 'text';
  } catch {
    // There is no such descriptor, so whatever is written goes nowhere.
    return 'text';
  }
}

function nameOf(value: number): LogLevel {
  switch (pino.levels.labels[value]) {
    case 'trace':
      return 'trace';
    case 'debug':
      return 'debug';
    case 'info':
      return 'info';
    case 'warn':
      return 'warn';
    default:
      return 'error';
  }
}

function cleanFields(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, typeof value === 'string' ? cleanText(value) : value]),
  );
}
