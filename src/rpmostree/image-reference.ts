/**
 * Container image references as rpm-ostree writes them: a signature scheme, a transport and an image. Pure.
 *
 * Invariants:
 * - `printImageReference(parseImageReference(text))` is `text` for every text that parses.
 */
import { fullImageName } from '../text/image-name.ts';

/** An image, how its signature is checked, and how it is fetched. */
export interface ImageReference {
  /**
   * Everything before the image name, as written. For example `ostree-image-signed:docker://`,
   * `ostree-remote-image:fedora:registry:` or `ostree-unverified-registry:`.
   */
  readonly prefix: string;
  /** False for the `ostree-unverified-…` schemes. */
  readonly verified: boolean;
  /** The image name with its registry, without tag and digest. */
  readonly name: string;
  readonly tag: string | undefined;
  /** `sha256:…` or `sha512:…` when the reference itself is pinned. */
  readonly digest: string | undefined;
}

/** The prefixes of all schemes, parameters and transport included, and whether they verify signatures. */
const SCHEMES: readonly { readonly pattern: RegExp; readonly verified: boolean }[] = [
  { pattern: /^ostree-image-signed:(?:docker:\/\/|[a-z-]+:)/, verified: true },
  { pattern: /^ostree-remote-image:[^:/\s]+:(?:docker:\/\/|[a-z-]+:)/, verified: true },
  { pattern: /^ostree-remote-registry:[^:/\s]+:/, verified: true },
  { pattern: /^ostree-unverified-registry:/, verified: false },
  { pattern: /^ostree-unverified-image:(?:docker:\/\/|[a-z-]+:)/, verified: false },
];

/** `NAME[:TAG][@DIGEST]`. A colon before the last slash belongs to the registry's port. */
const IMAGE = /^([^\s@]*?[^\s@:/])(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?$/;

/** Undefined for anything else, for example an OSTree ref. */
export function parseImageReference(text: string): ImageReference | undefined {
  for (const { pattern, verified } of SCHEMES) {
    const prefix = pattern.exec(text)?.[0];
    if (prefix === undefined) {
      continue;
    }
    const image = IMAGE.exec(text.slice(prefix.length));
    const name = image?.[1];
    if (name === undefined) {
      return undefined;
    }
    return { prefix, verified, name, tag: image?.[2], digest: image?.[3] };
  }
  return undefined;
}

export function printImageReference({ prefix, name, tag, digest }: ImageReference): string {
  return `${prefix}${name}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** True when both follow the same tag of the same image, and verify it in the same way. */
export function followsSame(a: ImageReference, b: ImageReference): boolean {
  return (
    canonicalPrefix(a.prefix) === canonicalPrefix(b.prefix) &&
    fullImageName(a.name) === fullImageName(b.name) &&
    a.tag === b.tag &&
    a.digest === b.digest
  );
}

/** `docker://` and `registry:` are the same transport, and rpm-ostree treats them as equal. */
function canonicalPrefix(prefix: string): string {
  const plain = prefix.replace(/docker:\/\/$/, 'registry:');
  if (plain === 'ostree-unverified-registry:') {
    return 'ostree-unverified-image:registry:';
  }
  return plain.replace(/^ostree-remote-registry:(.*):$/, 'ostree-remote-image:$1:registry:');
}
