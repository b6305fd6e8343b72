/**
 * Container image references as rpm-ostree writes them: a signature scheme, a transport, an image. Pure.
 *
 * Invariant: `printImageReference(parseImageReference(text))` is `text` for every text that parses.
 */

/** How the image's signature is checked, and how it is fetched, as written. */
export interface ImageReference {
  /**
   * Everything before the image name, as written: `ostree-image-signed:docker://`, `ostree-remote-image:fedora:registry:`,
   * `ostree-unverified-registry:`...
   */
  readonly prefix: string;
  /** False for the `ostree-unverified-…` schemes. */
  readonly verified: boolean;
  /** Image name with registry, without tag and digest. */
  readonly name: string;
  readonly tag: string | undefined;
  /** `sha256:…`, when the reference itself is pinned. */
  readonly digest: string | undefined;
}

/** Schemes with the number of colon-separated parameters between them and the image, and whether signatures count. */
const SCHEMES: readonly { readonly pattern: RegExp; readonly verified: boolean }[] = [
  { pattern: /^ostree-image-signed:(?:docker:\/\/|[a-z-]+:)/, verified: true },
  { pattern: /^ostree-remote-image:[^:/\s]+:(?:docker:\/\/|[a-z-]+:)/, verified: true },
  { pattern: /^ostree-remote-registry:[^:/\s]+:/, verified: true },
  { pattern: /^ostree-unverified-registry:/, verified: false },
  { pattern: /^ostree-unverified-image:(?:docker:\/\/|[a-z-]+:)/, verified: false },
];

/** `NAME[:TAG][@DIGEST]`; a colon before the last slash belongs to the registry's port. */
const IMAGE = /^([^\s@]*?[^\s@:/])(?::([\w][\w.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Undefined for anything else, an OSTree ref for example. */
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

/** True when both follow the same tag of the same image, checked in the same way. */
export function followsSame(a: ImageReference, b: ImageReference): boolean {
  return (
    canonicalPrefix(a.prefix) === canonicalPrefix(b.prefix) &&
    a.name === b.name &&
    a.tag === b.tag &&
    a.digest === b.digest
  );
}

/** `docker://` and `registry:` are two spellings of one transport, and rpm-ostree compares them as one. */
function canonicalPrefix(prefix: string): string {
  const plain = prefix.replace(/docker:\/\/$/, 'registry:');
  if (plain === 'ostree-unverified-registry:') {
    return 'ostree-unverified-image:registry:';
  }
  return plain.replace(/^ostree-remote-registry:(.*):$/, 'ostree-remote-image:$1:registry:');
}
