// Makes sure that the programs outside of npm's reach are there: `setup.mjs demo`, `setup.mjs package` or
// `setup.mjs test`.
// On a Debian machine, as root, what is missing is installed; anywhere else it is named, and the exit code is 1.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';

import { ARCHITECTURES, runtimeOf } from './packaging/runtime.mjs';
import { stripperFor } from './packaging/strip.mjs';

const OLDEST_NODE = [22, 19];

/** What is needed for each purpose. */
const PURPOSES = { demo: ['demo'], package: ['package'], test: ['demo', 'package', 'test'] };

/** What is needed, how to tell that it is there, and the packages that bring it. */
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
  xz: { for: 'package', has: () => onPath('xz'), debian: ['xz-utils'], fedora: 'xz' },
  rpmlint: { for: 'test', has: () => onPath('rpmlint'), debian: ['rpmlint'], fedora: 'rpmlint' },
  promtool: { for: 'test', has: () => onPath('promtool'), debian: ['prometheus'], fedora: 'prometheus' },
  openssl: { for: 'test', has: () => onPath('openssl'), debian: ['openssl'], fedora: 'openssl' },
  etcd: { for: 'test', has: () => onPath('etcd'), debian: ['etcd-server'], fedora: 'etcd' },
  curl: { for: 'test', has: () => onPath('curl'), debian: ['curl'], fedora: 'curl' },
  unshare: { for: 'test', has: () => onPath('unshare'), debian: ['util-linux'], fedora: 'util-linux' },
  socat: { for: 'test', has: () => onPath('socat'), debian: ['socat'], fedora: 'socat' },
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

function installOnDebian(needs) {
  const packages = needs.flatMap(([, need]) => need.debian);
  process.stderr.write(`installing ${packages.join(' ')}\n`);
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'Dpkg::Use-Pty=0', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }).status === 0;
  if (!apt('install', '-y', '--no-install-recommends', ...packages)) {
    // A machine that never fetched its package lists cannot find anything.
    apt('update');
    apt('install', '-y', '--no-install-recommends', ...packages);
  }
}

const purpose = process.argv[2] ?? 'test';
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `cannot go on: Node must be ${OLDEST_NODE.join('.')} or newer, got ${process.versions.node}; run this through npm after \`npm ci\`, which brings Node 24 on x86_64 and aarch64\n`,
  );
  process.exit(1);
}
let lacking = missing(purpose);
if (lacking.length > 0 && process.getuid?.() === 0 && onPath('apt-get')) {
  installOnDebian(lacking);
  lacking = missing(purpose);
}
if (lacking.length > 0) {
  process.stderr.write('cannot go on, these programs are missing:\n');
  for (const [name, need] of lacking) {
    process.stderr.write(`  ${name} (Debian, Ubuntu: ${need.debian.join(' ')}; Fedora: ${need.fedora})\n`);
  }
  process.exit(1);
}
if (purpose === 'test') {
  // Fetched here, so that no test asks anybody outside of the machine.
  for (const architecture of Object.keys(ARCHITECTURES)) {
    try {
      runtimeOf(architecture);
    } catch (error) {
      process.stderr.write(`${error.message}; the tests of the packages will fail\n`);
    }
  }
}
