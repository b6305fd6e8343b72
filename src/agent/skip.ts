/**
 * Releases that the administrator has ruled out: `updates.skip`. Pure.
 *
 * Invariant: the policy alone says which. Nothing of it is written to the record, so a release that is taken out of the
 * configuration is offered again.
 */
import { payloadDigest, type Target } from './release.ts';

/** `skip` has versions, checksums and digests (`sha256:HEX`) as the configuration hands them on. */
export function isSkipped(skip: readonly string[], { version, payload }: Target): boolean {
  return skip.includes(version) || skip.includes(payloadDigest(payload) ?? payload.value);
}
