// A tree as tar.xz, or quickly as tar.gz. It has no entry for folders of the host, so that unpacking never changes one of them, nor puts a
// folder in the place of a link such as /usr/local on an rpm-ostree host.
import { run } from './run.mjs';
import { ownPaths, setTimes } from './tree.mjs';

/** More gains 2 % and doubles the time and the memory. */
const LEVEL = 6;

/** `tar` is the path without the ending of the compression, which is added; gives the path of the result. */
export function archive(tree, tar, { epochSecs, isQuick }) {
  setTimes(tree, epochSecs);
  run(
    'tar',
    [
      ...['--create', `--file=${tar}`, `--directory=${tree}`, '--format=gnu', '--no-recursion'],
      ...['--owner=root:0', '--group=root:0', '--null', '--files-from=-'],
    ],
    { input: ownPaths(tree).join('\0') },
  );
  if (isQuick) {
    run('gzip', ['-1', '--no-name', '--force', tar]);
    return `${tar}.gz`;
  }
  // The number of threads is in the bytes (the blocks); it must not be that of the machine.
  run('xz', [`-${LEVEL}`, '--threads=2', '--force', tar]);
  return `${tar}.xz`;
}
