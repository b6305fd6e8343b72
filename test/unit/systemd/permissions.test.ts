/** What the agent may ask of rpm-ostree is told alike wherever it is told. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const PROJECT = join(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(join(PROJECT, file), 'utf8');

/** How docs/install.md puts each action that the rules allow. */
const IN_WORDS: Readonly<Record<string, string>> = {
  deploy: 'deploy',
  rebase: 'rebase',
  'finalize-deployment': 'finalize a deployment',
  cleanup: 'clean up',
  'client-management': 'register as a client of rpm-ostree',
};
const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven'];

it('sysusers and docs/install.md name the actions that the rules allow', () => {
  const actions = [
    ...read('systemd/zincati.rules').matchAll(/'org\.projectatomic\.rpmostree1\.([^']+)'/g),
  ].map(([, name = '']) => name);
  const users = read('systemd/zincati.sysusers.conf').replaceAll('\n# ', ' ');
  expect(users).toContain(` and ${NUMBERS[actions.length]} actions of rpm-ostree `);
  const [, told = ''] = /polkit lets it ([^.]*)\./.exec(read('docs/install.md')) ?? [];
  const words = told.split(/,\s*(?:and\s+)?/);
  expect(words).toEqual(actions.map((action) => IN_WORDS[action]));
});
