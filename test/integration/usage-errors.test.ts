/** The programs for developers, started with words that they cannot understand. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '../..');
const PROGRAMS: Readonly<Record<string, string>> = {
  'npm run demo --': 'sandbox/main.mjs',
  'npm run bench --': 'bench/main.mjs',
  'node scripts/install.mjs': 'scripts/install.mjs',
  'npm run package --': 'scripts/package.mjs',
  'npm run put-back --': 'scripts/put-back.mjs',
  'npm run mutate --': 'scripts/mutate.mjs',
};

function run(file: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(PROJECT, file), ...args], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

describe.each(Object.entries(PROGRAMS))('usage-own-words: %s', { timeout: 120_000 }, (name, file) => {
  it('tells a mistake in one sentence, says where the usage is, and ends with 2', () => {
    expect(run(file, '--waht')).toEqual({
      status: 2,
      stdout: '',
      stderr: `unknown option "--waht"\n${name} --help says what there is\n`,
    });
  });

  it('shows its usage when it is asked for', () => {
    const { status, stdout, stderr } = run(file, '--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Usage: .*\n\n[^]*--help {2,}this text\n$/);
  });
});

describe('usage-own-words: what goes with what', { timeout: 120_000 }, () => {
  it.each([
    ['scripts/install.mjs', [], 'there must be one folder'],
    ['scripts/install.mjs', ['a', 'b'], 'there must be one folder'],
    ['scripts/install.mjs', ['a', '--layout', 'opt'], '--layout must be usr or local, got "opt"'],
    ['scripts/package.mjs', ['--arch', 'riscv64'], '--arch must be x86_64 or aarch64, got "riscv64"'],
    ['scripts/put-back.mjs', ['B99'], 'cannot put back B99: there must be such faults'],
    ['scripts/put-back.mjs', ['--jobs', '0'], '--jobs must be from 1 to 9, got "0"'],
    ['bench/main.mjs', ['--only', 'tea'], '--only must be one of'],
  ])('%s %j', (file, args, why) => {
    const { status, stderr } = run(file, ...args);
    expect(status).toBe(2);
    expect(stderr).toContain(why);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });
});
