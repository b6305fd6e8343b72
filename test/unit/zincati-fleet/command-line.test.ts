import { describe, expect, it } from 'vitest';

import { parseCommandLine } from '../../../fleet/command-line.ts';
import type { CommandSpec } from '../../../fleet/command-spec.ts';
import { COMMANDS } from '../../../fleet/commands.ts';
import { helpOf, helpText, overview } from '../../../fleet/help-text.ts';

const SPECS: readonly CommandSpec[] = [
  {
    name: 'fly',
    words: ['TARGET', '[HEIGHT]'],
    summary: 'go there',
    options: {
      speed: { value: 'N', doc: 'how fast' },
      loud: { doc: 'with noise' },
      over: { value: 'PLACE', doc: 'on the way', isList: true },
    },
    run: () => Promise.resolve(0),
  },
  { name: 'fly home', words: [], summary: 'go back', options: {}, run: () => Promise.resolve(0) },
  { name: 'land', words: [], summary: 'stop', options: {}, run: () => Promise.resolve(0) },
];

function given(...args: string[]) {
  const parsed = parseCommandLine(args, SPECS);
  if (parsed.kind !== 'run') {
    throw new Error(parsed.kind);
  }
  const { words, values, flags } = parsed.given;
  return { name: parsed.command.name, words, values: Object.fromEntries(values), flags: [...flags] };
}

describe('the command line of zincati-fleet', () => {
  it('takes words and options wherever they stand', () => {
    const wanted = { name: 'fly', words: ['moon'], values: { speed: '3' }, flags: ['loud'] };
    expect(given('fly', 'moon', '--speed', '3', '--loud')).toEqual(wanted);
    expect(given('fly', '--loud', '--speed=3', 'moon')).toEqual(wanted);
    expect(given('fly', '--', '--loud').words).toEqual(['--loud']);
    expect(given('fly', 'moon', '9').words).toEqual(['moon', '9']);
    expect(given('fly', 'home').name).toBe('fly home');
  });

  it('takes an option of a list as often as it is given', () => {
    const parsed = parseCommandLine(['fly', 'moon', '--over', 'a', '--over=b'], SPECS);
    expect(parsed).toMatchObject({ given: { lists: new Map([['over', ['a', 'b']]]) } });
    expect(() => parseCommandLine(['fly', 'moon', '--over'], SPECS)).toThrow(
      '--over must be followed by PLACE',
    );
    expect(helpOf(SPECS[0]!)).toContain('--over PLACE  on the way; may be repeated');
  });

  it.each([
    [['landd'], '"landd" is no command; did you mean land?'],
    [['fyl'], '"fyl" is no command'],
    [['fly'], 'fly must be followed by TARGET'],
    [['fly', 'a', 'b', 'c'], 'fly takes TARGET [HEIGHT], got "c" as well'],
    [['land', 'x'], 'land takes no words, got "x" as well'],
    [['fly', 'a', '--sped', '3'], 'fly has no option "--sped"; did you mean --speed?'],
    [['fly', 'a', '-x'], 'fly has no option "-x"'],
    [['fly', 'a', '--speed'], '--speed must be followed by N: how fast'],
    [['fly', 'a', '--speed', '--loud'], '--speed must be followed by N: how fast'],
    [['fly', 'a', '--loud=yes'], '--loud takes no value, got "yes"'],
    [['fly', 'a', '--speed=1', '--speed=2'], '--speed must be given once'],
    [['fly', 'a', '--toString'], 'fly has no option "--toString"'],
  ])('refuses %j', (args, message) => {
    expect(() => parseCommandLine(args, SPECS)).toThrow(message);
  });

  it.each([
    ['graph', ['check', 'path', 'diff', 'mirror', 'serve']],
    ['locks', ['list', 'release', 'pause', 'resume', 'history']],
    ['lockd', ['check', 'token']],
  ])('lists what begins with %s, one line each', (group, names) => {
    const asked = [
      [group, '--help'],
      [group, '-h'],
      ['help', group],
      ['--help', group],
    ].map((args) => parseCommandLine(args, COMMANDS));
    const [text = '', ...others] = asked.map((parsed) =>
      parsed.kind === 'help' ? helpText(parsed, COMMANDS) : parsed.kind,
    );
    expect(others).toEqual([text, text, text]);
    expect(
      [...text.matchAll(new RegExp(`^  ${group} (\\w+) +\\S.*$`, 'gm'))].map(([, name]) => name),
    ).toEqual(names);
    expect(text).toMatch(new RegExp(`^usage: zincati-fleet ${group} `));
  });

  it('gives no help on what is no command', () => {
    expect(() => parseCommandLine(['help', 'landd'], SPECS)).toThrow('did you mean land?');
    expect(() => parseCommandLine(['graph', 'chek', '--help'], COMMANDS)).toThrow(
      'graph must be followed by check, path, diff, mirror or serve, got "chek"',
    );
    expect(() => parseCommandLine(['help', 'graph', 'chek'], COMMANDS)).toThrow('got "chek"');
  });

  it('takes --help after -- for a word', () => {
    expect(given('fly', '--', '--help').words).toEqual(['--help']);
  });

  it('gives help for all and for one, and the version', () => {
    expect(parseCommandLine([], SPECS)).toEqual({ kind: 'help' });
    expect(parseCommandLine(['help', 'land'], SPECS)).toMatchObject({ command: { name: 'land' } });
    expect(parseCommandLine(['fly', 'x', '--help'], SPECS)).toMatchObject({ command: { name: 'fly' } });
    expect(parseCommandLine(['--version'], SPECS)).toEqual({ kind: 'version' });
    for (const command of COMMANDS) {
      expect(overview(COMMANDS)).toContain(`  ${command.name} `);
      expect(helpOf(command)).toContain(command.summary);
    }
  });
});
