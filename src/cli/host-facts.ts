/** What every user can read of this host without the agent. */
import os from 'node:os';
import path from 'node:path';

import { readSmallText } from '../files/read-small-file.ts';
import { printable } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';

export interface HostFacts {
  readonly name: string;
  /** As Node names it. */
  readonly architecture: string;
  /** Milliseconds since 1970 UTC. */
  readonly bootedAt: number | undefined;
  /** Of the booted release, as the release itself says. */
  readonly version: string | undefined;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Never rejects. */
export async function hostFacts(root: string): Promise<HostFacts> {
  return {
    name: printable(os.hostname()),
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    bootedAt: Math.round(Date.now() / SECOND_MS - os.uptime()) * SECOND_MS,
    version: await bootedVersion(root),
  };
}

async function bootedVersion(root: string): Promise<string | undefined> {
  try {
    // Root's own file; /etc/os-release is a link that somebody may have replaced.
    return versionIn(await readSmallText(path.join(root, '/usr/lib/os-release')));
  } catch {
    return undefined;
  }
}

/** OSTREE_VERSION of an os-release file. Pure. */
export function versionIn(text: string): string | undefined {
  const [, value] = /^OSTREE_VERSION=(.*)$/m.exec(text) ?? [];
  const bare = value?.trim().replace(/^(['"])(.*)\1$/, '$2');
  return bare === undefined || bare === '' ? undefined : printable(bare);
}
