/** What an Ignition configuration puts onto a host, and the real Ignition, which does it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { PROGRAM_LIMIT_MS } from './limits.ts';

/** Where dracut's module installs it, on Debian as on Fedora. */
export const IGNITION = '/usr/lib/dracut/modules.d/30ignition/ignition';

export interface PlacedFile {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

export interface IgnitionConfig {
  readonly ignition: { readonly version: string };
  readonly storage?: {
    readonly files?: readonly {
      readonly path: string;
      readonly mode?: number;
      readonly contents: { readonly compression?: string; readonly source: string };
    }[];
  };
  readonly systemd?: {
    readonly units?: readonly {
      readonly name: string;
      readonly enabled?: boolean;
      readonly contents?: string;
      readonly dropins?: readonly { readonly name: string; readonly contents: string }[];
    }[];
  };
}

/** Ignition makes files without a mode readable by everyone. Units and their drop-ins are files as well. */
export const DEFAULT_MODE = 0o644;

/** The files in the order of their paths. */
export function filesOf(config: IgnitionConfig): PlacedFile[] {
  const files = (config.storage?.files ?? []).map(({ path, mode = DEFAULT_MODE, contents }) => ({
    path,
    mode,
    text: decode(contents.source, contents.compression ?? ''),
  }));
  const dropIns = (config.systemd?.units ?? []).flatMap(({ name: unit, dropins = [] }) =>
    dropins.map(({ name, contents }) => ({
      path: `/etc/systemd/system/${unit}.d/${name}`,
      mode: DEFAULT_MODE,
      text: contents,
    })),
  );
  const units = (config.systemd?.units ?? []).flatMap(({ name, contents }) =>
    contents === undefined
      ? []
      : [{ path: `/etc/systemd/system/${name}`, mode: DEFAULT_MODE, text: contents }],
  );
  return [...files, ...dropIns, ...units].sort((a, b) => (a.path < b.path ? -1 : 1));
}

function decode(source: string, compression: string): string {
  const match = /^data:(;base64)?,(.*)$/s.exec(source);
  if (match === null) {
    throw new Error(`a source must be a data URL, got ${source}`);
  }
  const [, base64, data = ''] = match;
  const bytes = base64 === undefined ? Buffer.from(decodeURIComponent(data)) : Buffer.from(data, 'base64');
  return (compression === 'gzip' ? gunzipSync(bytes) : bytes).toString();
}

/**
 * Every tree that Ignition finds on a first boot has a policy, from which Ignition takes the labels for its
 * files.
 */
const POLICY = {
  'etc/selinux/config': 'SELINUX=enforcing\nSELINUXTYPE=targeted\n',
  'etc/selinux/targeted/contexts/files/file_contexts': '/.*\tsystem_u:object_r:default_t:s0\n',
};

/** A host on its first boot: an empty tree, and Ignition run over it as in the initramfs. */
export class FirstBoot implements Disposable {
  readonly root: string;
  readonly #scratch: string;

  constructor() {
    this.#scratch = mkdtempSync(join(tmpdir(), 'first-boot-'));
    // Other users must be able to reach the files that they may read.
    chmodSync(this.#scratch, 0o711);
    this.root = join(this.#scratch, 'root');
    for (const [path, text] of Object.entries(POLICY)) {
      this.write(path, text);
    }
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  /** Runs Ignition's stages. `log` is for people, if `status` is not 0. */
  ignite(config: string): { readonly status: number | null; readonly log: string } {
    const at = (name: string): string => join(this.#scratch, name);
    writeFileSync(at('config.ign'), config);
    let log = '';
    for (const stage of ['fetch', 'files']) {
      const { status, stdout, stderr, error } = spawnSync(
        IGNITION,
        [
          '--platform=file',
          `--stage=${stage}`,
          `--root=${this.root}`,
          `--config-cache=${at('cache.json')}`,
          `--state-file=${at('state.json')}`,
          `--neednet=${at('neednet')}`,
          '--log-to-stdout',
        ],
        {
          encoding: 'utf8',
          timeout: PROGRAM_LIMIT_MS,
          env: {
            PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
            IGNITION_CONFIG_FILE: at('config.ign'),
          },
        },
      );
      if (error !== undefined) {
        throw error;
      }
      log += stdout + stderr;
      if (status !== 0) {
        return { status, log };
      }
    }
    return { status: 0, log };
  }

  [Symbol.dispose](): void {
    rmSync(this.#scratch, { recursive: true });
  }
}
