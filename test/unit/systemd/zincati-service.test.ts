/**
 * Compares what the files in systemd/ promise with what the program does. test/system/host.test.ts shows that
 * systemd accepts them.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { parseCommandLine } from '../../../src/cli/command-line.ts';
import { CRASHES_BEFORE_REST, restMs } from '../../../src/history/crash-count.ts';
import { EXIT } from '../../../src/cli/exit-codes.ts';
import { METRICS_SOCKET } from '../../../src/metrics/server.ts';
import { SERVICE_NAME } from '../../../src/service/experimental.ts';
import { HIDDEN_TERMINALS } from '../../../src/host/sessions.ts';
import { MOTD_FILES, MOTD_FOLDER, MOTD_LINKS } from '../../../src/host/motd.ts';
import { READ_BY_LOGIN, STARTED_BY_SYSTEMD, typeOf } from '../../support/selinux-labels.ts';
import { parseUnitFile, words } from '../../support/unit-file.ts';

const SYSTEMD = join(import.meta.dirname, '../../../systemd');
const read = (name: string): string => readFileSync(join(SYSTEMD, name), 'utf8');
const unit = parseUnitFile(read('zincati.service'));
const service = (key: string): readonly string[] => words(unit, 'Service', key);
const seconds = (span: string): number => {
  const [, amount, scale] = /^(\d+)(s|min)$/.exec(span)!;
  return Number(amount) * (scale === 'min' ? 60 : 1);
};

describe('zincati.service', () => {
  it('B27: stays down when configuration, identity or command line cannot be used, and only then', () => {
    expect(service('RestartPreventExitStatus').map(Number).sort()).toEqual([EXIT.usage, EXIT.config].sort());
    expect(service('Restart')).toEqual(['on-failure']);
  });

  it('attack c: comes back when a signal ends it that systemd takes for a clean stop', () => {
    expect(service('RestartForceExitStatus')).toEqual(['SIGHUP']);
    // The launcher lets none through either; the runtime itself listens for it as soon as it can.
    expect(read('zincati')).toMatch(/^trap '' HUP$/m);
  });

  it('F2: never gives up after crashes, and the agent rests long before they cost much', () => {
    expect(words(unit, 'Unit', 'StartLimitIntervalSec')).toEqual(['0']);
    expect(seconds(service('RestartSec')[0]!)).toBeGreaterThanOrEqual(10);
    expect(restMs(CRASHES_BEFORE_REST)).toBeGreaterThanOrEqual(600_000);
    expect(CRASHES_BEFORE_REST * seconds(service('RestartSec')[0]!)).toBeLessThanOrEqual(60);
  });

  it('B26: no exit of its own accord passes for success', () => {
    expect(EXIT.failure).not.toBe(0);
    expect(EXIT.config).not.toBe(0);
    for (const key of ['SuccessExitStatus', 'RemainAfterExit']) {
      expect(service(key)).toEqual([]);
    }
    expect(service('ExecStart')[0]).not.toMatch(/^[-+!:@]/);
  });

  it('B33: needs and awaits nothing that one broken unit can keep from being reached', () => {
    const wanted = ['After', 'Requires', 'Requisite', 'BindsTo', 'PartOf'].flatMap((key) =>
      words(unit, 'Unit', key),
    );
    // Afterburn, if anything starts it, gives up by itself after a bounded number of tries. So does the bus
    // at its start time-out, and nothing waits for a failed bus.
    expect([...wanted].sort()).toEqual([
      'afterburn.service',
      'dbus.service',
      'network.target',
      'systemd-machine-id-commit.service',
    ]);
    // The unit requests it but does not wait for it: the agent holds reboots until it is reached.
    expect(words(unit, 'Unit', 'Wants')).toEqual(['boot-complete.target']);
    expect(words(unit, 'Install', 'WantedBy')).toEqual(['multi-user.target']);
  });

  it('keeps the names that hosts rely on', () => {
    expect(service('User')).toEqual(['zincati']);
    expect(service('Group')).toEqual(['zincati']);
    expect(service('SupplementaryGroups')).toEqual(['tty']);
    expect(service('Environment')).toContain('ZINCATI_VERBOSITY=-v');
    expect(words(unit, 'Unit', 'ConditionPathExists')).toEqual(['!/run/ostree-live']);
    expect(service('StateDirectory')).toEqual(['zincati']);
  });

  it('field 22: systemd may start each program that a unit names, on a host with SELinux', () => {
    const units = readdirSync(SYSTEMD).filter((name) => name.endsWith('.service'));
    expect(units).toContain('zincati.service');
    for (const name of units) {
      const section = parseUnitFile(read(name));
      for (const key of ['ExecStartPre', 'ExecStart', 'ExecStartPost', 'ExecReload', 'ExecStop']) {
        const [program] = words(section, 'Service', key);
        // On Fedora /bin is a link to /usr/bin.
        const path = program?.replace(/^[-+!:@]*(?:\/bin(?=\/))?/, (at) =>
          at.endsWith('/bin') ? '/usr/bin' : '',
        );
        expect(path === undefined ? STARTED_BY_SYSTEMD : typeOf(path), `${name}, ${key}`).toBe(
          STARTED_BY_SYSTEMD,
        );
      }
    }
  });

  it('field 21: writes notices where login programs read them, if the folder is there', () => {
    expect(service('ReadWritePaths')).toContain(`-/${MOTD_FOLDER}`);
  });

  it('puts every console where the program looks for it, and may write to it', () => {
    expect(service('TemporaryFileSystem')).toEqual([`/${HIDDEN_TERMINALS}:ro,mode=0755`]);
    const allowed = service('DeviceAllow').flatMap((word) => /^char-(\w+)$/.exec(word)?.[1] ?? []);
    for (const bind of service('BindPaths')) {
      const [, name, kind] =
        new RegExp(`^-/dev/(([A-Za-z]+)\\d+):/${HIDDEN_TERMINALS}/\\1$`).exec(bind) ?? [];
      expect([bind, name]).toEqual([bind, expect.any(String)]);
      expect(allowed).toContain(kind);
    }
  });

  it.each([
    ['', 0],
    ['-v', 1],
    ['-vvv', 3],
    ['-v -v', 2],
  ])('starts with ZINCATI_VERBOSITY="%s"', (value, verbosity) => {
    const [program, ...args] = service('ExecStart');
    expect(program).toBe('/usr/libexec/zincati');
    // systemd splits the value of $NAME into words, and takes ${NAME} as one word, even if it is empty.
    const expanded = args.flatMap((arg) =>
      arg === '$ZINCATI_VERBOSITY' ? value.split(/\s+/).filter((word) => word !== '') : [arg],
    );
    expect(parseCommandLine(expanded)).toMatchObject({ command: 'agent', verbosity });
  });
});

describe('zincati.tmpfiles.conf', () => {
  const lines = read('zincati.tmpfiles.conf')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/\s+/));
  const of = (type: string, path: string) => lines.find((line) => line[0] === type && line[1] === path);

  it('makes the folders in which the program puts its files', () => {
    expect(of('d', `/${MOTD_FOLDER}`)?.slice(2, 5)).toEqual(['0755', 'zincati', 'zincati']);
    expect(of('d', join('/', METRICS_SOCKET, '..'))?.slice(2, 5)).toEqual(['0775', 'zincati', 'zincati']);
  });

  it('field 21: login programs may read each notice, its link, and the folder, on a host with SELinux', () => {
    for (const file of Object.values(MOTD_FILES)) {
      const link = `/${MOTD_LINKS}/${file}`;
      const target = join('/', MOTD_LINKS, of('L+', link)![6]!);
      expect(target).toBe(`/${MOTD_FOLDER}/${file}`);
      expect([link, target, `/${MOTD_FOLDER}`].map(typeOf)).toEqual(Array(3).fill(READ_BY_LOGIN));
    }
  });

  it('F1: nobody but root can replace a folder through which root writes a notice', () => {
    expect(of('d', `/${MOTD_LINKS}`)?.slice(2, 5)).toEqual(['0755', 'root', 'root']);
    expect(join('/', MOTD_FOLDER, '..')).toBe(`/${MOTD_LINKS}`);
  });

  it('links every notice under its own name', () => {
    const links = lines.filter(([type, path]) => type === 'L+' && path!.startsWith('/run/motd.d/'));
    const targets = links.map(([, path, , , , , target]) => join(path!, '..', target!));
    expect(targets.sort()).toEqual(Object.values(MOTD_FILES).map((file) => join('/', MOTD_FOLDER, file)));
    for (const [index, link] of links.entries()) {
      expect(link[1]!.endsWith(Object.values(MOTD_FILES)[index]!));
    }
  });

  it('links the metrics socket from where it used to be', () => {
    const link = of('L+', '/run/zincati/private/metrics.promsock');
    expect(join('/run/zincati/private', link![6]!)).toBe(`/${METRICS_SOCKET}`);
  });
});

it('the bus policy is about the name that the agent takes', () => {
  const names = [...read('org.coreos.zincati.conf').matchAll(/(?:own|send_destination)="([^"]+)"/g)];
  expect(new Set(names.map((match) => match[1]))).toEqual(new Set([SERVICE_NAME]));
});
