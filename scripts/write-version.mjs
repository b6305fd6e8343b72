// Writes the version of package.json to where it is repeated: src/version.ts, and the names of the packages in the
// documents. `npm version NEW` runs this before it commits.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import './node-version.mjs';

const PROJECT = path.dirname(import.meta.dirname);
const { version } = JSON.parse(readFileSync(path.join(PROJECT, 'package.json'), 'utf8'));

/** By file: the text before the version. */
const PLACES = {
  'src/version.ts': /(VERSION = ')[^']+(?=')/g,
  'docs/install.md': /(zincati-ng-)\d[\d.]*(?=-)/g,
  'README.md': /(zincati-ng-|Version )\d[\d.]*(?=[-,])/g,
};

for (const [file, before] of Object.entries(PLACES)) {
  const full = path.join(PROJECT, file);
  const text = readFileSync(full, 'utf8');
  writeFileSync(
    full,
    text.replace(before, (_, kept) => `${kept}${version}`),
  );
}
