// Lays out what a host needs below a folder: `install.mjs DESTDIR [--layout usr|local] [--with-node]`.
//   usr    for packages and images: everything below /usr
//   local  for a host whose /usr cannot be written and which has Zincati already: /usr/local and /etc, where the files
//          take precedence over those of the same name below /usr
// --with-node also installs the Node that this script runs on. Run `npm run build` before. docs/install.md has the rest.
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';

const PROJECT = path.dirname(import.meta.dirname);
const LAYOUTS = ['usr', 'local'];

/** Source in systemd/, place in each layout (none: not there), mode. */
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
  ['zincati.rules', 'usr/share/polkit-1/rules.d/zincati.rules', 'etc/polkit-1/rules.d/zincati.rules', 0o644],
  ...readdirSync(path.join(PROJECT, 'systemd/config.d')).map((name) => [
    `config.d/${name}`,
    `usr/lib/zincati/config.d/${name}`,
    // The host has those of its distribution.
    undefined,
    0o644,
  ]),
];
const PROGRAM = { usr: 'usr/lib/zincati/program', local: 'usr/local/lib/zincati/program' };

function install(destination, layout, withNode) {
  if (!existsSync(path.join(PROJECT, 'dist/zincati.mjs'))) {
    throw new Error('cannot install: dist/zincati.mjs must be there, run `npm run build`');
  }
  for (const [source, usr, local, mode] of FILES) {
    const place = layout === 'usr' ? usr : local;
    if (place === undefined) continue;
    const text = readFileSync(path.join(PROJECT, 'systemd', source), 'utf8');
    const adapted = layout === 'local' ? text.replaceAll('=/usr/libexec/', '=/usr/local/libexec/') : text;
    put(path.join(destination, place), adapted, mode);
  }
  const program = path.join(destination, PROGRAM[layout]);
  // Chunks carry a hash in their names: those of an older build would pile up.
  rmSync(program, { recursive: true, force: true });
  cpSync(path.join(PROJECT, 'dist'), program, { recursive: true });
  // The one library that stays outside of the bundle, with its native part for this architecture.
  const modules = path.join(PROJECT, 'node_modules');
  for (const name of readdirSync(modules).filter((found) => /^node-unix-socket/.test(found))) {
    cpSync(path.join(modules, name), path.join(program, 'node_modules', name), { recursive: true });
  }
  if (withNode) {
    cpSync(process.execPath, path.join(program, 'node'));
    chmodSync(path.join(program, 'node'), 0o755);
  }
}

function put(file, text, mode) {
  // mkdir and open obey the umask of whoever installs; a host must not.
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  chmodSync(file, mode);
}

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      layout: { type: 'string', default: 'usr' },
      'with-node': { type: 'boolean', default: false },
    },
  });
  const [destination] = positionals;
  if (destination === undefined || positionals.length !== 1) {
    throw new Error('cannot install: there must be one folder to install below');
  }
  if (!LAYOUTS.includes(values.layout)) {
    throw new Error(`cannot install: --layout must be usr or local, got "${values.layout}"`);
  }
  // What is made here belongs to everybody's system: readable for all, whatever the caller's umask.
  process.umask(0o022);
  install(path.resolve(destination), values.layout, values['with-node']);
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
