/** Which files of the built program a command for people loads: those of the agent cost time that it does not have. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

import { PROGRAM } from '../support/agent-process.ts';

const DIST = path.dirname(PROGRAM);
const TELL = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
import { writeSync } from 'node:fs';
registerHooks({ load(url, context, next) { writeSync(2, 'loaded ' + url + '\\n'); return next(url, context); } });
`)}`;

interface Bundled {
  readonly name: string;
  readonly files: readonly string[];
}
const BUNDLED = JSON.parse(readFileSync(path.join(DIST, 'bundled.json'), 'utf8')) as readonly Bundled[];

/** Names below dist/. */
function loadedBy(...args: string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ['--import', TELL, PROGRAM, ...args], {
    encoding: 'utf8',
    env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nowhere' },
  });
  return [...stderr.matchAll(/^loaded file:\/\/(.*)$/gm)].map((match) => path.relative(DIST, match[1]!));
}

const packagesIn = (files: readonly string[]): string[] =>
  BUNDLED.filter((one) => one.files.some((file) => files.includes(file))).map(({ name }) => name);

it.each([
  ['status', ['status']],
  ['why', ['why']],
  ['hold', ['hold']],
])('%s loads D-Bus, and no other library', (_, args) => {
  const files = loadedBy(...args);
  expect(files.length).toBeGreaterThan(3);
  const packages = packagesIn(files);
  expect(packages).toContain('dbus-next');
  // What reads messages needs these.
  expect(packages.filter((name) => !['dbus-next', 'jsbi', 'long'].includes(name))).toEqual([]);
  expect(files.filter((file) => /run-agent|log-|fastify|pool|luxon/.test(file))).toEqual([]);
});

it.each([['help'], ['--version'], ['completion']])('%s loads no library at all', (word) => {
  expect(packagesIn(loadedBy(word, ...(word === 'completion' ? ['bash'] : [])))).toEqual([]);
});

it('sees the libraries of the agent (a rule over nothing would always hold)', () => {
  expect(packagesIn(loadedBy('agent', '--root', '/nowhere'))).toContain('pino');
});
