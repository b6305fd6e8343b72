/**
 * Files that the configuration is in, or names, and that others can change or read. Each gives a sentence with key, file,
 * mode and remedy.
 *
 * Invariants:
 * - A folder counts like the file: who may write there can put another file in its place. With links, the folders on both
 *   sides count.
 * - Only what is below `root` counts.
 * - What cannot be looked at gives no sentence: whoever reads the file says why it cannot.
 */
import type { Stats } from 'node:fs';
import path from 'node:path';
import { resolveBelow } from '../files/resolve-below.ts';
import { printable } from '../text/printable.ts';
import { shownPath } from '../text/shown-path.ts';
import { ATTRIBUTES_FILE } from './attribute-template.ts';
import { DROP_IN_DIRECTORIES } from './drop-ins.ts';
import type { Settings } from './settings.ts';
import { modeText } from '../text/mode-text.ts';

/** A file that decides what this node does, or proves who it is. */
export interface NamedFile {
  /** Who names it, for people: the file with the key, or nobody. */
  readonly by: string | undefined;
  /** As the host sees it. */
  readonly path: string;
  /**
   * What others must not do with it. `nothing`: its reader refuses it already, so only the folders above it count.
   * `folder`: all files in it count.
   */
  readonly guards: 'contents' | 'secret' | 'nothing' | 'folder';
}

const WRITABLE_BY_OTHERS = 0o002;
const STICKY = 0o1000;
/** Its reader refuses such a secret: see credential-file.ts. */
const OPEN_SECRET = 0o027;

/** `origins`: the file that set each key. `needsAttributes`: some value is made from the machine's attributes. */
export function namedFiles(
  { updates }: Settings,
  origins: ReadonlyMap<string, string>,
  needsAttributes: boolean,
): readonly NamedFile[] {
  const { caFile, clientCertFile, clientKeyFile, bearerFile } = updates.fleetLock;
  const files: NamedFile[] = DROP_IN_DIRECTORIES.map((folder) => ({
    by: undefined,
    path: folder,
    guards: 'folder',
  }));
  const add = (key: string, file: string | undefined, guards: NamedFile['guards']): void => {
    if (file !== undefined) {
      const origin = origins.get(key);
      files.push({ by: origin === undefined ? key : `${printable(origin)}: ${key}`, path: file, guards });
    }
  };
  add('updates.fleet_lock.ca_file', caFile, 'contents');
  add('updates.fleet_lock.client_cert_file', clientCertFile, 'contents');
  add('updates.fleet_lock.client_key_file', clientKeyFile, 'secret');
  add('updates.fleet_lock.bearer_file', bearerFile, 'secret');
  if (updates.strategies.includes('marker')) {
    add('updates.marker.path', updates.marker.path, 'nothing');
  }
  if (needsAttributes) {
    files.push({ by: undefined, path: ATTRIBUTES_FILE, guards: 'nothing' });
  }
  return files;
}

/** One sentence for each file or folder that others can change or read. */
export async function adviceOnExposed(root: string, files: readonly NamedFile[]): Promise<string[]> {
  const advice: string[] = [];
  for (const file of files) {
    advice.push(...(await adviceOn(root, file)));
  }
  return [...new Set(advice)];
}

async function adviceOn(root: string, file: NamedFile): Promise<string[]> {
  const shown = file.guards === 'folder' ? 'a drop-in' : shownPath(file.path);
  const by = file.by === undefined ? '' : `${file.by}: `;
  const found = await look(root, file.path);
  const ofFile = found === undefined ? [] : adviceOnMode(by, shown, found.stats, file.guards);
  const folders = new Map<string, Stats>();
  for (const place of found === undefined ? [file.path] : [file.path, found.path]) {
    const end = file.guards === 'folder' ? `${place}/x` : place;
    for (const folder of foldersAbove(end)) {
      const above = await look(root, folder);
      if (above === undefined) {
        break;
      }
      if (canReplaceIn(above.stats, folder === path.posix.dirname(path.posix.normalize(end)))) {
        folders.set(above.path, above.stats);
      }
    }
  }
  const ofFolders = [...folders].map(([folder, stats]) => {
    const where = shownPath(folder);
    const remedy =
      (stats.mode & STICKY) === 0
        ? `chmod o-w ${where}`
        : 'keep it in a folder of root, such as /etc/zincati';
    return `${by}every user of this host can put another file in the place of ${shown}, since ${where} has mode ${modeText(stats.mode)}; ${remedy}`;
  });
  return [...ofFile, ...ofFolders];
}

function adviceOnMode(by: string, shown: string, stats: Stats, guards: NamedFile['guards']): string[] {
  if (guards === 'nothing' || guards === 'folder' || !stats.isFile()) {
    return [];
  }
  const mode = modeText(stats.mode);
  if ((stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    const remedy = guards === 'secret' ? 'chmod 0640' : 'chmod o-w';
    return [`${by}every user of this host can change ${shown}, which has mode ${mode}; ${remedy} ${shown}`];
  }
  return guards === 'secret' && (stats.mode & OPEN_SECRET) !== 0
    ? [
        `${by}${shown} is refused: others can read it, or its group can change it, since it has mode ${mode}; chmod 0640 ${shown}`,
      ]
    : [];
}

/** In a sticky folder only what is missing can be put there by others. That may happen to the file, not to folders. */
function canReplaceIn({ mode }: Stats, isParent: boolean): boolean {
  return (mode & WRITABLE_BY_OTHERS) !== 0 && (isParent || (mode & STICKY) === 0);
}

/** All but the top, from there down. */
function foldersAbove(file: string): string[] {
  const parts = file.split('/').filter((part) => part !== '');
  return parts.slice(0, -1).map((_part, index) => `/${parts.slice(0, index + 1).join('/')}`);
}

/** `path` of the result: as the host sees it, without links. Undefined: it is not there, or cannot be looked at. */
async function look(
  root: string,
  file: string,
): Promise<{ readonly path: string; readonly stats: Stats } | undefined> {
  try {
    const found = await resolveBelow(root, file);
    return found.kind === 'found'
      ? { path: path.join('/', path.relative(root, found.path)), stats: found.stats }
      : undefined;
  } catch {
    return undefined;
  }
}
