/** Which graph of a server or a folder: stream, architecture, and how hosts name releases. Pure. */
import { SCHEMES, type Scheme } from '../../src/agent/release.ts';
import { UsageError } from '../../src/cli/usage-error.ts';
import { printable } from '../../src/errors.ts';

export interface GraphScope {
  readonly stream: string;
  readonly basearch: string;
  readonly scheme: Scheme;
}

export const DEFAULT_SCOPE: GraphScope = { stream: 'stable', basearch: 'x86_64', scheme: 'checksum' };

/** Graphs of hosts that follow images lie below it, so no stream can have its name. */
const IMAGES = 'oci';
const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/;

/** Fit to be a folder: no path leads out of the one around it. */
export function isScopeName(name: string): boolean {
  return NAME.test(name);
}

/** Throws UsageError. */
export function scopeName(option: string, text: string): string {
  if (!isScopeName(text) || (option === 'stream' && text === IMAGES)) {
    throw new UsageError(
      `--${option} must be a name such as ${option === 'stream' ? 'stable' : 'x86_64'}, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return text;
}

/** Throws UsageError. */
export function scopeScheme(text: string): Scheme {
  const scheme = SCHEMES.find((known) => known === text);
  if (scheme === undefined) {
    throw new UsageError(
      `--scheme must be ${SCHEMES.join(' or ')}, got ${printable(JSON.stringify(text.slice(0, 100)))}`,
    );
  }
  return scheme;
}

/** Below the folder of a mirror: what an agent asks for below `.../STREAM/BASEARCH`. */
export function pathInFolder({ stream, basearch, scheme }: GraphScope): string {
  return [...(scheme === 'oci' ? [IMAGES] : []), stream, basearch, 'v1', 'graph'].join('/');
}

/** `stable x86_64`, `stable x86_64 oci`. */
export function scopeText({ stream, basearch, scheme }: GraphScope): string {
  return [stream, basearch, ...(scheme === 'oci' ? [IMAGES] : [])].join(' ');
}

/** Streams that are folders of a mirror, without the one for images. */
export function isStreamFolder(name: string): boolean {
  return isScopeName(name) && name !== IMAGES;
}

export const IMAGES_FOLDER = IMAGES;
