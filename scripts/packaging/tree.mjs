// What the tar and the RPM share: the paths that belong to the package, and one time for all of them.
import { lutimesSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Folders that belong to the package as a whole. The folders above them belong to the host. */
const OWN_FOLDER = /(?:^|\/)(?:zincati|zincati-ng|zincati-fleet|zincati\.service\.d)(?:\/|$)/;

/** Paths below `folder`, parents first: all files, and the folders that are the package's own. */
export function ownPaths(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => !statSync(path.join(folder, name)).isDirectory() || OWN_FOLDER.test(name))
    .sort();
}

/** Gives everything in the tree the same time, so that the same inputs give the same bytes. */
export function setTimes(folder, epochSecs) {
  for (const name of ['.', ...readdirSync(folder, { recursive: true })]) {
    lutimesSync(path.join(folder, name), epochSecs, epochSecs);
  }
}
