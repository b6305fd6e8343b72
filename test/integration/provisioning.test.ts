/**
 * Applies each example of examples/provisioning with the real Ignition to an empty tree, as on a first boot.
 * The agent's own loader then reads the result. Needs root, like Ignition.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { PROGRAM } from '../../scripts/layout.mjs';
import { loadSettings } from '../../src/config/load-settings.ts';
import type { Settings } from '../../src/config/settings.ts';
import { readBearer } from '../../src/http/bearer-file.ts';
import { TlsFiles } from '../../src/http/tls-files.ts';
import { attributesText, OF_AWS } from '../support/afterburn.ts';
import { FirstBoot, filesOf, type IgnitionConfig } from '../support/ignition.ts';
import { PROGRAM_LIMIT_MS } from '../support/limits.ts';

const PROJECT = join(import.meta.dirname, '../..');
const EXAMPLES = join(PROJECT, 'examples/provisioning');
const isRoot = process.getuid?.() === 0;

type Changes<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Changes<T[K]> }
    : T;

/** Everything that each example changes; all else stays as in the distribution. */
const INTENDED: Readonly<Record<string, Changes<Settings>>> = {
  'air-gapped': { cincinnati: { baseUrl: 'https://updates.example.com/${stream}' } },
  canary: { identity: { rolloutWariness: 0 } },
  'first-boot': { updates: { reboot: { firstBootGraceMs: 60 * 60 * 1000 } } },
  layered: { identity: { group: 'workers' } },
  'fleet-lock': {
    identity: { group: 'workers' },
    updates: {
      strategies: ['fleet_lock'],
      fleetLock: {
        baseUrl: 'https://lock.example.com',
        caFile: '/etc/zincati/lock/ca.pem',
        bearerFile: '/etc/zincati/lock/token',
      },
    },
  },
  'maintenance-windows': {
    updates: {
      strategies: ['periodic'],
      periodic: {
        timeZone: 'Europe/Berlin',
        windows: [
          {
            days: [{ weekday: 6 }, { weekday: 7 }],
            startMinutes: 23 * 60 + 30,
            lengthMinutes: 90,
          },
        ],
      },
    },
  },
  'updates-disabled': { updates: { enabled: false } },
  'zone-as-group': {
    identity: { group: 'workers-eu-west-1a' },
    updates: {
      strategies: ['fleet_lock'],
      fleetLock: { baseUrl: 'https://lock.eu-west-1.example.com' },
    },
  },
};

function changed(settings: unknown, changes: unknown): unknown {
  if (typeof changes !== 'object' || changes === null || Array.isArray(changes)) {
    return changes;
  }
  const result: Record<string, unknown> = { ...(settings as object) };
  for (const [key, change] of Object.entries(changes)) {
    result[key] = changed(result[key], change);
  }
  return result;
}

function run(command: string, ...args: readonly string[]) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: PROGRAM_LIMIT_MS,
  });
  if (error !== undefined) {
    throw error;
  }
  return { status, stdout, stderr };
}

const textOf = (name: string): string => readFileSync(join(EXAMPLES, name, 'config.ign'), 'utf8');

/** A host with an installed agent, right after Ignition. */
function provisioned(config: string): FirstBoot {
  const host = new FirstBoot();
  cpSync(join(PROJECT, 'systemd/config.d'), join(host.root, 'usr/lib/zincati/config.d'), { recursive: true });
  for (const [kind, file] of [
    ['sysusers.d', 'zincati.sysusers.conf'],
    ['tmpfiles.d', 'zincati.tmpfiles.conf'],
  ] as const) {
    mkdirSync(join(host.root, 'usr/lib', kind), { recursive: true });
    cpSync(join(PROJECT, 'systemd', file), join(host.root, 'usr/lib', kind, 'zincati.conf'));
  }
  // By the time the agent starts, Afterburn has run.
  host.write('run/metadata/afterburn', attributesText(OF_AWS));
  const { status, log } = host.ignite(config);
  expect(status, log).toBe(0);
  return host;
}

