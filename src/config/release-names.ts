/**
 * Parses `updates.skip`: names of releases, as shown by `rpm-ostree status` or in an update graph. Pure.
 *
 * Invariants:
 * - A text that cannot name a release, such as a truncated checksum, is refused. It would silently deny nothing.
 */
import { REFUSED, describe, isList } from './checker.ts';
import type { Parser } from './checks.ts';

/** More than a distribution publishes in decades; a longer list is a mistake. */
export const MOST_NAMES = 1000;
const LONGEST_NAME = 255;

const VERSION = /^[^\s\p{Cc}@:]+$/u;
const CHECKSUM = /^[0-9a-f]{64}$/i;
/** Hexadecimal, and longer than any version that looks so. A letter is required, because dates are digits only. */
const CUT_CHECKSUM = /^(?=.*[a-f])[0-9a-f]{16,}$/i;
/** With or without an image name: `quay.io/fedora/fedora-coreos@sha256:...`. */
const DIGEST = /^(?:\S+@)?(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/i;
const EXPECTED =
  'a version, a base checksum of 64 hexadecimal digits, or an image digest of sha256: and 64 hexadecimal digits';

/**
 * The names without repetitions. Checksums and digests are in lower case. Digests lose their image name, because a
 * mirror has the same digests.
 */
export const releaseNames: Parser<readonly string[]> = (value, at) => {
  if (!isList(value)) {
    return at.refuse('a list of texts, such as ["43.20260101.3.0"]', value);
  }
  if (value.length > MOST_NAMES) {
    return at.refuseText(`must have at most ${MOST_NAMES} entries, got ${value.length}`);
  }
  const names = value.map((entry, index) => {
    const name = typeof entry === 'string' ? releaseName(entry) : undefined;
    return name ?? at.inList(index).refuse(EXPECTED, entry);
  });
  const good = names.filter((name) => name !== REFUSED);
  good.forEach((name, index) => {
    const first = good.indexOf(name);
    if (first < index) {
      at.inList(index).warn(`is the same as entry ${first}: ${describe(name)}`);
    }
  });
  return good.length === names.length ? [...new Set(good)] : REFUSED;
};

function releaseName(text: string): string | undefined {
  if (CHECKSUM.test(text)) {
    return text.toLowerCase();
  }
  const digest = DIGEST.exec(text)?.[1];
  if (digest !== undefined) {
    return digest.toLowerCase();
  }
  return text.length <= LONGEST_NAME && VERSION.test(text) && !CUT_CHECKSUM.test(text) ? text : undefined;
}
