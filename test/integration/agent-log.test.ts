/** What the built agent writes to standard error: to the journal, into a pipe, and to a terminal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { PROGRAM } from '../support/agent-process.ts';
import { HostTree } from '../support/host-tree.ts';
import { openTerminal } from '../support/terminal.ts';

/** The first file has a warning, the second an error. The agent reports both and ends by itself. */
const BROKEN = {
  'etc/zincati/config.d/50-unknown.toml': 'updates.strategi = "immediate"\n',
  'etc/zincati/config.d/60-broken.toml': 'updates.strategy = "sometimes"\n',
};

type Environment = Readonly<Record<string, string | undefined>>;

const QUIET: Environment = { ...process.env, NO_COLOR: undefined, JOURNAL_STREAM: undefined };

/**
 * The lines of an agent with a wrong configuration, through a pipe. `before` is shell code that runs with the
 * final standard error.
 */
async function linesInPipe(root: string, before = ''): Promise<string[]> {
  const child = spawn(
    'bash',
    ['-c', `${before} exec "$0" "$@"`, process.execPath, PROGRAM, '-v', 'agent', '--root', root],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: QUIET,
    },
  );
  const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit') as Promise<[number]>]);
  expect(code).toBe(EXIT.config);
  expect(said.endsWith('\n')).toBe(true);
  return said.trimEnd().split('\n');
}

/** What a person at a terminal sees. */
async function seenOnTerminal(root: string, env: Environment = {}): Promise<string> {
  const terminal = await openTerminal('reading');
  const fd = openSync(`/dev/${terminal.name}`, 'w');
  try {
    const child = spawn(process.execPath, [PROGRAM, '-v', 'agent', '--root', root], {
      stdio: ['ignore', 'ignore', fd],
      env: { ...QUIET, ...env },
    });
    expect(await once(child, 'exit')).toEqual([EXIT.config, null]);
  } finally {
    closeSync(fd);
  }
  return terminal.close();
}

describe('the log', () => {
  it('has a priority and no time of its own on each line for the journal', async () => {
    await using host = await HostTree.create(BROKEN);
    const lines = await linesInPipe(host.root, 'export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2);');
    for (const line of lines) {
      expect(line).toMatch(/^<[3467]>(?!\d{4}-)\S/);
    }
    expect(lines.some((line) => /^<3>.*60-broken\.toml: updates\.strategy must be/.test(line))).toBe(true);
  });

  it('has time and level in words when the stream is not the one of the journal', async () => {
    await using host = await HostTree.create(BROKEN);
    const lines = await linesInPipe(host.root, 'export JOURNAL_STREAM=1:1;');
    for (const line of lines) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (ERROR|WARN |INFO ) \S/);
    }
    expect(lines.some((line) => / ERROR .*60-broken\.toml: updates\.strategy must be/.test(line))).toBe(true);
  });

  it('has colours on a terminal, unless NO_COLOR is set', async () => {
    await using host = await HostTree.create(BROKEN);
    const [coloured, plain] = [
      await seenOnTerminal(host.root),
      await seenOnTerminal(host.root, { NO_COLOR: '1' }),
    ];
    expect(coloured).toContain('\u001b[31mERROR\u001b[0m ');
    expect(coloured).toContain('60-broken.toml: updates.strategy must be');
    expect(plain).not.toContain('\u001b');
    expect(plain).toMatch(/Z ERROR .*60-broken\.toml: updates\.strategy must be/);
  });
});
