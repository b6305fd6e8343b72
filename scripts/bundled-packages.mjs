// Which npm packages are in a bundle, for the licences and the list of a package.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

/** Old names of licences, and what SPDX calls them now. */
const SPDX = { 'LGPL-3.0': 'LGPL-3.0-only', 'MIT/X11': 'MIT' };
/** Packages that state their licence in a file only. */
const LICENCES = {};

/** Name, version, licence, folder and files of each package with a module in the bundle, sorted by folder. */
export async function bundledPackages(chunks) {
  const filesOf = new Map();
  for (const { fileName, moduleIds = [] } of chunks) {
    for (const id of moduleIds) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.relative('.', id)) ?? [];
      if (folder !== undefined) {
        filesOf.set(folder, (filesOf.get(folder) ?? new Set()).add(fileName));
      }
    }
  }
  return Promise.all(
    [...filesOf.keys()].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
      const stated = license?.type ?? license ?? LICENCES[name];
      if (stated === undefined) {
        throw new Error(`cannot build: the licence of ${name} must be known`);
      }
      return {
        name,
        version,
        license: SPDX[stated] ?? stated,
        folder,
        files: [...filesOf.get(folder)].sort(),
      };
    }),
  );
}
