/**
 * The SELinux types that Fedora's policy gives to the places where files of the package are, and who may read them.
 * Source: fedora-selinux/selinux-policy, commit fd1d99621ded (October 2024), the files that each line names.
 *
 * Invariant: the longest place that a path is in decides, as the most specific line of the policy does.
 */

interface Place {
  readonly path: string;
  readonly type: string;
  readonly source: string;
}

const PLACES: readonly Place[] = [
  { path: '/run', type: 'var_run_t', source: 'kernel/files.fc' },
  { path: '/run/motd.d', type: 'motd_var_run_t', source: 'system/authlogin.fc' },
  { path: '/run/metadata', type: 'afterburn_runtime_t', source: 'contrib/afterburn.fc' },
  { path: '/etc', type: 'etc_t', source: 'kernel/files.fc' },
  { path: '/usr', type: 'usr_t', source: 'kernel/files.fc' },
  { path: '/usr/bin', type: 'bin_t', source: 'kernel/corecommands.fc' },
  { path: '/usr/libexec', type: 'bin_t', source: 'kernel/corecommands.fc' },
  { path: '/usr/lib', type: 'lib_t', source: 'system/libraries.fc' },
  { path: '/usr/lib/systemd/system', type: 'systemd_unit_file_t', source: 'system/systemd.fc' },
  { path: '/var/lib', type: 'var_lib_t', source: 'kernel/files.fc' },
];

/** What login programs (sshd, login) may read below /run: files, links and folders. Source: system/authlogin.te. */
export const READ_BY_LOGIN = 'motd_var_run_t';
/** What systemd may start as a service. Below /usr/lib it may not, since `lib_t` is no type of programs. */
export const STARTED_BY_SYSTEMD = 'bin_t';

/** The type of a file at `path`. Whoever makes it, it has the type of its place or inherits that of its folder. */
export function typeOf(path: string): string {
  const [place] = PLACES.filter((one) => path === one.path || path.startsWith(`${one.path}/`)).sort(
    (a, b) => b.path.length - a.path.length,
  );
  if (place === undefined) {
    throw new Error(`the table must have the place of ${path}`);
  }
  return place.type;
}
