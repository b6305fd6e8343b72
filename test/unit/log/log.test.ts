import { closeSync, fstatSync, openSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogFormat } from '../../../src/log/log-format.ts';
import { createLogger, detectFormat, levelOf, LOG_LEVELS, type LogLevel } from '../../../src/log/log.ts';

const AT = Date.UTC(2026, 1, 3, 4, 5, 6, 789);

function logger(format: LogFormat, level: LogLevel = 'trace') {
  const written: string[] = [];
  const write = (text: string): void => void written.push(text);
  return { log: createLogger({ level, format, env: {}, write, now: () => AT }), written };
}

describe('levels', () => {
  it.each([
    [0, 'warn'],
    [1, 'info'],
    [2, 'debug'],
    [3, 'trace'],
    [9, 'trace'],
  ])('verbosity %i is %s', (verbosity, level) => {
    expect(levelOf(verbosity)).toBe(level);
  });

  it.each(LOG_LEVELS)('%s writes what is as severe, and nothing less severe', (level) => {
    const { log, written } = logger('journal', level);
    for (const other of LOG_LEVELS) {
      log[other](other);
    }
    const words = written.map((line) => line.slice(3, -1));
    expect(words).toEqual(LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1));
  });
});

describe('journal', () => {
  it('gives each level its priority', () => {
    const { log, written } = logger('journal');
    for (const level of LOG_LEVELS) {
      log[level]('x');
    }
    expect(written).toEqual(['<3>x\n', '<4>x\n', '<6>x\n', '<7>x\n', '<7>x\n']);
  });

  it('prefixes each line of a message, in one write', () => {
    const { log, written } = logger('journal');
    log.error('one\ntwo\r\nthree\n');
    expect(written).toEqual(['<3>one\n<3>two\n<3>three\n']);
  });

  it('keeps phrases whole, whatever fields come along', () => {
    const { log, written } = logger('journal', 'info');
    log.info("target release '1.2' selected, proceeding to stage it", { version: '1.2' });
    expect(written).toEqual(["<6>target release '1.2' selected, proceeding to stage it\n"]);
  });
});

describe('text', () => {
  it('begins with time and level', () => {
    const { log, written } = logger('text');
    log.warn('hello');
    expect(written).toEqual(['2026-02-03T04:05:06.789Z WARN  hello\n']);
  });

  it('shows fields to who debugs, after the first line', () => {
    const { log, written } = logger('text', 'debug');
    log.info('one\ntwo', { a: 1, b: 'x y', c: undefined, d: true, e: '', f: 'q"' });
    const start = '2026-02-03T04:05:06.789Z INFO  ';
    expect(written).toEqual([`${start}one a=1 b="x y" d=true e="" f="q\\""\n${start}two\n`]);
  });
});

describe('json', () => {
  it('has time, level, message and fields', () => {
    const { log, written } = logger('json');
    log.error('it failed', { kind: 'x', count: 2, time: 'mine', level: 'mine' });
    log.info('plain');
    expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        level: 'error',
        time: '2026-02-03T04:05:06.789Z',
        fields: { kind: 'x', count: 2, time: 'mine', level: 'mine' },
        msg: 'it failed',
      },
      { level: 'info', time: '2026-02-03T04:05:06.789Z', msg: 'plain' },
    ]);
    expect(written.every((line) => line.endsWith('}\n'))).toBe(true);
  });
});

describe.each(['journal', 'text', 'json'] as const)('%s', (format) => {
  it('takes a percent sign for what it is', () => {
    const { log, written } = logger(format);
    log.info('100 %s of %d %j');
    expect(written.join('')).toContain('100 %s of %d %j');
  });

  it('shows no user part of a URL', () => {
    const { log, written } = logger(format, 'debug');
    log.debug('asking https://user:secret@example.com/graph and http://token@h:1/', {
      url: 'https://u:secret@x/',
    });
    log.debug('cannot reach https://user:p@ssword@example.com/');
    expect(written.join('')).not.toMatch(/secret|token|ssword/);
    expect(written[0]).toContain('https://***@example.com/graph and http://***@h:1/');
    log.debug('docker://quay.io/fedora/fedora-coreos@sha256:ab and docker://os@sha256:cd');
    expect(written[2]).toContain('docker://quay.io/fedora/fedora-coreos@sha256:ab and docker://os@sha256:cd');
  });

  it('keeps each record to its lines and the terminal as it is, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (text) => {
        const { log, written } = logger(format);
        log.info(text, { text });
        const [record = ''] = written;
        expect(written).toHaveLength(1);
        expect(record.endsWith('\n')).toBe(true);
        expect(record).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
        const prefix = { journal: '<6>', text: '2026-02-03T04:05:06.789Z INFO  ', json: '{' }[format];
        for (const line of record.slice(0, -1).split('\n')) {
          expect(line.startsWith(prefix)).toBe(true);
        }
        expect(record.length).toBeLessThan(60_000);
      }),
    );
  });
});

describe('detectFormat', () => {
  it('believes JOURNAL_STREAM only when the descriptor is that stream', () => {
    const fd = openSync('/dev/null', 'r');
    try {
      const { dev, ino } = fstatSync(fd);
      expect(detectFormat({ JOURNAL_STREAM: `${dev}:${ino}` }, fd)).toBe('journal');
      expect(detectFormat({ JOURNAL_STREAM: `${dev}:${ino + 1}` }, fd)).toBe('text');
      expect(detectFormat({ JOURNAL_STREAM: 'x' }, fd)).toBe('text');
      expect(detectFormat({}, fd)).toBe('text');
    } finally {
      closeSync(fd);
    }
    expect(detectFormat({ JOURNAL_STREAM: '1:2' }, 999_999)).toBe('text');
  });
});
