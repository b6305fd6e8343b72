// Packs a tree in layout usr as RPM, with the file in packaging/ that has the package's name.
import { mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { licenceExpression } from './licences.mjs';
import { run } from './run.mjs';
import { setTimes } from './tree.mjs';

const SPECS = path.join(import.meta.dirname, '../../packaging');
/** Level and number of threads are those of archive.mjs. */
const PAYLOAD = 'w6T2.xzdio';
const QUICK_PAYLOAD = 'w1.zstdio';

/** `work` is an empty folder. Resolves with the path of the package below `out`. */
export async function rpm(name, tree, out, work, options) {
  const { architecture, version, packages, folders, nodeVersion, oldestSystemd, epochSecs, isQuick } =
    options;
  for (const folder of folders) {
    mkdirSync(path.join(tree, folder), { recursive: true, mode: 0o755 });
  }
  setTimes(tree, epochSecs);
  const bundledList = path.join(work, 'bundled');
  const bundled = packages.map((inside) => `Provides: bundled(npm(${inside.name})) = ${inside.version}\n`);
  writeFileSync(bundledList, [...new Set(bundled)].join(''));
  const macros = {
    _topdir: path.join(work, 'top'),
    _rpmdir: path.join(work, 'rpms'),
    _rpmfilename: '%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}.rpm',
    _binary_payload: isQuick ? QUICK_PAYLOAD : PAYLOAD,
    _buildhost: 'reproducible',
    use_source_date_epoch_as_buildtime: 1,
    clamp_mtime_to_source_date_epoch: 1,
    source_date_epoch_from_changelog: 0,
    tree,
    package_version: version,
    licences: licenceExpression(packages),
    node_version: nodeVersion,
    oldest_systemd: oldestSystemd,
    bundled_list: bundledList,
  };
  const defined = Object.entries(macros).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  await run(
    'rpmbuild',
    [
      '-bb',
      '--quiet',
      '--nodeps',
      '--target',
      `${architecture}-linux`,
      ...defined,
      path.join(SPECS, `${name}.spec`),
    ],
    {
      // The macros of whoever builds are in HOME: they must not count.
      env: { SOURCE_DATE_EPOCH: String(epochSecs), HOME: work },
    },
  );
  const [file] = readdirSync(path.join(work, 'rpms'));
  renameSync(path.join(work, 'rpms', file), path.join(out, file));
  return path.join(out, file);
}
