/** Commands `deadend-motd set` and `deadend-motd unset`: the login notice of a dead-end release, without the agent. */
import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import path from 'node:path';

import { writeFileAtomically } from '../files/atomic-file.ts';
import { deadendNotice, MOTD_FILES, MOTD_FOLDER } from '../host/motd.ts';
import type { CommandOf } from './command-line.ts';
import { exitCodeOf } from './exit-code-of.ts';

type DeadendMotd = CommandOf<'deadend-motd set' | 'deadend-motd unset'>;

/** For everybody to read. */
const MODE = 0o644;

export function deadendMotd(command: DeadendMotd): Promise<number> {
  return exitCodeOf(async () => {
    const file = path.join(command.root, MOTD_FOLDER, MOTD_FILES.deadend);
    if (command.command === 'deadend-motd unset') {
      await rm(file, { force: true });
      return;
    }
    await mkdir(path.dirname(file), { recursive: true });
    await writeFileAtomically(file, `${deadendNotice(command.reason)}\n`, MODE);
    await showAtLogin(command.root, file);
  });
}

/** Makes the link in /run/motd.d that the package's tmpfiles configuration makes, where it is not there. */
async function showAtLogin(root: string, file: string): Promise<void> {
  const link = path.join(root, 'run/motd.d', MOTD_FILES.deadend);
  await mkdir(path.dirname(link), { recursive: true });
  const target = path.relative(path.dirname(link), file);
  if ((await readlink(link).catch(() => undefined)) === target) {
    return;
  }
  await rm(link, { force: true });
  await symlink(target, link);
}
