/** What is wrong with a transcript is said with its line, and with what was expected there. */
import { describe, expect, it } from 'vitest';
import { playTranscript, readTranscript } from '../support/transcript.ts';
import { condensed, type Told } from '../support/transcript/condense.ts';
import { sinceStart, spanMs } from '../support/transcript/span.ts';

/** Line 1 says what it is about, line 3 why; the commands begin at line 4. */
const story = (...lines: string[]): string => `${['# About.', '', '# Why.', ...lines].join('\n')}\n`;
const played = (text: string): string => playTranscript(readTranscript(text, 'f.txt', false));
const faultOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'none';
};

describe('a file', () => {
  it.each([
    ['is empty', '', 'f.txt:1: expected comments that say what the transcript is about'],
    [
      'does not say what it is about',
      'node 1\n',
      'f.txt:1: expected comments that say what the transcript is about',
    ],
    [
      'tells nothing',
      '# About.\n',
      'f.txt:1: expected a block of comments, commands and output, got the end of the file',
    ],
    [
      'has a block without a comment',
      '# About.\n\nnode 1\n----\n(nothing)\n',
      'f.txt:3: expected a comment that says why the next thing happens, got "node 1"',
    ],
    [
      'has a comment and no command',
      story('----', 'x'),
      'f.txt:3: expected a command after the comment, got none',
    ],
    [
      'has no rule',
      story('node 1'),
      'f.txt:4: expected ---- and output after the command (UPDATE=1 writes them), got none',
    ],
    [
      'has no output',
      story('node 1', '----'),
      'f.txt:5: expected output after ---- (UPDATE=1 writes it), got none',
    ],
  ])('that %s', (_, text, fault) => {
    expect(faultOf(() => readTranscript(text, 'f.txt', true))).toContain(fault);
  });

  it('may lack its output while it is written', () => {
    expect(played(story('node 1'))).toBe(story('node 1', '----', '(nothing)'));
    expect(played(story('node 1', '----'))).toBe(story('node 1', '----', '(nothing)'));
  });

  it('comes out with what happens, whatever it said before', () => {
    expect(played(story('node 1', 'forget 1', 'quietly run 1m', 'run 5m', '----', 'x'))).toBe(
      story('node 1', 'forget 1', 'quietly run 1m', 'run 5m', '----', '(nothing)'),
    );
  });
});

describe('a command', () => {
  it.each([
    ['does not exist', 'rnu 5m', 'f.txt:4: expected a command (node, offer, withdraw,'],
    ['has a word too many', 'restart now', '"restart" (nothing after restart), got "restart now"'],
    ['lacks a word', 'withdraw', '"withdraw VERSION" (VERSION is missing), got "withdraw"'],
    ['has an unknown option', 'offer 2 strem=next', '(no option strem, only stream, built-for)'],
    ['has an option where there is none', 'gate pass until=+2h', '(no option until)'],
    ['has a bad duration', 'run 5x', '(DURATION is a duration such as 90s, 2h30m or 3d), got "run 5x"'],
    ['goes back in time', 'run -5m', '(DURATION is a duration such as'],
    ['has a bad option', 'gate block x until=noon', '(DURATION is a duration such as'],
    ['moves a clock nowhere', 'clock 3d', '(SHIFT is a duration with its sign, such as +3d or -1h)'],
    ['waits for what does not exist', 'run until Rebooted', '(GOAL is one of boot, StartState,'],
    ['fails with an unknown kind', 'fail stage broken', '(KIND is one of client_failed_request,'],
    ['fails what cannot fail', 'fail wait effect_timeout', '(FAILABLE is one of save, register-driver,'],
    ['fails no times', 'fail stage rpm_ostree_failed times=0', '(COUNT is a whole number from 1)'],
    ['names people without a terminal', 'people core', '(PERSON is NAME@TTY)'],
    ['has a setting without a value', 'reload updates.enabled', '(SETTING is KEY=VALUE'],
    ['is one of several forms', 'admin dance', '"admin unlock" (unlock, not dance) or "admin unstage"'],
    ['lacks its colon', 'during finalize restart', '"during EFFECT: COMMAND..." (EFFECT ends with a colon)'],
    ['holds no command', 'during finalize:', '(COMMAND is missing)'],
    ['holds an unknown command', 'during finalize: rest', 'expected a command (offer, withdraw,'],
    ['cannot happen during an effect', 'during stage: run 5m', 'expected what can happen during an effect ('],
  ])('that %s', (_, line, fault) => {
    const message = faultOf(() => readTranscript(story(line), 'f.txt', false));
    expect(message).toMatch(/^f\.txt:4: expected /);
    expect(message).toContain(fault);
  });

  it.each([
    [
      'comes before the node',
      ['run 5m'],
      'f.txt:4: expected "node VERSION [stream=STREAM] [SETTING...]" before any other',
    ],
    [
      'brings a second node',
      ['node 1', 'node 2'],
      'f.txt:5: expected one node in a transcript, got a second one',
    ],
    ['unlocks nothing', ['node 1', 'admin unlock'], 'f.txt:5: expected a staged deployment, got none'],
    [
      'goes back to nothing',
      ['node 1', 'admin roll back'],
      'f.txt:5: expected a deployment to go back to, got 1 alone',
    ],
    [
      'withdraws what was never offered',
      ['node 1', 'withdraw 2'],
      'f.txt:5: expected a release that a graph has, got 2',
    ],
    [
      'waits in vain',
      ['node 1', 'run until UpdateStaged'],
      'f.txt:5: expected the node to come to UpdateStaged, got NoNewUpdate without end',
    ],
    [
      'happens during what never comes',
      ['node 1', 'during finalize: restart', 'run 1d'],
      'f.txt:5: expected finalize to be performed later on, got the end without it',
    ],
    [
      'cannot happen when its effect comes',
      ['node 1', 'offer 2', 'during stage: admin unlock', 'run 1d'],
      'f.txt:6: expected a staged deployment, got none',
    ],
    [
      'sets what the agent does not know',
      ['node 1 updates.enable=true'],
      'f.txt:4: expected settings that the agent takes, got the setting: unknown key updates.enable ignored',
    ],
    [
      'sets what the agent does not take',
      ['node 1', 'reload updates.enabled="no"'],
      'f.txt:5: expected settings that the agent takes, got the setting: updates.enabled must be',
    ],
  ])('that %s', (_, lines, fault) => {
    expect(faultOf(() => played(story(...lines)))).toContain(fault);
  });
});

