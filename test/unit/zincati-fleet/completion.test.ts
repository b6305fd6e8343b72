/** Completion of the fleet's program: what bash offers, and scripts that each shell can read. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

import { COMMANDS } from '../../../fleet/commands.ts';
import { completionScript } from '../../../fleet/completion.ts';
import { sharedFiles } from '../../../fleet/shared-files.ts';
import { SHELLS } from '../../../src/cli/shells/completion-in.ts';

function newFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'fleet-completion-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** What bash offers after these words; the last one is being typed. */
function offeredIn(cwd: string, ...words: string[]): string[] {
  const script = `${completionScript('bash', COMMANDS)}
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_zincati-fleet
printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-u', '-c', script, 'bash', 'zincati-fleet', ...words], {
    encoding: 'utf8',
    cwd,
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}
const offered = (...words: string[]): string[] => offeredIn(newFolder(), ...words);

describe('bash', () => {
  it('offers first words, and what follows them', () => {
    expect(offered('')).toEqual(['simulate', 'search', 'graph', 'lockd', 'locks', 'completion', 'help']);
    expect(offered('lo')).toEqual(['lockd', 'locks']);
    expect(offered('graph', '')).toEqual(['check', 'path', 'diff', 'mirror', 'serve']);
    expect(offered('locks', 're')).toEqual(['release', 'resume']);
    expect(offered('lockd', '')).toEqual(['check', 'token']);
    expect(offered('help', 'gr')).toEqual(['graph']);
    expect(offered('completion', '')).toEqual([...SHELLS]);
  });

  it('offers the options of the command, wherever others stand', () => {
    expect(offered('simulate', '--')).toEqual(
      expect.arrayContaining(['--from', '--html', '--json', '--help']),
    );
    expect(offered('locks', 'pause', 'workers', '--re')).toEqual(['--reason']);
    expect(offered('graph', '--stream', 'next', 'check', '--str')).toEqual(['--stream', '--strict']);
    expect(offered('--ver')).toEqual(['--version']);
  });

  it('offers the values of an option, and files and folders where it takes them', () => {
    const folder = newFolder();
    mkdirSync(path.join(folder, 'site'));
    writeFileSync(path.join(folder, 'plan.toml'), '');
    expect(offered('graph', 'serve', '--log-format', 'j')).toEqual(['journal', 'json']);
    expect(offered('graph', 'check', '--scheme', '')).toEqual(['checksum', 'oci']);
    expect(offered('graph', 'mirror', '--scheme', '=', 'o')).toEqual(['oci']);
    expect(offeredIn(folder, 'simulate', '')).toEqual(expect.arrayContaining(['plan.toml', 'site']));
    expect(offeredIn(folder, 'simulate', '--html', 'pl')).toEqual(['plan.toml']);
    expect(offeredIn(folder, 'graph', 'diff', 'plan.toml', 's')).toEqual(['site']);
    expect(offeredIn(folder, 'graph', 'serve', '')).toEqual(['site']);
    expect(offeredIn(folder, 'lockd', 'p')).toEqual(['plan.toml']);
    expect(offeredIn(folder, 'locks', 'release', '')).toEqual([]);
    expect(offeredIn(folder, 'simulate', '--days', '')).toEqual([]);
  });
});

describe.each(SHELLS)('%s', (shell) => {
  const script = completionScript(shell, COMMANDS);
  const program = ['/usr/bin', '/bin'].map((folder) => `${folder}/${shell}`).find((file) => existsSync(file));

  it('names every command and every option', () => {
    for (const { name, options } of COMMANDS) {
      for (const word of [...name.split(' '), ...Object.keys(options)]) {
        expect(script).toContain(word);
      }
    }
  });

  it('is in the package, where that shell looks for it', () => {
    const places = {
      bash: 'bash-completion/completions/zincati-fleet',
      zsh: 'zsh/site-functions/_zincati-fleet',
      fish: 'fish/vendor_completions.d/zincati-fleet.fish',
    };
    expect(sharedFiles()[places[shell]]).toBe(script);
  });

  it.skipIf(program === undefined)('is a script that the shell can read', () => {
    // From a file: fish reads no script from a socket, as which Node hands over the input.
    const file = path.join(newFolder(), 'script');
    writeFileSync(file, script);
    const { status, stderr } = spawnSync(program!, ['-n', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });
});
