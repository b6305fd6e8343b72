// Packs a tree as tar.xz, or quickly as tar.gz.
//
// Invariant: the archive has no entry for a folder that belongs to the host. So unpacking never changes such a folder,
// and never replaces a link with a folder, as it would /usr/local on rpm-ostree hosts.
import { run } from './run.mjs';
import { ownPaths, setTimes } from './tree.mjs';

/** A higher level saves 2 % and takes twice the time and memory. */
const LEVEL = 6;

/** `tar` is the path without the suffix of the compression. Resolves with the path of the result. */
export async function archive(tree, tar, { epochSecs, isQuick }) {
  setTimes(tree, epochSecs);
  await run(
    'tar',
    [
      ...['--create', `--file=${tar}`, `--directory=${tree}`, '--format=gnu', '--no-recursion'],
      ...['--owner=root:0', '--group=root:0', '--null', '--files-from=-'],
    ],
    { input: ownPaths(tree).join('\0') },
  );
  if (isQuick) {
    await run('gzip', ['-1', '--no-name', '--force', tar]);
    return `${tar}.gz`;
  }
  // The number of threads decides on the blocks, and so on the bytes: it must not depend on the machine.
  await run('xz', [`-${LEVEL}`, '--threads=2', '--force', tar]);
  return `${tar}.xz`;
}
