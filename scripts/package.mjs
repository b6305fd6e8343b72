// Makes the packages: `package.mjs [--arch x86_64|aarch64]... [--out FOLDER] [--quick]`. `npm run build` comes first.
// For each architecture it makes an RPM and a tar.xz for /usr/local, each with its own Node; and SHA256SUMS of all.
// --quick is for tests: it compresses less, and makes a tar.gz.
//
// Invariants:
// - The same commit, Node and SOURCE_DATE_EPOCH give the same bytes on any machine with the same versions of tar, xz,
//   strip and rpmbuild. Umask, time zone, home and user do not matter.
// - A package is complete or not there.
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import './node-version.mjs';

import { copy, layOut, put } from './layout.mjs';
import { archive } from './packaging/archive.mjs';
import { licenceFiles, packagesInside } from './packaging/licences.mjs';
import { rpm } from './packaging/rpm.mjs';
import { run } from './packaging/run.mjs';
import { ARCHITECTURES, isRuntimeHere, runtimeOf } from './packaging/runtime.mjs';
import { strip } from './packaging/strip.mjs';
import { Progress } from './progress.mjs';

const PROJECT = path.dirname(import.meta.dirname);
const DOCUMENTS = ['README.md', 'CHANGELOG.md', 'ARCHITECTURE.md'];

const STEPS_PER_ARCHITECTURE = 4;

/** Resolves with the paths of the packages. `work` is an empty folder on the file system of `out`. */
async function packAll(architecture, out, work, options) {
  const { addon, processor, oldestSystemd } = ARCHITECTURES[architecture];
  const step = (what, run) => options.progress.step(`${architecture}: ${what}`, run);
  const verb = isRuntimeHere(architecture) ? 'find' : 'fetch';
  const runtime = await step(`${verb} Node`, () => runtimeOf(architecture));
  const packages = packagesInside();
  const node = path.join(work, 'node');
  await step(`strip Node ${runtime.version}`, async () => {
    copyFileSync(path.join(runtime.folder, 'bin/node'), node);
    await strip(node, architecture);
  });

  const fill = (layout, share) => {
    const tree = path.join(work, layout);
    layOut(tree, { layout, node, addon, processor });
    for (const [name, text] of Object.entries(licenceFiles(packages, runtime))) {
      put(path.join(tree, share, 'licenses/zincati-ng', name), text, 0o644);
    }
    const documents = path.join(tree, share, 'doc/zincati-ng');
    for (const name of DOCUMENTS) {
      put(path.join(documents, name), readFileSync(path.join(PROJECT, name)), 0o644);
    }
    for (const name of ['docs', 'examples', 'monitoring']) {
      copy(path.join(PROJECT, name), path.join(documents, name));
    }
    return tree;
  };
  const archived = await step('make the tar', async () => {
    const tar = path.join(work, `zincati-ng-${options.version}-${architecture}.tar`);
    const packed = await archive(fill('local', 'usr/local/share'), tar, options);
    const target = path.join(out, path.basename(packed));
    renameSync(packed, target);
    return target;
  });
  const made = await step('make the RPM', () => {
    const rpmWork = path.join(work, 'rpm');
    mkdirSync(rpmWork);
    return rpm(fill('usr', 'usr/share'), out, rpmWork, {
      ...options,
      architecture,
      packages,
      nodeVersion: runtime.version,
      oldestSystemd,
    });
  });
  return [archived, made];
}

/** The time that everything in the packages gets, in seconds since 1970: SOURCE_DATE_EPOCH, or that of the commit. */
async function epoch() {
  const git = ['log', '-1', '--format=%ct'];
  const given =
    process.env.SOURCE_DATE_EPOCH ?? (await run('git', git, { cwd: PROJECT, env: process.env })).trim();
  if (!/^\d+$/.test(given)) {
    throw new Error(`cannot package: SOURCE_DATE_EPOCH must be seconds since 1970, got "${given}"`);
  }
  return Number(given);
}

try {
  const { values } = parseArgs({
    options: {
      arch: { type: 'string', multiple: true, default: Object.keys(ARCHITECTURES) },
      out: { type: 'string', default: path.join(PROJECT, 'out') },
      quick: { type: 'boolean', default: false },
    },
  });
  for (const architecture of values.arch) {
    if (!Object.hasOwn(ARCHITECTURES, architecture)) {
      const known = Object.keys(ARCHITECTURES).join(' or ');
      throw new Error(`cannot package: --arch must be ${known}, got "${architecture}"`);
    }
  }
  const { version } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8'));
  const progress = new Progress('package', values.arch.length * STEPS_PER_ARCHITECTURE);
  const options = { version, epochSecs: await epoch(), isQuick: values.quick, progress };
  const out = path.resolve(values.out);
  mkdirSync(out, { recursive: true });
  // On the file system of the result, so that a complete package moves there in one step.
  const work = mkdtempSync(path.join(out, '.work-'));
  try {
    const sums = [];
    for (const architecture of values.arch) {
      const folder = path.join(work, architecture);
      mkdirSync(folder);
      for (const file of await packAll(architecture, out, folder, options)) {
        const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
        sums.push(`${sum}  ${path.basename(file)}\n`);
        process.stdout.write(`${file} ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
      }
    }
    writeFileSync(path.join(out, 'SHA256SUMS'), sums.sort().join(''));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
