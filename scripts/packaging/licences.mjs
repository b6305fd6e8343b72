// The licences of everything in a package: ours, those of the packages whose code is in the bundle, and Node's.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const PROJECT = path.join(import.meta.dirname, '../..');
/** Licences of Node and of the libraries inside it, as far as no package of the bundle has them. */
const LICENCES_OF_NODE = ['BSD-2-Clause', 'CC0-1.0', 'Unicode-3.0', 'Zlib'];

/**
 * Name, version, licence and folder of each npm package in ours, from what the build wrote: a path in the project. The
 * native part of one has the licence of the rest.
 */
export function packagesInside(bundled) {
  return JSON.parse(readFileSync(path.join(PROJECT, bundled), 'utf8'));
}

/** The licences of everything inside, as one SPDX expression. */
export function licenceExpression(packages) {
  const all = new Set(['Apache-2.0', ...LICENCES_OF_NODE, ...packages.map(({ license }) => license)]);
  return [...all].sort().join(' AND ');
}

/** The files with licences: name and text of each. */
export function licenceFiles(packages, runtime) {
  return {
    LICENSE: readFileSync(path.join(PROJECT, 'LICENSE')),
    'LICENSE.node': readFileSync(path.join(runtime.folder, 'LICENSE')),
    'LICENSE.bundled': packages.map(chapter).join('\n'),
    // One of them is under the LGPL, which refers to the GPL.
    'GPL-3.0.txt': readFileSync(path.join(PROJECT, 'packaging/licences/GPL-3.0.txt')),
  };
}

function chapter({ name, version, license, folder }) {
  const from = path.join(PROJECT, folder);
  const files = readdirSync(from).filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file));
  const texts = files.sort().map((file) => readFileSync(path.join(from, file), 'utf8'));
  // A package without such a file names its licence in package.json and sometimes in its README.
  const readme = path.join(from, 'README.md');
  if (texts.length === 0 && existsSync(readme)) {
    texts.push(/^#+ *licen[cs]e[\s\S]*/im.exec(readFileSync(readme, 'utf8'))?.[0] ?? '');
  }
  const body = texts.map((text) => text.replace(/^\uFEFF/, '').trim()).join('\n\n');
  return `== ${name} ${version} (${license})\n\n${body}\n`;
}
