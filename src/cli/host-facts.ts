/** What every user can read of this host without the agent. */
import os from 'node:os';
import path from 'node:path';

import { readNow } from '../files/read-now.ts';
import { printable } from '../errors.ts';
import { KIBIBYTE, SECOND_MS } from '../text/units.ts';

export interface HostFacts {
  readonly name: string;
  /** As Node names it. */
  readonly architecture: string;
  /** Milliseconds since 1970 UTC. */
  readonly bootedAt: number | undefined;
  /** Of the booted release, as the release itself says. */
  readonly version: string | undefined;
}

/** Real ones have less than 2 KiB. */
const MOST_BYTES = 64 * KIBIBYTE;

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/** Never throws. */
export function hostFacts(root: string): HostFacts {
  return {
    name: printable(os.hostname()),
    architecture: ARCHITECTURES[process.arch] ?? process.arch,
    bootedAt: Math.round(Date.now() / SECOND_MS - os.uptime()) * SECOND_MS,
    version: bootedVersion(root),
  };
}

function bootedVersion(root: string): string | undefined {
  try {
    // Root's own file; /etc/os-release is a link that somebody may have replaced.
    return versionIn(new TextDecoder().decode(readNow(path.join(root, '/usr/lib/os-release'), MOST_BYTES)));
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
