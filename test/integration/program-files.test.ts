/**
 * Which files of the built program a command for people loads: those of the agent cost time that it does not have. And
 * whether the runtime takes what the build has compiled beforehand.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { PROGRAM } from '../support/agent-process.ts';

const DIST = path.dirname(PROGRAM);
const TELL = `data:text/javascript,${encodeURIComponent(`
import { writeSync } from 'node:fs';
import { createRequire } from 'node:module';
const require = createRequire('/');
const vm = require('node:vm');
const { Script } = vm;
vm.Script = class extends Script {
  constructor(source, options) {
    super(source, options);
    writeSync(2, (this.cachedDataRejected ? 'refused ' : 'taken ') + options.filename + '\\n');
  }
};
process.on('exit', () => Object.keys(require.cache).forEach((file) => writeSync(2, 'loaded ' + file + '\\n')));
`)}`;

interface Bundled {
  readonly name: string;
  readonly files: readonly string[];
}
const BUNDLED = JSON.parse(readFileSync(path.join(DIST, 'bundled.json'), 'utf8')) as readonly Bundled[];

/** Names below dist/, of which `word` is said. */
function files(word: 'loaded' | 'taken' | 'refused', args: readonly string[], flags: readonly string[] = []) {
  const { stderr } = spawnSync(process.execPath, [...flags, '--import', TELL, PROGRAM, ...args], {
    encoding: 'utf8',
    env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/nowhere' },
  });
  const told = [...stderr.matchAll(new RegExp(`^${word} (.*)$`, 'gm'))];
  return told.map(([, file]) => path.relative(DIST, file!)).sort();
}

const packagesIn = (some: readonly string[]): string[] =>
  BUNDLED.filter((one) => one.files.some((file) => some.includes(file))).map(({ name }) => name);

it.each([['status'], ['why'], ['hold'], ['history'], ['check']])(
  '%s loads D-Bus, and no other library',
  (word) => {
    const loaded = files('loaded', [word]);
    expect(loaded.length).toBeGreaterThan(3);
    expect(packagesIn(loaded)).toEqual(['dbus-next']);
    expect(
      loaded.filter((file) => /run-agent|chunks\/log-|fastify|pool|luxon|schema|load-settings/.test(file)),
    ).toEqual([]);
  },
);

it.each([['help'], ['--version'], ['completion']])('%s loads no library at all', (word) => {
  expect(packagesIn(files('loaded', [word, ...(word === 'completion' ? ['bash'] : [])]))).toEqual([]);
});

it('sees the libraries of the agent (a rule over nothing would always hold)', () => {
  expect(packagesIn(files('loaded', ['agent', '--root', '/nowhere']))).toContain('pino');
});

it('the agent loads no command', () => {
  expect(files('loaded', ['agent', '--root', '/nowhere']).filter((file) => /asking/.test(file))).toEqual([]);
});

describe('what is compiled beforehand', () => {
  it.each([['status'], ['why'], ['check'], ['hold'], ['help']])(
    '%s: the runtime takes it, and compiles nothing else of ours',
    (word) => {
      const taken = files('taken', [word]);
      expect(taken.length).toBeGreaterThan(1);
      expect(files('loaded', [word]).filter((file) => !taken.includes(file))).toEqual(['zincati.cjs']);
      expect(files('refused', [word])).toEqual([]);
    },
  );

  it('the agent: the runtime takes all that it needs to read its configuration', () => {
    const taken = files('taken', ['agent', '--root', '/nowhere']);
    const loaded = files('loaded', ['agent', '--root', '/nowhere']);
    expect(loaded.some((file) => file.includes('run-agent'))).toBe(true);
    expect(loaded.filter((file) => !taken.includes(file))).toEqual(['zincati.cjs']);
  });

  it('a runtime with other options refuses it, and the program runs all the same', () => {
    expect(files('refused', ['help'], ['--no-opt']).length).toBeGreaterThan(1);
    const { status, stdout } = spawnSync(process.execPath, ['--no-opt', PROGRAM, 'help'], {
      encoding: 'utf8',
    });
    expect([status, stdout.slice(0, 6)]).toEqual([0, 'Usage:']);
  });
});
