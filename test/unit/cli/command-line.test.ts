import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';

describe('parseCommandLine', () => {
  it('takes -v repeated, together or apart, before or after the command', () => {
    const verbosity = (...args: string[]): unknown => parseCommandLine(args);
    expect(verbosity('agent')).toMatchObject({ command: 'agent', verbosity: 0 });
    expect(verbosity('agent', '-v')).toMatchObject({ verbosity: 1 });
    expect(verbosity('-vv', 'agent')).toMatchObject({ verbosity: 2 });
    expect(verbosity('-v', 'agent', '-vv')).toMatchObject({ verbosity: 3 });
  });

  it('knows the hidden commands of Zincati', () => {
    expect(parseCommandLine(['deadend-motd', 'set', '--reason', 'because'])).toMatchObject({
      command: 'deadend-motd set',
      reason: 'because',
    });
    expect(parseCommandLine(['deadend-motd', 'unset'])).toMatchObject({ command: 'deadend-motd unset' });
    expect(parseCommandLine(['ex', 'moo', '--talkative'])).toMatchObject({
      command: 'ex moo',
      talkative: true,
    });
    expect(parseCommandLine(['ex', 'last-refresh-time'])).toMatchObject({ command: 'ex last-refresh-time' });
  });

  it.each([
    [[], 'a command must be given'],
    [['dance'], 'unknown command "dance"'],
    [['agent', 'now'], 'unknown command "agent now"'],
    [['agent', '--log-format', 'xml'], '--log-format must be auto, journal, text, json, got "xml"'],
    [['agent', '--root', 'relative'], '--root must be an absolute path, got "relative"'],
    [['deadend-motd', 'set'], 'must come with --reason'],
    [['agent', '--reason', 'x'], '--reason does not go with the command "agent"'],
    [['agent', '--nonsense'], '--nonsense'],
  ])('refuses %j and says why', (args, why) => {
    expect(() => parseCommandLine(args)).toThrow(UsageError);
    expect(() => parseCommandLine(args)).toThrow(why);
  });

  it('answers help and version wherever they stand', () => {
    expect(parseCommandLine(['agent', '--help'])).toEqual({ command: 'help', of: 'agent' });
    expect(parseCommandLine(['help']), 'diff 11').toEqual({ command: 'help' });
    expect(parseCommandLine(['deadend-motd', 'set', '--reason', '']), 'diff 11').toMatchObject({
      reason: '',
    });
    expect(parseCommandLine(['-V'])).toEqual({ command: 'version' });
  });
});
