import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { EXIT } from '../../../src/cli/exit-codes.ts';
import { EXIT_HELP, helpOf, overview, usageAfter, usageOf } from '../../../src/cli/help.ts';
import { manualPage } from '../../../src/cli/manual-page.ts';
import type { OptionSpec } from '../../../src/cli/table/command-spec.ts';
import { COMMAND_NAMES, specOf } from '../../../src/cli/table/commands.ts';
import { COMMON_OPTIONS } from '../../../src/cli/table/common-options.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';

const listed = COMMAND_NAMES.filter((name) => specOf(name).isHidden !== true);

describe('the table', () => {
  it('has help that reads well: phrases without a full stop, paragraphs with one', () => {
    for (const name of COMMAND_NAMES) {
      const { help, about = [], options = {}, arguments: args = [] } = specOf(name);
      const phrases = [
        help,
        ...Object.values(options).map((one) => one.help),
        ...args.map((one) => one.help),
      ];
      expect(
        phrases.filter((phrase) => !/^[^A-Z\s].*[^.\s]$/.test(phrase)),
        name,
      ).toEqual([]);
      expect(
        about.filter((text) => !/\.$/.test(text)),
        name,
      ).toEqual([]);
    }
  });

  it('means the same by an option, whether it takes a value, in all commands', () => {
    const shapes = new Map<string, string>();
    for (const name of COMMAND_NAMES) {
      for (const [option, spec] of Object.entries<OptionSpec>({
        ...specOf(name).options,
        ...COMMON_OPTIONS,
      })) {
        const isFlag = spec.value === undefined && spec.choices === undefined;
        const shape = `${isFlag ? 'flag' : 'value'} ${spec.short ?? ''}${spec.many === true ? ' many' : ''}`;
        expect(shapes.get(option) ?? shape, `${name} --${option}`).toBe(shape);
        shapes.set(option, shape);
      }
    }
  });

  it('puts no option of a command in the way of a common one', () => {
    for (const name of COMMAND_NAMES) {
      const own = Object.keys(specOf(name).options ?? {});
      expect(
        own.filter((option) => Object.hasOwn(COMMON_OPTIONS, option)),
        name,
      ).toEqual([]);
    }
  });

  it('names options that belong together in their own command', () => {
    for (const name of COMMAND_NAMES) {
      const { options = {} } = specOf(name);
      const others = Object.values(options).flatMap(({ goesWith, excludes }) => [goesWith, excludes]);
      expect(
        others.filter((one) => one !== undefined && !Object.hasOwn(options, one)),
        name,
      ).toEqual([]);
    }
  });
});

describe('help', () => {
  it('lists the commands for people', () => {
    const text = overview();
    for (const name of listed) {
      expect(text).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
    }
    expect(text).not.toContain('deadend-motd');
  });

  it('explains a command', () => {
    expect(helpOf('release')).toBe(`\
Usage: zincati release [--json] [ID]

End a hold.

Without an id it ends the only hold there is.

Root may do this, and whom polkit allows it.

Arguments:
  ID  of the hold, as \`zincati hold\` lists it

Options:
  --json  print JSON, for programs

Exit codes:
  0  done
  1  failed
  2  the command line cannot be understood
  3  nothing to do
  4  not allowed now; what blocks is printed
  5  the agent is needed, and cannot be reached
  6  not permitted; the command that is permitted is printed
`);
  });

  it('is short after an error', () => {
    expect(usageAfter(new UsageError('no'))).toBe('`zincati help` lists the commands.\n');
    expect(usageAfter(new UsageError('no', 'deny'))).toBe(
      'Usage: zincati deny [--reason TEXT] [--json] RELEASE\n`zincati help deny` says more.\n',
    );
    expect(usageOf('update')).toContain('[--override GATE]...');
    expect(usageOf('wait')).toContain(' --for staged|rebooted|idle [');
  });

  it('has a word for each exit code', () => {
    expect(Object.keys(EXIT_HELP).sort()).toEqual(Object.keys(EXIT).sort());
  });
});

describe('the manual page', () => {
  const page = manualPage();

  it('has every command for people, and every option', () => {
    for (const name of listed) {
      expect(page).toContain(`\n.Ss ${name}\n`);
      for (const option of Object.keys(specOf(name).options ?? {})) {
        expect(page).toContain(`Fl -${option}`);
      }
    }
  });

  it('has no fault that mandoc sees', () => {
    const { stdout, error } = spawnSync('mandoc', ['-Tlint'], { input: page, encoding: 'utf8' });
    expect(error).toBeUndefined();
    // Which other pages are there is the host's affair.
    expect(stdout.split('\n').filter((line) => line !== '' && !line.includes('referenced manual'))).toEqual(
      [],
    );
  });
});
