// Lays out below a folder what a host needs. This is the one list of the installed files.
//
// Invariants:
// - Nothing outside the folder is touched.
// - Everybody can read what is made, and only its owner can write to it, whatever the umask and the modes in dist/.
// - The same inputs give the same tree.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { gzipSync } from 'node:zlib';

const PROJECT = path.dirname(import.meta.dirname);

/**
 * `usr` is for packages and images: everything is below /usr. `local` is for a host that has Zincati and whose /usr
 * cannot be written. There the files are in /usr/local and /etc, and take precedence over those of the same name below
 * /usr.
 */
export const LAYOUTS = ['usr', 'local'];
/** The folder of the program in each layout. */
export const PROGRAM = { usr: 'usr/lib/zincati/program', local: 'usr/local/lib/zincati/program' };

/** Source in systemd/, place in layout usr, place in layout local (undefined: not installed), mode. */
const FILES = [
  ['zincati', 'usr/libexec/zincati', 'usr/local/libexec/zincati', 0o755],
  ['zincati-update-now', 'usr/bin/zincati-update-now', 'usr/local/bin/zincati-update-now', 0o755],
  ['zincati.service', 'usr/lib/systemd/system/zincati.service', 'etc/systemd/system/zincati.service', 0o644],
  ['50-zincati.preset', 'usr/lib/systemd/system-preset/50-zincati.preset', undefined, 0o644],
  ['zincati.sysusers.conf', 'usr/lib/sysusers.d/50-zincati.conf', 'etc/sysusers.d/50-zincati.conf', 0o644],
  ['zincati.tmpfiles.conf', 'usr/lib/tmpfiles.d/zincati.conf', 'etc/tmpfiles.d/zincati.conf', 0o644],
  [
    'org.coreos.zincati.conf',
    'usr/share/dbus-1/system.d/org.coreos.zincati.conf',
    'etc/dbus-1/system.d/org.coreos.zincati.conf',
    0o644,
  ],
  [
    'org.coreos.zincati.Agent1.xml',
    'usr/share/dbus-1/interfaces/org.coreos.zincati.Agent1.xml',
    'usr/local/share/dbus-1/interfaces/org.coreos.zincati.Agent1.xml',
    0o644,
  ],
  [
    'org.coreos.zincati.policy',
    'usr/share/polkit-1/actions/org.coreos.zincati.policy',
    // Read by polkit 125 and newer.
    'usr/local/share/polkit-1/actions/org.coreos.zincati.policy',
    0o644,
  ],
  ['zincati.rules', 'usr/share/polkit-1/rules.d/zincati.rules', 'etc/polkit-1/rules.d/zincati.rules', 0o644],
  ...readdirSync(path.join(PROJECT, 'systemd/config.d')).map((name) => [
    `config.d/${name}`,
    `usr/lib/zincati/config.d/${name}`,
    // Such a host has its distribution's.
    undefined,
    0o644,
  ]),
];

/** A command for people: its place in each layout, and where the link leads. */
const COMMAND = { usr: 'usr/bin/zincati', local: 'usr/local/bin/zincati', target: '../libexec/zincati' };
/** The folder of what the build made of the table of commands, in each layout. */
const SHARE = { usr: 'usr/share', local: 'usr/local/share' };

/** For a program without the native addon: the service manager hands its socket over as a descriptor. */
const NOTIFY_DROP_IN = [
  'zincati-notify.conf',
  'usr/lib/systemd/system/zincati.service.d/10-notify.conf',
  'etc/systemd/system/zincati.service.d/10-notify.conf',
  0o644,
];

/** The files of node-unix-socket that are read at run time. Its native part is `*.node`. */
const RUNNING = /(?:^|\/)(?:package\.json|LICENSE|[^/]+\.(?:js|node))$/;
const NOT_RUNNING = /(?:^|\/)jest\.config\.js$/;

/**
 * `node` is the file of a Node that goes beside the program, or undefined. `addon` is the npm package with the native
 * part of node-unix-socket. Undefined leaves the library out, and the unit then needs systemd 253 or newer. `processor`, as
 * Node names it: what was compiled for another one stays out.
 */
export function layOut(destination, { layout, node, addon, processor = process.arch }) {
  if (!existsSync(path.join(PROJECT, 'dist/zincati.cjs'))) {
    throw new Error('cannot install: dist/zincati.cjs must be there, run `npm run build`');
  }
  const files = addon === undefined ? [...FILES, NOTIFY_DROP_IN] : FILES;
  for (const [source, usr, local, mode] of files) {
    const place = layout === 'usr' ? usr : local;
    if (place === undefined) {
      continue;
    }
    const text = readFileSync(path.join(PROJECT, 'systemd', source), 'utf8');
    const adapted = layout === 'local' ? text.replaceAll('=/usr/libexec/', '=/usr/local/libexec/') : text;
    put(path.join(destination, place), adapted, mode);
  }
  const program = path.join(destination, PROGRAM[layout]);
  // Chunks have a hash in their names, so those of older builds would pile up.
  rmSync(program, { recursive: true, force: true });
  const dist = path.join(PROJECT, 'dist');
  copy(
    dist,
    program,
    (name) =>
      !name.startsWith('share/') &&
      !name.startsWith('fleet/') &&
      (!COMPILED.test(name) || name.endsWith(`.${processor}`)),
  );
  layOutShare(path.join(dist, 'share'), path.join(destination, SHARE[layout]));
  link(path.join(destination, COMMAND[layout]), COMMAND.target);
  if (addon !== undefined) {
    for (const name of ['node-unix-socket', addon]) {
      const to = path.join(program, 'node_modules', name);
      copy(
        path.join(PROJECT, 'node_modules', name),
        to,
        (file) => RUNNING.test(file) && !NOT_RUNNING.test(file),
      );
    }
  }
  if (node !== undefined) {
    cpSync(node, path.join(program, 'node'));
    chmodSync(path.join(program, 'node'), 0o755);
  }
}

/** Manual pages are compressed, as packages have them. */
export function layOutShare(from, to) {
  copy(from, to, (name) => !name.startsWith('man/'));
  for (const name of readdirSync(path.join(from, 'man'), { recursive: true }).sort()) {
    const page = path.join(from, 'man', name);
    if (statSync(page).isFile()) {
      put(path.join(to, 'man', `${name}.gz`), gzipSync(readFileSync(page)), 0o644);
    }
  }
}

/** What scripts/compile.mjs makes. */
const COMPILED = /\.cjs\.[a-z0-9]+$/;

/** Replaces what is there, a link to elsewhere included. */
function link(file, target) {
  makeFolder(path.dirname(file));
  rmSync(file, { force: true });
  symlinkSync(target, file);
}

/** Writes a file with exactly this mode, and the folders above it. */
export function put(file, text, mode) {
  makeFolder(path.dirname(file));
  writeFileSync(file, text);
  // open and mkdir obey the umask of whoever installs. What is on a host must not depend on it.
  chmodSync(file, mode);
}

/** Copies the files below `from` that are wanted; `isWanted` gets the path of each in it. */
export function copy(from, to, isWanted = () => true) {
  for (const name of readdirSync(from, { recursive: true }).sort()) {
    if (statSync(path.join(from, name)).isFile() && isWanted(name)) {
      put(path.join(to, name), readFileSync(path.join(from, name)), 0o644);
    }
  }
}

function makeFolder(folder) {
  if (existsSync(folder)) {
    return;
  }
  makeFolder(path.dirname(folder));
  mkdirSync(folder);
  chmodSync(folder, 0o755);
}
