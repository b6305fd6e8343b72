/**
 * The time zones of the host: ROOT/usr/share/zoneinfo, and ROOT/etc/localtime for the name `localtime`. Each request
 * checks whether the files have changed, so that a new /etc/localtime or new time zone data apply without a restart.
 *
 * Invariants:
 * - No name leads out of the directory.
 * - A file of any kind, size or content does no harm.
 * - Once a zone is known, its last good rules stay in use whatever happens to its files.
 * - Each problem is reported once, until it changes.
 */
import type { Stats } from 'node:fs';
import { readlink } from 'node:fs/promises';
import path from 'node:path';

import { resolveBelow } from '../files/resolve-below.ts';
import { ConfigError, messageOf, printable } from '../errors.ts';
import { errorCode, isMissing } from '../files/error-code.ts';
import { readFileStart } from '../files/read-small-file.ts';
import { parseTzif } from './tzif.ts';
import { isZoneName, LARGEST_ZONE_BYTES, LOCALTIME_FILE, ZONEINFO } from './zone-files.ts';
import { UTC, type ZoneRules } from './zone-rules.ts';

export const LOCALTIME = 'localtime';

export interface ZoneSource {
  /** The current rules of a zone; the same object while they do not change. `name`: an IANA name, or `localtime`. */
  load(name: string): Promise<ZoneRules>;
}

export interface HostZonesOptions {
  /** `/` on a host. */
  readonly root: string;
  /** The runtime's own data, for a host that lacks the file. */
  readonly builtIn: (name: string) => ZoneRules | undefined;
  readonly warn: (text: string) => void;
}

interface Known {
  /** The state of the files at that time; see `signatureOf`. */
  readonly signature: string;
  readonly rules: ZoneRules;
}

/** Where the rules of a zone come from now. */
type Origin =
  | { readonly kind: 'none' }
  /** `name` is the zone's, for people. `file` is undefined when it does not exist. */
  | {
      readonly kind: 'zone';
      readonly name: string;
      readonly file: { readonly path: string; readonly stats: Stats } | undefined;
    };

export class HostZones implements ZoneSource {
  readonly #options: HostZonesOptions;
  readonly #known = new Map<string, Known>();
  readonly #told = new Map<string, string>();

  constructor(options: HostZonesOptions) {
    this.#options = options;
  }

  /** Rejects with ConfigError when neither the host nor the runtime knows the zone. */
  async load(name: string): Promise<ZoneRules> {
    if (name === 'UTC') {
      return UTC;
    }
    const known = this.#known.get(name);
    let signature = 'unknown';
    try {
      const origin = name === LOCALTIME ? await this.#localtime() : await this.#named(name);
      signature = signatureOf(origin);
      if (known?.signature === signature) {
        return known.rules;
      }
      if (origin.kind === 'zone' && origin.file === undefined && origin.name === known?.rules.name) {
        throw new Error(`${ZONEINFO}/${origin.name} must exist`);
      }
      const { rules, warning } = await this.#read(origin);
      if (warning === undefined) {
        this.#told.delete(name);
      } else {
        this.#tell(name, warning);
      }
      this.#known.set(name, { signature, rules });
      return rules;
    } catch (error) {
      const rules = known?.rules ?? this.#substitute(name);
      if (rules === undefined) {
        throw new ConfigError('config_invalid', this.#trouble(name, error), { cause: error });
      }
      const stays =
        known === undefined ? `${rules.name} as built in is used` : `${rules.name} as it was stays in use`;
      this.#tell(name, `${this.#trouble(name, error)}; ${stays}`);
      this.#known.set(name, { signature, rules });
      return rules;
    }
  }

  #trouble(name: string, error: unknown): string {
    return `cannot use time zone ${printable(JSON.stringify(name))}: ${messageOf(error)}`;
  }

  #tell(name: string, text: string): void {
    if (this.#told.get(name) === text) {
      return;
    }
    this.#told.set(name, text);
    this.#options.warn(text);
  }

  /** The rules of a zone that has never been read successfully. */
  #substitute(name: string): ZoneRules | undefined {
    return name === LOCALTIME ? UTC : this.#options.builtIn(name);
  }

  async #named(name: string): Promise<Origin> {
    if (!isZoneName(name)) {
      throw new Error(
        `the name must be one of ${ZONEINFO}, got ${printable(JSON.stringify(name.slice(0, 80)))}`,
      );
    }
    const found = await resolveBelow(this.#options.root, `${ZONEINFO}/${name}`);
    if (found.kind === 'found') {
      return { kind: 'zone', name, file: { path: found.path, stats: found.stats } };
    }
    return { kind: 'zone', name, file: undefined };
  }

  async #localtime(): Promise<Origin> {
    const { root } = this.#options;
    let target: string | undefined;
    try {
      target = await readlink(path.join(root, LOCALTIME_FILE));
    } catch (error) {
      if (isMissing(error)) {
        return { kind: 'none' };
      }
      // EINVAL: it is not a link, so it is the zone file itself.
      if (errorCode(error) !== 'EINVAL') {
        throw error;
      }
    }
    const name =
      target === undefined ? undefined : nameOf(path.resolve(path.dirname(LOCALTIME_FILE), target));
    if (name !== undefined) {
      return this.#named(name);
    }
    const found = await resolveBelow(root, LOCALTIME_FILE);
    if (found.kind !== 'found') {
      throw new Error(
        `${LOCALTIME_FILE} must lead to a time zone, got a link to ${printable(String(target))}`,
      );
    }
    const real = nameOf(`/${path.relative(root, found.path)}`);
    return {
      kind: 'zone',
      name: real ?? LOCALTIME,
      file: { path: found.path, stats: found.stats },
    };
  }

  async #read(origin: Origin): Promise<{ readonly rules: ZoneRules; readonly warning?: string }> {
    if (origin.kind === 'none') {
      return { rules: UTC };
    }
    const { name, file } = origin;
    if (file !== undefined) {
      return { rules: parseTzif(name, await readFileOf(file.path)) };
    }
    const rules = this.#options.builtIn(name);
    if (rules === undefined) {
      throw new Error(`${ZONEINFO}/${name} must exist`);
    }
    const warning = `${ZONEINFO}/${name} does not exist; ${name} as built in is used, which new time zone data do not change`;
    return { rules, warning };
  }
}

/** The zone that an absolute path stands for, as the host sees it. */
function nameOf(file: string): string | undefined {
  return file.startsWith(`${ZONEINFO}/`) ? file.slice(ZONEINFO.length + 1) : undefined;
}

/** The rules must be read again when this changes. */
function signatureOf(origin: Origin): string {
  // Stryker disable next-line ConditionalExpression,BlockStatement: any text will do that no other origin has.
  if (origin.kind === 'none') {
    return 'none';
  }
  const { name, file } = origin;
  if (file === undefined) {
    return `built-in ${name}`;
  }
  const { dev, ino, size, mtimeMs, ctimeMs } = file.stats;
  return [name, file.path, dev, ino, size, mtimeMs, ctimeMs].join(' ');
}

async function readFileOf(file: string): Promise<Uint8Array> {
  const { bytes, isWhole } = await readFileStart(file, LARGEST_ZONE_BYTES, 'refuse');
  if (!isWhole) {
    throw new Error(`it must have at most ${LARGEST_ZONE_BYTES} bytes`);
  }
  return bytes;
}
