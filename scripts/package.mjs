// Makes the packages: `package.mjs [--arch x86_64|aarch64]... [--out FOLDER] [--quick]`. `npm run build` comes first.
// For each architecture it makes an RPM and a tar.xz for /usr/local, of the agent and of the fleet's program. Each has its
// own Node. SHA256SUMS has the hashes of all.
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
import './node-version.mjs';

import { layOutFleet } from './fleet-layout.mjs';
import { copy, layOut, put } from './layout.mjs';
import { archive } from './packaging/archive.mjs';
import { licenceFiles, packagesInside } from './packaging/licences.mjs';
import { rpm } from './packaging/rpm.mjs';
import { run } from './packaging/run.mjs';
import { ARCHITECTURES, isRuntimeHere, runtimeOf } from './packaging/runtime.mjs';
import { strip } from './packaging/strip.mjs';
import { Progress } from './progress.mjs';

const PROJECT = path.dirname(import.meta.dirname);
const STEPS_PER_ARCHITECTURE = 6;

/**
 * `name` is that of the package, `bundled` the list of the npm packages inside. `documents` are the files and folders of
 * the project that are its documentation. `layOut` gets a folder, and what scripts/layout.mjs takes.
 */
const PRODUCTS = [
  {
    name: 'zincati-ng',
    bundled: 'dist/bundled.json',
    documents: ['README.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'docs', 'examples', 'monitoring'],
    layOut,
    // They are the package's, also when they are empty.
    folders: ['etc/zincati/config.d', 'usr/lib/zincati'],
  },
  {
    name: 'zincati-fleet',
    bundled: 'dist/fleet/bundled.json',
    documents: ['CHANGELOG.md', 'docs/fleet', 'examples/fleet'],
    layOut: layOutFleet,
    folders: [],
  },
];

/** Resolves with the paths of the packages. `work` is an empty folder on the file system of `out`. */
async function packAll(architecture, out, work, options) {
  const step = (what, run) => options.progress.step(`${architecture}: ${what}`, run);
  const verb = isRuntimeHere(architecture) ? 'find' : 'fetch';
  const runtime = await step(`${verb} Node`, () => runtimeOf(architecture));
  const node = path.join(work, 'node');
  await step(`strip Node ${runtime.version}`, async () => {
    copyFileSync(path.join(runtime.folder, 'bin/node'), node);
    await strip(node, architecture);
  });
  const made = [];
  for (const product of PRODUCTS) {
    const folder = path.join(work, product.name);
    mkdirSync(folder);
    made.push(...(await pack(product, architecture, out, folder, { ...options, step, runtime, node })));
  }
  return made;
}

async function pack(product, architecture, out, work, { step, runtime, node, ...options }) {
  const { name } = product;
  const { addon, processor, oldestSystemd } = ARCHITECTURES[architecture];
  const packages = packagesInside(product.bundled);
  const fill = (layout, share) => {
    const tree = path.join(work, layout);
    product.layOut(tree, { layout, node, addon, processor });
    for (const [file, text] of Object.entries(licenceFiles(packages, runtime))) {
      put(path.join(tree, share, 'licenses', name, file), text, 0o644);
    }
    for (const document of product.documents) {
      const [from, to] = [path.join(PROJECT, document), path.join(tree, share, 'doc', name, document)];
      if (statSync(from).isDirectory()) copy(from, to);
      else put(to, readFileSync(from), 0o644);
    }
    return tree;
  };
  const archived = await step(`make the tar of ${name}`, async () => {
    const tar = path.join(work, `${name}-${options.version}-${architecture}.tar`);
    const packed = await archive(fill('local', 'usr/local/share'), tar, options);
    const target = path.join(out, path.basename(packed));
    renameSync(packed, target);
    return target;
  });
  const made = await step(`make the RPM of ${name}`, () => {
    const rpmWork = path.join(work, 'rpm');
    mkdirSync(rpmWork);
    return rpm(name, fill('usr', 'usr/share'), out, rpmWork, {
      ...options,
      architecture,
      packages,
      folders: product.folders,
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

const USAGE = `Usage: npm run package -- [OPTIONS]

Makes an RPM and a tar.xz for each architecture, each with its own Node, and SHA256SUMS of all.

  --arch NAME   ${Object.keys(ARCHITECTURES).join(' or ')}; may be given several times (default: all)
  --out FOLDER  where the packages go (default: out)
  --quick       for tests: compresses less, and makes a tar.gz
  --help        this text
`;

function parse(args) {
  const { values } = given({
    args,
    options: {
      arch: { type: 'string', multiple: true, default: Object.keys(ARCHITECTURES) },
      out: { type: 'string', default: path.join(PROJECT, 'out') },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  for (const architecture of values.arch) {
    if (!Object.hasOwn(ARCHITECTURES, architecture)) {
      const known = Object.keys(ARCHITECTURES).join(' or ');
      throw new UsageError(`cannot package: --arch must be ${known}, got "${architecture}"`);
    }
  }
  return values;
}

async function packageAll(values) {
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
}

const { given, runProgram, UsageError } = await import('../sandbox/program.ts');
process.exitCode = await runProgram(process.argv.slice(2), {
  name: 'npm run package --',
  usage: USAGE,
  parse,
  run: (values) =>
    packageAll(values).then(
      () => 0,
      (error) => {
        process.stderr.write(`${error.message}\n`);
        return 1;
      },
    ),
});
