/**
 * What the tests rely on in Ignition: where the files of a configuration end up, with which modes and owners. Stand-in
 * and documentation take it from there.
 *
 * Invariant: a statement looks at the tree, and at the configuration that it was made from.
 */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { filesOf, type IgnitionConfig } from '../support/ignition.ts';
import type { Statement } from './statement.ts';

export interface IgnitionPeer {
  /** A host's tree as Ignition left it. Nothing has booted from it yet. */
  readonly root: string;
  readonly config: IgnitionConfig;
  /** The user that all is owned by. */
  readonly uid: number;
}

const FILE = 'coreos/ignition a5d574a8 internal/exec/util/file.go';
const UNIT = 'coreos/ignition a5d574a8 internal/exec/util/unit.go';
const UNITS = 'coreos/ignition a5d574a8 internal/exec/stages/files/units.go';
const PATHS = 'coreos/ignition a5d574a8 internal/exec/util/path.go';
const RUN = 'run: 2.14.0';

const PRESETS = '/etc/systemd/system-preset';
const UNIT_FOLDER = '/etc/systemd/system';
const FOLDER_MODE = 0o755;
const PERMISSIONS = 0o7777;

/** The folders above `path`, nearest first, without the root. */
function above(path: string): string[] {
  const folder = dirname(path);
  return folder === '/' ? [] : [folder, ...above(folder)];
}

const pathsOf = ({ config }: IgnitionPeer): string[] => filesOf(config).map(({ path }) => path);
const foldersOf = (peer: IgnitionPeer): string[] => [...new Set(pathsOf(peer).flatMap(above))].toSorted();

export const IGNITION_STATEMENTS: readonly Statement<IgnitionPeer>[] = [
  {
    says: 'each file is where the configuration says, decoded and decompressed',
    source: `${FILE}, PerformFetch; ${RUN}`,
    check: ({ root, config }) => {
      const meant = filesOf(config).map(({ path, text }) => [path, text]);
      expect(meant).not.toEqual([]);
      expect(meant.map(([path = '']) => [path, readFileSync(join(root, path), 'utf8')])).toEqual(meant);
      return Promise.resolve();
    },
  },
  {
    says: 'each is a file of its own, with the mode of the configuration, or 0644 where it has none',
    source: `${FILE}, DefaultFilePermissions, SetPermissions; ${RUN}`,
    check: ({ root, config }) => {
      const found = filesOf(config).map(({ path }) => {
        const file = lstatSync(join(root, path));
        return [path, file.isFile(), file.nlink, file.mode & PERMISSIONS];
      });
      expect(found).toEqual(filesOf(config).map(({ path, mode }) => [path, true, 1, mode]));
      return Promise.resolve();
    },
  },
  {
    says: 'files and the folders above them are of root where the configuration names nobody',
    source: `${FILE}, ResolveNodeUidAndGid; ${RUN}`,
    check: (peer) => {
      const all = [...pathsOf(peer), ...foldersOf(peer)];
      expect(all.filter((path) => lstatSync(join(peer.root, path)).uid !== peer.uid)).toEqual([]);
      return Promise.resolve();
    },
  },
  {
    says: 'folders that were not there are 0755, also above a secret',
    source: `${FILE}, MkdirForFile; ${RUN}`,
    check: (peer) => {
      const found = foldersOf(peer).map((path) => {
        const folder = lstatSync(join(peer.root, path));
        return [path, folder.isDirectory(), folder.mode & PERMISSIONS];
      });
      expect(found).toEqual(foldersOf(peer).map((path) => [path, true, FOLDER_MODE]));
      return Promise.resolve();
    },
  },
  {
    says: 'a drop-in is below /etc/systemd/system, and its unit is neither made nor masked there',
    source: `${UNIT}; ${PATHS}; ${RUN}`,
    check: ({ root, config }) => {
      const changed = (config.systemd?.units ?? []).filter(({ dropins = [] }) => dropins.length > 0);
      for (const { name, dropins = [] } of changed) {
        expect(readdirSync(join(root, UNIT_FOLDER, `${name}.d`)).toSorted()).toEqual(
          dropins.map((dropin) => dropin.name).toSorted(),
        );
        expect(readdirSync(join(root, UNIT_FOLDER))).not.toContain(name);
      }
      return Promise.resolve();
    },
  },
  {
    says: 'a unit that the configuration neither enables nor disables is in no preset',
    source: `${UNITS}: only where Enabled is set; ${RUN}`,
    check: ({ root, config }) => {
      const folder = join(root, PRESETS);
      const presets = existsSync(folder) ? readdirSync(folder) : [];
      const text = presets.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
      const untold = (config.systemd?.units ?? []).filter(({ enabled }) => enabled === undefined);
      const named = untold.map(({ name }) => name);
      expect(named.filter((name) => text.includes(name))).toEqual([]);
      return Promise.resolve();
    },
  },
  {
    says: 'nothing else is left beside the files, such as one that was written before it got its name',
    source: `${FILE}, PerformFetch: os.CreateTemp beside the file; ${RUN}`,
    check: (peer) => {
      const beside = [...new Set(pathsOf(peer).map((path) => dirname(path)))];
      const names = beside.flatMap((folder) => readdirSync(join(peer.root, folder)));
      expect(names.filter((name) => /^tmp\d/.test(name))).toEqual([]);
      return Promise.resolve();
    },
  },
];
