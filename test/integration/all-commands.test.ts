/** Every command of docs/commands.md on a node that runs, with the exit code that is documented. */
import { readdirSync, rmSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { EXIT, type ExitName } from '../../src/cli/exit-codes.ts';
import { COMMAND_NAMES, specOf, type CommandName } from '../../src/cli/table/commands.ts';
import { SandboxNode } from '../support/sandbox-node.ts';

const NEWEST = '44.20260707.3.1';

/** In this order. `words`: left out, those of the command. */
const STEPS: readonly {
  readonly of: CommandName;
  readonly more?: readonly string[];
  readonly exit: ExitName;
  readonly prints: RegExp;
}[] = [
  { of: 'status', exit: 'ok', prints: /^staged +44/m },
  { of: 'status', more: ['--exit-code'], exit: 'ok', prints: /^health +OK/m },
  { of: 'status', more: ['--json'], exit: 'ok', prints: /"kind":"Status","running":true/ },
  { of: 'why', exit: 'ok', prints: /^Not now: no maintenance window is open/ },
  { of: 'why', more: ['--override', 'window'], exit: 'ok', prints: /window +yes/ },
  { of: 'why', more: ['--override', 'everything'], exit: 'usage', prints: /^$/ },
  { of: 'wait', more: ['--for', 'staged'], exit: 'ok', prints: /is staged/ },
  { of: 'wait', more: ['--for', 'rebooted', '--timeout', '1s'], exit: 'gaveUp', prints: /^$/ },
  { of: 'wait', exit: 'usage', prints: /^$/ },
  { of: 'history', exit: 'ok', prints: /update staged: 44/ },
  { of: 'history', more: ['-n', '0'], exit: 'usage', prints: /^$/ },
  { of: 'check', exit: 'ok', prints: /offers 44/ },
  { of: 'update', exit: 'nothing', prints: /is staged already/ },
  { of: 'update', more: ['--to', '1.2.3'], exit: 'nothing', prints: /^$/ },
  { of: 'cancel', exit: 'nothing', prints: /^there is nothing to cancel/ },
  { of: 'reboot', exit: 'blocked', prints: /^$/ },
  { of: 'reboot', more: ['--override', 'window', '--dry-run'], exit: 'ok', prints: /would reboot into 44/ },
  { of: 'reboot', more: ['--dry-run'], exit: 'blocked', prints: /^$/ },
  { of: 'release', exit: 'nothing', prints: /^$/ },
  { of: 'hold', more: ['--for', '1h', '--reason', 'R'], exit: 'ok', prints: /`zincati release h1` ends it/ },
  { of: 'hold', more: ['--until', 'yesterday'], exit: 'usage', prints: /^$/ },
  { of: 'hold', exit: 'ok', prints: /^h1: no reboot/ },
  { of: 'release', more: ['h1'], exit: 'ok', prints: /hold h1 is over/ },
  { of: 'release', more: ['h1'], exit: 'nothing', prints: /^$/ },
  { of: 'deny', more: ['43.1', '--reason', 'R'], exit: 'ok', prints: /43\.1 is denied/ },
  { of: 'deny', exit: 'usage', prints: /^$/ },
  { of: 'denied', exit: 'ok', prints: /^43\.1 +administrator: R/ },
  { of: 'allow', more: ['43.1'], exit: 'ok', prints: /no longer denied/ },
  { of: 'allow', more: ['43.1'], exit: 'nothing', prints: /^/ },
  { of: 'config check', exit: 'ok', prints: /./ },
  { of: 'config check', more: ['FOLDER'], exit: 'config', prints: /^/ },
  { of: 'config show', more: ['--origin'], exit: 'ok', prints: /90-more\.toml/ },
  { of: 'config schema', exit: 'ok', prints: /"\$schema"/ },
  { of: 'calendar', exit: 'ok', prints: /window/ },
  { of: 'calendar', more: ['--ics'], exit: 'ok', prints: /^BEGIN:VCALENDAR/ },
  // No lock server is configured.
  { of: 'lock', more: ['--app', 'backup'], exit: 'config', prints: /^$/ },
  { of: 'unlock', more: ['--app', 'backup'], exit: 'config', prints: /^$/ },
  { of: 'run-locked', more: ['--app', 'backup', '--', 'true'], exit: 'config', prints: /^$/ },
  { of: 'support', exit: 'ok', prints: /44\.20260707\.3\.1/ },
  { of: 'completion', more: ['bash'], exit: 'ok', prints: /complete / },
  { of: 'completion', more: ['tcsh'], exit: 'usage', prints: /^$/ },
  { of: 'help', more: ['config', 'check'], exit: 'ok', prints: /config check/ },
  { of: 'help', exit: 'ok', prints: /status/ },
  // It refuses to run twice on one host.
  { of: 'agent', exit: 'failure', prints: /^$/ },
  { of: 'discard', exit: 'ok', prints: new RegExp(`^${NEWEST} .*denied; .zincati allow ${NEWEST}. lifts`) },
];

it('each command ends with a code that is documented for it, and says what it is about', async () => {
  await using node = await SandboxNode.start();
  const folder = mkdtempSync(join(tmpdir(), 'commands-'));
  try {
    writeFileSync(join(folder, '50-x.toml'), 'updates.strategy = "never"\n');
    for (const { of, more = [], exit, prints } of STEPS) {
      const words = [...of.split(' '), ...more.map((word) => (word === 'FOLDER' ? folder : word))];
      const { code, stdout, stderr } = await node.zincati(...words);
      expect([words.join(' '), code, stderr]).toEqual([words.join(' '), EXIT[exit], stderr]);
      expect(stdout, words.join(' ')).toMatch(prints);
      const documented: readonly ExitName[] = ['ok', 'failure', 'usage', ...(specOf(of).exits ?? [])];
      expect(documented, words.join(' ')).toContain(exit);
      // Who is refused is told why.
      expect(stdout === '' ? stderr : 'x', words.join(' ')).not.toBe('');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  expect(readdirSync(tmpdir())).not.toContain(folder);
});

it('walks all commands that the documentation has', () => {
  const walked = new Set(STEPS.map(({ of }) => of));
  expect(COMMAND_NAMES.filter((name) => specOf(name).isHidden !== true && !walked.has(name))).toEqual([]);
});
