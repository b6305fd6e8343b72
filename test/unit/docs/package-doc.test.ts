/** What the documentation says of changes of packages, with rpm-ostree. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '../../..');
const FENCE = /```[a-z]*\n([^`]*)```/g;
/** As rpm-ostree has it, a change of packages is a deployment that waits for a reboot. */
const CHANGE = /\brpm-ostree (?:install|uninstall|override|upgrade|rollback) /;

function pages(): readonly (readonly [string, string])[] {
  const docs = readdirSync(join(PROJECT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name));
  return ['README.md', ...docs].map((name) => [name, readFileSync(join(PROJECT, name), 'utf8')]);
}

function commandsOf(page: string): readonly string[] {
  const inBlocks = [...page.matchAll(FENCE)].map(([, block = '']) => block.trim().replaceAll('\n', '; '));
  const alone = [...page.matchAll(/: `(rpm-ostree [^`]+)`/g)].map(([, command = '']) => command);
  return [...inBlocks, ...alone].filter((line) => CHANGE.test(line));
}

it('P4: each command that changes packages goes on to the reboot without which it is nothing', () => {
  const found = pages().flatMap(([name, page]) => commandsOf(page).map((command) => `${name}: ${command}`));
  expect(found.length).toBeGreaterThan(4);
  expect(found.filter((command) => !/(?:&& |; )(?:sudo )?systemctl reboot\b/.test(command))).toEqual([]);
});

it('P4: the page of the installation says what an install does not do, and what stays', () => {
  const page = readFileSync(join(PROJECT, 'docs/install.md'), 'utf8');
  for (const told of [
    /rpm-ostree uninstall zincati-ng --install \.\/zincati-ng-NEWER/,
    /`rpm-ostree install` refuses the newer version/,
    /`rpm-ostree override replace` reports success and changes nothing/,
    /each deployment has its own `\/etc`/,
    /If there was no Zincati before: `rpm-ostree uninstall zincati-ng && systemctl reboot`/,
    /the\nreboot boots it too, outside any window/,
    /The host needs `xz`/,
    /`\/var\/lib\/zincati`, the user `zincati`/,
  ]) {
    expect(page).toMatch(told);
  }
});
