// Makes sure that the programs are there that npm does not bring: `setup.mjs demo`, `setup.mjs package` or
// `setup.mjs test`. On Debian, as root, it installs what is missing. Elsewhere it names that, and the exit code is 1.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { createInterface } from 'node:readline';
import './node-version.mjs';

import { areForeignLibrariesHere, fetchForeignLibraries } from './packaging/foreign-libraries.mjs';
import { ARCHITECTURES, isRuntimeHere, runtimeOf } from './packaging/runtime.mjs';
import { stripperFor } from './packaging/strip.mjs';
import { Progress } from './progress.mjs';

/** Each purpose includes the needs of others. */
const PURPOSES = { demo: ['demo'], package: ['package'], test: ['demo', 'package', 'test'] };

/** What is needed, for which purpose, how to tell that it is there, and which packages bring it. */
const NEEDS = {
  'dbus-daemon': {
    for: 'demo',
    has: () => onPath('dbus-daemon'),
    debian: ['dbus-daemon'],
    fedora: 'dbus-daemon',
  },
  'python3 with GObject introspection': {
    for: 'demo',
    has: () => spawnSync('/usr/bin/python3', ['-c', 'from gi.repository import Gio']).status === 0,
    debian: ['python3-gi', 'gir1.2-glib-2.0'],
    fedora: 'python3-gobject-base',
  },
  dasbus: {
    for: 'test',
    has: () => spawnSync('/usr/bin/python3', ['-c', 'import dasbus']).status === 0,
    debian: ['python3-dasbus'],
    fedora: 'python3-dasbus',
  },
  busctl: { for: 'test', has: () => onPath('busctl'), debian: ['systemd'], fedora: 'systemd' },
  gdbus: { for: 'test', has: () => onPath('gdbus'), debian: ['libglib2.0-bin'], fedora: 'glib2' },
  rpmbuild: { for: 'package', has: () => onPath('rpmbuild'), debian: ['rpm'], fedora: 'rpm-build' },
  'strip for x86_64': {
    for: 'package',
    has: () => stripperFor('x86_64') !== undefined,
    debian: ['binutils-x86-64-linux-gnu'],
    fedora: 'binutils-x86_64-linux-gnu',
  },
  'strip for aarch64': {
    for: 'package',
    has: () => stripperFor('aarch64') !== undefined,
    debian: ['binutils-aarch64-linux-gnu'],
    fedora: 'binutils-aarch64-linux-gnu',
  },
  cpio: { for: 'test', has: () => onPath('cpio'), debian: ['cpio'], fedora: 'cpio' },
  xz: { for: 'package', has: () => onPath('xz'), debian: ['xz-utils'], fedora: 'xz' },
  rpmlint: { for: 'test', has: () => onPath('rpmlint'), debian: ['rpmlint'], fedora: 'rpmlint' },
  promtool: { for: 'test', has: () => onPath('promtool'), debian: ['prometheus'], fedora: 'prometheus' },
  prometheus: { for: 'test', has: () => onPath('prometheus'), debian: ['prometheus'], fedora: 'prometheus' },
  'prometheus-node-exporter': {
    for: 'test',
    has: () => onPath('prometheus-node-exporter'),
    debian: ['prometheus-node-exporter'],
    fedora: 'node-exporter',
  },
  'systemd-socket-activate': {
    for: 'test',
    has: () => onPath('systemd-socket-activate'),
    debian: ['systemd'],
    fedora: 'systemd',
  },
  openssl: { for: 'test', has: () => onPath('openssl'), debian: ['openssl'], fedora: 'openssl' },
  etcd: { for: 'test', has: () => onPath('etcd'), debian: ['etcd-server'], fedora: 'etcd' },
  mandoc: { for: 'test', has: () => onPath('mandoc'), debian: ['mandoc'], fedora: 'mandoc' },
  groff: { for: 'test', has: () => onPath('groff'), debian: ['groff-base'], fedora: 'groff-base' },
  man: { for: 'test', has: () => onPath('man'), debian: ['man-db'], fedora: 'man-db' },
  chromium: { for: 'test', has: () => onPath('chromium'), debian: ['chromium'], fedora: 'chromium-headless' },
  zsh: { for: 'test', has: () => onPath('zsh'), debian: ['zsh'], fedora: 'zsh' },
  fish: { for: 'test', has: () => onPath('fish'), debian: ['fish'], fedora: 'fish' },
  curl: { for: 'test', has: () => onPath('curl'), debian: ['curl'], fedora: 'curl' },
  unshare: { for: 'test', has: () => onPath('unshare'), debian: ['util-linux'], fedora: 'util-linux' },
  socat: { for: 'test', has: () => onPath('socat'), debian: ['socat'], fedora: 'socat' },
  // Fedora's message bus. Started by a host, it is the system bus; the tests start one of their own.
  'dbus-broker-launch': {
    for: 'test',
    has: () => onPath('dbus-broker-launch'),
    debian: ['dbus-broker'],
    fedora: 'dbus-broker',
  },
  'dbus-monitor': {
    for: 'test',
    has: () => onPath('dbus-monitor'),
    debian: ['dbus-bin'],
    fedora: 'dbus-tools',
  },
  ps: { for: 'test', has: () => onPath('ps'), debian: ['procps'], fedora: 'procps-ng' },
  'systemd-id128': {
    for: 'test',
    has: () => onPath('systemd-id128'),
    debian: ['systemd'],
    fedora: 'systemd',
  },
  'systemd-sysusers': {
    for: 'test',
    has: () => onPath('systemd-sysusers'),
    debian: ['systemd'],
    fedora: 'systemd',
  },
  'systemd-nspawn': {
    for: 'test',
    has: () => onPath('systemd-nspawn'),
    debian: ['systemd-container'],
    fedora: 'systemd-container',
  },
  // Runs what is packaged for aarch64.
  'qemu-aarch64-static': {
    for: 'test',
    has: () => process.arch === 'arm64' || onPath('qemu-aarch64-static'),
    debian: ['qemu-user-static'],
    fedora: 'qemu-user-static-aarch64',
  },
  // The tests' OSTree host.
  mmdebstrap: { for: 'test', has: () => onPath('mmdebstrap'), debian: ['mmdebstrap'], fedora: 'mmdebstrap' },
  ostree: { for: 'test', has: () => onPath('ostree'), debian: ['ostree'], fedora: 'ostree' },
  'mkfs.ext4': {
    for: 'test',
    has: () => onPath('mkfs.ext4'),
    debian: ['e2fsprogs'],
    fedora: 'e2fsprogs',
  },
  ip: { for: 'test', has: () => onPath('ip'), debian: ['iproute2'], fedora: 'iproute' },
  ignition: {
    for: 'test',
    has: () => onPath('ignition-validate') && existsSync('/usr/lib/dracut/modules.d/30ignition/ignition'),
    debian: ['ignition'],
    fedora: 'ignition ignition-validate',
  },
  setfiles: {
    for: 'test',
    has: () => onPath('setfiles'),
    debian: ['policycoreutils'],
    fedora: 'policycoreutils',
  },
  polkitd: {
    for: 'test',
    has: () => existsSync('/usr/lib/polkit-1/polkitd'),
    debian: ['polkitd'],
    fedora: 'polkit',
  },
};