/** What the service manager does before it starts the agent, in that order. */
function bootUntilSysinit({ root }: FirstBoot): void {
  for (const [program, ...args] of [['systemd-sysusers'], ['systemd-tmpfiles', '--create']] as const) {
    const { status, stderr } = run(program, `--root=${root}`, ...args);
    expect(status, stderr).toBe(0);
  }
}

/** Mode and owners of a file, by their names in the tree. */
function ownership(root: string, path: string): string {
  const nameIn = (file: string, id: number): string =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .find((line) => line.split(':')[2] === String(id))
      ?.split(':')[0] ?? (id === 0 ? 'root' : String(id));
  const { mode, uid, gid } = statSync(join(root, path));
  return `${(mode & 0o7777).toString(8)} ${nameIn('etc/passwd', uid)}:${nameIn('etc/group', gid)}`;
}

it('every example has its settings written out here', () => {
  expect(Object.keys(INTENDED).sort()).toEqual(readdirSync(EXAMPLES).sort());
});

describe.runIf(isRoot).each(Object.entries(INTENDED))('%s', (name, changes) => {
  it('is valid to Ignition without a warning', () => {
    expect(run('ignition-validate', join(EXAMPLES, name, 'config.ign'))).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('makes the host that was meant: files as they are written, settings exactly these', async () => {
    using bare = provisioned('{"ignition":{"version":"3.3.0"}}');
    using host = provisioned(textOf(name));
    for (const { path, mode, text } of filesOf(JSON.parse(textOf(name)) as IgnitionConfig)) {
      expect(readFileSync(join(host.root, path), 'utf8')).toBe(text);
      expect([path, statSync(join(host.root, path)).mode & 0o7777]).toEqual([path, mode]);
      expect(statSync(join(host.root, path))).toMatchObject({ uid: 0, gid: 0 });
    }
    const before = await loadSettings(bare.root);
    const after = await loadSettings(host.root);
    expect(before.warnings).toEqual([]);
    expect(after.warnings).toEqual([]);
    expect(after.settings).toEqual(changed(before.settings, changes));
    expect(after.settings).not.toEqual(before.settings);
  });
});

describe.runIf(isRoot)('the unit that layers the package', () => {
  const UNIT = 'layer-zincati-ng.service';

  it('is enabled by the presets of the first boot, and systemd finds no fault in it', () => {
    using host = provisioned(textOf('layered'));
    expect(readFileSync(join(host.root, 'etc/systemd/system-preset/20-ignition.preset'), 'utf8')).toContain(
      `enable ${UNIT}\n`,
    );
    // Everything that it runs and waits for, as the host has it.
    for (const program of ['curl', 'sha256sum', 'rpm-ostree', 'rm', 'systemctl']) {
      host.write(`usr/bin/${program}`, '#!/bin/sh\n');
      chmodSync(join(host.root, 'usr/bin', program), 0o755);
    }
    for (const target of ['network-online', 'sysinit', 'basic', 'shutdown']) {
      host.write(`usr/lib/systemd/system/${target}.target`, '[Unit]\n');
    }
    expect(run('systemd-analyze', `--root=${host.root}`, '--man=no', 'verify', UNIT)).toEqual({
      status: 0,
      stdout: '',
      stderr: '',
    });
  });

  it('does not run again where the package is: the condition names a folder of it', () => {
    const unit = filesOf(JSON.parse(textOf('layered')) as IgnitionConfig).find(({ path }) =>
      path.endsWith(UNIT),
    );
    const [, folder = ''] = /^ConditionPathExists=!(.+)$/m.exec(unit?.text ?? '') ?? [];
    expect(folder).toBe(`/${PROGRAM.usr}`);
    expect(unit?.text).toMatch(/^Before=zincati\.service$/m);
  });
});

describe.runIf(isRoot)('the secrets of fleet-lock', () => {
  const TOKEN = '/etc/zincati/lock/token';
  /** Runs as a user of the tree, without any of root's rights. */
  function readAs(host: FirstBoot, user: string): string {
    const [, , uid = '', gid = ''] =
      readFileSync(join(host.root, 'etc/passwd'), 'utf8')
        .split('\n')
        .find((line) => line.startsWith(`${user}:`))
        ?.split(':') ?? [];
    expect([uid, gid]).toEqual([expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)]);
    const asUser = ['--reuid', uid, '--regid', gid, '--clear-groups', '--inh-caps=-all'];
    const { stdout, stderr } = run('setpriv', ...asUser, 'cat', join(host.root, TOKEN));
    return stdout + stderr;
  }

  it('are for root alone until the host knows the group of the agent, and then for the agent as well', async () => {
    using host = provisioned(textOf('fleet-lock'));
    // Two users, to prove that not everyone has access.
    host.write('etc/sysusers.d/other.conf', 'u other -\n');
    bootUntilSysinit(host);
    expect(ownership(host.root, TOKEN)).toBe('640 root:zincati');
    expect(ownership(host.root, '/etc/zincati/lock/ca.pem')).toBe('644 root:root');
    expect(readAs(host, 'zincati')).toBe('replace-with-the-token-of-this-node\n');
    expect(readAs(host, 'other')).toMatch(/Permission denied/);
    // As it is, the agent's own check of modes accepts it.
    expect(await readBearer(host.root, 'bearer_file', TOKEN)).toBe('replace-with-the-token-of-this-node');
  });

  it('without the line for systemd-tmpfiles the agent could not read its token', () => {
    const config = JSON.parse(textOf('fleet-lock')) as { storage: { files: { path: string }[] } };
    config.storage.files = config.storage.files.filter(({ path }) => !path.startsWith('/etc/tmpfiles.d/'));
    using host = provisioned(JSON.stringify(config));
    bootUntilSysinit(host);
    expect(ownership(host.root, TOKEN)).toBe('600 root:root');
    expect(readAs(host, 'zincati')).toMatch(/Permission denied/);
  });

  it('cannot be given to the agent by Ignition, which knows no user that is made later', () => {
    const config = JSON.parse(textOf('fleet-lock')) as { storage: { files: object[] } };
    config.storage.files = config.storage.files.map((file) => ({ ...file, group: { name: 'zincati' } }));
    using host = new FirstBoot();
    const { status, log } = host.ignite(JSON.stringify(config));
    expect(status).toBe(1);
    expect(log).toMatch(/group|zincati/);
  });

  it('come with an authority that can be read', async () => {
    using host = provisioned(textOf('fleet-lock'));
    const files = new TlsFiles(host.root, 'updates.fleet_lock', {
      ca: '/etc/zincati/lock/ca.pem',
      cert: undefined,
      key: undefined,
    });
    await expect(files.context()).resolves.toBeDefined();
  });
});

describe.runIf(isRoot)('an example that somebody broke', () => {
  it.each([
    ['a path that is not absolute', '"/etc/zincati/config.d', '"etc/zincati/config.d', 'path not absolute'],
    ['a version of its own', '"3.3.0"', '"9.9.9"', 'unsupported config version'],
    ['no JSON', '"ignition": {', '"ignition": ', 'invalid character'],
  ])('%s: is refused by ignition-validate, and by Ignition', (_what, from, to, complaint) => {
    const broken = textOf('canary').replace(from, to);
    expect(broken).not.toBe(textOf('canary'));
    using host = new FirstBoot();
    host.write('broken.ign', broken);
    const { status, stdout, stderr } = run('ignition-validate', join(host.root, 'broken.ign'));
    expect([status, stdout + stderr]).toEqual([1, expect.stringContaining(complaint)]);
    expect(host.ignite(broken).status).toBe(1);
  });

  it('a misspelt key is told by ignition-validate', () => {
    using host = new FirstBoot();
    writeFileSync(join(host.root, 'odd.ign'), textOf('canary').replace('"contents"', '"content"'));
    const { stdout, stderr } = run('ignition-validate', join(host.root, 'odd.ign'));
    expect(stdout + stderr).toContain('Unused key content');
  });
});