describe('a look at the node in the middle of a wait', () => {
  const rest = (...runs: string[]): string | undefined =>
    played(story('node 1', 'quietly run 1m', 'offer 2', ...runs, 'run until boot'))
      .split('\n')
      .at(-2);

  it('does not change when the wait ends', () => {
    expect(rest()).toBe('+0:05:00 boot  into 2');
    expect(rest('run 90s', 'run 1s', 'run 0s', 'run 1m')).toBe('+0:05:00 boot  into 2');
  });

  it('by a new configuration ends it', () => {
    expect(rest('run 90s', 'reload updates.allow_downgrade=true')).toBe('+0:02:30 boot  into 2');
  });
});

describe('what comes again and again', () => {
  const told = (text: string): Told[] =>
    Array.from(text, (letter, index) => ({ atMs: index, tag: 'does', text: letter }));
  const shortened = (text: string): string[] =>
    condensed(told(text)).map(({ atMs, text: line }) => `${atMs} ${line}`);

  it.each([
    ['', []],
    ['ab', ['0 a', '1 b']],
    ['aa', ['0 a', '1 a']],
    ['aaa', ['0 a', '2 the last line, 2 times more']],
    ['baaac', ['0 b', '1 a', '3 the last line, 2 times more', '4 c']],
    ['abab', ['0 a', '1 b', '2 a', '3 b']],
    ['abababa', ['0 a', '1 b', '5 the last 2 lines, 2 times more', '6 a']],
    ['abcdeabcdeabcde', Array.from('abcdeabcdeabcde', (letter, index) => `${index} ${letter}`)],
  ])('is counted: "%s"', (text, expected) => {
    expect(shortened(text)).toEqual(expected);
  });

  it('is the same only with the same tag', () => {
    const lines = ['does', 'INFO', 'does'].map((tag, atMs) => ({ atMs, tag, text: 'a' }));
    expect(condensed(lines)).toEqual(lines);
  });
});

describe('spans', () => {
  it.each([
    ['90s', 90_000],
    ['+2h', 7_200_000],
    ['-1d12h', -129_600_000],
    ['0s', 0],
    ['', undefined],
    ['+', undefined],
    ['5', undefined],
    ['5m2h', undefined],
  ])('%s is %s ms', (text, ms) => {
    expect(spanMs(text)).toBe(ms);
  });

  it.each([
    [0, '+0:00:00'],
    [299_999, '+0:04:59'],
    [86_399_000, '+23:59:59'],
    [86_400_000, '+1d 0:00:00'],
  ])('%i ms is %s', (ms, text) => {
    expect(sinceStart(ms)).toBe(text);
  });
});