function onPath(program) {
  return (process.env.PATH ?? '')
    .split(':')
    .concat('/usr/sbin', '/sbin')
    .some((folder) => folder !== '' && existsSync(`${folder}/${program}`));
}

function missing(purpose) {
  return Object.entries(NEEDS).filter(([, need]) => PURPOSES[purpose].includes(need.for) && !need.has());
}

/** Installs the packages that bring the needs. Whether that helped, `missing` tells afterwards. */
async function installOnDebian(needs, progress) {
  const packages = [...new Set(needs.flatMap(([, need]) => need.debian))];
  const install = () =>
    progress.step(`install from Debian: ${packages.join(' ')}`, (tell) =>
      apt(['install', '-y', '--no-install-recommends', ...packages], tell),
    );
  if (await install()) {
    return;
  }
  // A machine that never fetched its package lists finds nothing.
  progress.expect(2);
  await progress.step("update Debian's package lists", (tell) => apt(['update'], tell));
  await install();
}

/**
 * Resolves with whether apt-get succeeded. Its complaints go to standard error. `tell` gets how far it is, for example
 * `43 %, Unpacking ostree (amd64)`.
 */
async function apt(args, tell) {
  const child = spawn('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', '-o', 'APT::Status-Fd=3', ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  createInterface({ input: child.stdio[3] }).on('line', (line) => {
    const [, percent, what] = /^(?:dl|pm)status:[^:]*:([\d.]+):(.*)$/.exec(line) ?? [];
    if (percent !== undefined) {
      tell(`${Math.round(Number(percent))} %, ${what}`);
    }
  });
  const [code] = await once(child, 'close');
  return code === 0;
}

const purpose = process.argv[2] ?? 'test';
if (!Object.hasOwn(PURPOSES, purpose)) {
  const known = Object.keys(PURPOSES).join(', ');
  process.stderr.write(`cannot set up: the purpose must be one of ${known}, got "${purpose}"\n`);
  process.exit(2);
}
let lacking = missing(purpose);
const canInstall = lacking.length > 0 && process.getuid?.() === 0 && onPath('apt-get');
// They are fetched here, so that no test asks the network for them.
const toFetch = purpose === 'test' ? Object.keys(ARCHITECTURES).filter((name) => !isRuntimeHere(name)) : [];
const isLibraryToFetch =
  purpose === 'test' && process.arch !== 'arm64' && onPath('apt-get') && !areForeignLibrariesHere();
const progress = new Progress('setup', (canInstall ? 1 : 0) + toFetch.length + (isLibraryToFetch ? 1 : 0));
if (canInstall) {
  await installOnDebian(lacking, progress);
  lacking = missing(purpose);
}
if (lacking.length > 0) {
  process.stderr.write('cannot go on, these programs are missing:\n');
  for (const [name, need] of lacking) {
    process.stderr.write(`  ${name} (Debian, Ubuntu: ${need.debian.join(' ')}; Fedora: ${need.fedora})\n`);
  }
  process.exit(1);
}
for (const architecture of toFetch) {
  try {
    await progress.step(`fetch Node for ${architecture}`, () => runtimeOf(architecture));
  } catch (error) {
    process.stderr.write(`${error.message}; the tests of the packages will fail\n`);
  }
}
if (isLibraryToFetch) {
  try {
    await progress.step('fetch the C library for aarch64', () => fetchForeignLibraries());
  } catch (error) {
    process.stderr.write(`${error.message}; the test that runs the package for aarch64 will be skipped\n`);
  }
}
