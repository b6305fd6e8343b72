// A tree that becomes a package: every time in it is the same, so that the same inputs give the same bytes.
import { lutimesSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Folders that belong to the package in whole; those above them are the host's. */
const OWN_FOLDER = /(?:^|\/)(?:zincati|zincati-ng|zincati\.service\.d)(?:\/|$)/;

/** Paths below the folder, parents first: all files, and the folders that are the package's own. */
export function ownPaths(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => !statSync(path.join(folder, name)).isDirectory() || OWN_FOLDER.test(name))
    .sort();
}

export function setTimes(folder, epochSecs) {
  for (const name of ['.', ...readdirSync(folder, { recursive: true })]) {
    lutimesSync(path.join(folder, name), epochSecs, epochSecs);
  }
}
