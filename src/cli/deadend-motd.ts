/**
 * Commands `deadend-motd set` and `deadend-motd unset`: the login notice of a dead-end release, without the agent.
 *
 * Invariant: run by root, neither follows a link that user zincati can plant. All of the path but its last part is
 * root's, and the last part is replaced or removed as a name.
 */
import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import path from 'node:path';

import {
  deadendNotice,
  MOTD_FILES,
  MOTD_FOLDER,
  MOTD_LINKS,
  removeNotice,
  writeNotice,
} from '../host/motd.ts';
import type { CommandOf } from './command-line.ts';
import { exitCodeOf } from './exit-code-of.ts';

type DeadendMotd = CommandOf<'deadend-motd set' | 'deadend-motd unset'>;

export function deadendMotd(command: DeadendMotd): Promise<number> {
  return exitCodeOf(async () => {
    const folder = path.join(command.root, MOTD_FOLDER);
    if (command.command === 'deadend-motd unset') {
      await removeNotice(folder, 'deadend');
      return;
    }
    await writeNotice(folder, 'deadend', deadendNotice(command.reason));
    await showAtLogin(command.root);
  });
}

/** Makes the link in /run/motd.d that the package's tmpfiles configuration makes, where it is not there. */
async function showAtLogin(root: string): Promise<void> {
  const link = path.join(root, MOTD_LINKS, MOTD_FILES.deadend);
  await mkdir(path.dirname(link), { recursive: true });
  const target = path.relative(MOTD_LINKS, path.join(MOTD_FOLDER, MOTD_FILES.deadend));
  if ((await readlink(link).catch(() => undefined)) === target) {
    return;
  }
  await rm(link, { force: true });
  await symlink(target, link);
}
