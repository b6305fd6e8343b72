import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { completionScript, SHELLS } from '../../../src/cli/completion-script.ts';
import { COMMAND_NAMES, specOf } from '../../../src/cli/table/commands.ts';

/** What bash offers after these words; the last one is being typed. */
function offered(...words: string[]): string[] {
  const script = `${completionScript('bash')}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_zincati
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-u', '-c', script, 'bash', 'zincati', ...words], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

describe('bash', () => {
  it('offers the commands that are listed', () => {
    const all = offered('');
    expect(all).toEqual(expect.arrayContaining(['status', 'why', 'hold', 'agent']));
    expect(all).not.toEqual(expect.arrayContaining(['ex']));
    expect(offered('re')).toEqual(['reboot', 'release']);
  });

  it('offers what follows the first word, also of hidden commands', () => {
    expect(offered('deadend-motd', '')).toEqual(['set', 'unset']);
    expect(offered('completion', '')).toEqual([...SHELLS]);
    expect(offered('help', 'wh')).toEqual(['why']);
    expect(offered('deny', '')).toEqual([]);
  });

  it('offers the options of the command, wherever others stand', () => {
    expect(offered('hold', '--')).toEqual(expect.arrayContaining(['--until', '--for', '--json', '--root']));
    expect(offered('--root', '/x', 'hold', '--wh')).toEqual(['--what']);
    expect(offered('status', '--wh')).toEqual([]);
    expect(offered('--ver')).toEqual(['--verbose', '--version']);
  });

  it('offers the values of an option of this command', () => {
    expect(offered('hold', '--what', '')).toEqual(['reboot', 'stage']);
    expect(offered('hold', '--what', '=', 'st')).toEqual(['stage']);
    expect(offered('wait', '--for', '')).toEqual(['staged', 'rebooted', 'idle']);
    expect(offered('hold', '--for', '')).toEqual([]);
    expect(offered('why', '--override', 'sp')).toEqual(['splay']);
    expect(offered('--log-format', 'j')).toEqual(['journal', 'json']);
  });
});

describe.each(SHELLS)('%s', (shell) => {
  const script = completionScript(shell);
  const program = ['/usr/bin', '/bin'].map((folder) => `${folder}/${shell}`).find((file) => existsSync(file));

  it('names every command and every option', () => {
    for (const name of COMMAND_NAMES) {
      for (const word of name.split(' ')) {
        expect(script).toContain(word);
      }
      for (const option of Object.keys(specOf(name).options ?? {})) {
        expect(script).toContain(option);
      }
    }
  });

  it.skipIf(program === undefined)('is a script that the shell can read', () => {
    // From a file: fish reads no script from a socket, as which Node hands over the input.
    const folder = mkdtempSync(join(tmpdir(), 'completion-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'script');
    writeFileSync(file, script);
    const { status, stderr } = spawnSync(program!, ['-n', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});
