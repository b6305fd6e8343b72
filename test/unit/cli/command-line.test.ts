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
    [['statsu'], 'unknown command "statsu"; did you mean "status"?'],
    [['deadend-motd'], 'the command "deadend-motd" must go on: deadend-motd set, deadend-motd unset'],
    [['status', '--wach'], 'unknown option "--wach"; did you mean --watch?'],
    [['help', 'dance'], 'unknown command "dance"'],
    [['deny'], 'the command "deny" must come with RELEASE'],
    [['deny', 'a', 'b'], 'too many words in "deny a b"'],
    [['completion', 'tcsh'], 'shell must be bash, zsh, fish, got "tcsh"'],
    [['wait'], 'the command "wait" must come with --for staged|rebooted|idle'],
    [['hold', '--what', 'world'], '--what must be reboot, stage, got "world"'],
    [['hold', '--for', '5'], '--for: a duration must be such as 90s'],
    [['calendar', '--days', '0'], '--days: it must be a whole number from 1 to 366, got "0"'],
    [['hold', '--for', '5h', '--until', '18:00'], '--for and --until do not go together'],
    [['update', '--override', 'window'], '--override must come with --reboot'],
    [['\u001b[2J'], 'unknown command "\uFFFD[2J"'],
  ])('refuses %j and says why', (args, why) => {
    expect(() => parseCommandLine(args)).toThrow(UsageError);
    expect(() => parseCommandLine(args)).toThrow(why);
  });

  it('makes of each command what its row says', () => {
    const of = (...args: string[]): unknown => parseCommandLine(args);
    expect(of('status')).toEqual({
      command: 'status',
      verbosity: 0,
      logFormat: 'auto',
      root: '/',
      watch: false,
      exitCode: false,
      json: false,
    });
    expect(of('update', '--reboot', '--override', 'window', '--override', 'people')).toMatchObject({
      reboot: true,
      ignoreRollout: false,
      to: undefined,
      override: ['window', 'people'],
    });
    expect(of('hold', '--for', '2h', '--reason', 'x')).toMatchObject({ for: 7_200_000, reason: 'x' });
    expect(of('release')).toMatchObject({ id: undefined });
    expect(of('release', 'h1')).toMatchObject({ id: 'h1' });
    expect(of('deny', '--', '--odd')).toMatchObject({ release: '--odd' });
  });

  it('explains a command by either word order', () => {
    expect(parseCommandLine(['help', 'hold'])).toEqual({ command: 'help', of: 'hold' });
    expect(parseCommandLine(['hold', '--help'])).toEqual({ command: 'help', of: 'hold' });
    expect(parseCommandLine(['help', 'ex', 'moo'])).toEqual({ command: 'help', of: 'ex moo' });
    expect(parseCommandLine(['deny', 'x', '--help'])).toEqual({ command: 'help', of: 'deny' });
    expect(parseCommandLine(['--help'])).toEqual({ command: 'help' });
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
