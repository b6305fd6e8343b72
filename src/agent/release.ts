/**
 * What a release is, and how two are compared. Pure.
 *
 * Invariant: releases are told apart by payload alone; a version is for people and for ordering.
 */
import { fullImageName } from '../text/image-name.ts';

/** How a release is addressed: an OSTree commit (`checksum`) or a container image pinned by digest (`oci`). */
export const SCHEMES = ['checksum', 'oci'] as const;
export type Scheme = (typeof SCHEMES)[number];

/**
 * `value` is 64 lower-hex digits for `checksum`, `NAME@sha256:HEX` for `oci`
 * (for example `quay.io/fedora/fedora-coreos@sha256:…`), as in the nodes of a Cincinnati graph.
 */
export interface Payload {
  readonly scheme: Scheme;
  readonly value: string;
}

/** Enough to tell a release and to name it. */
export interface Target {
  readonly version: string;
  readonly payload: Payload;
}

export interface Release extends Target {
  /** Position in the stream's history, from the graph; a local deployment has none. */
  readonly ageIndex?: number;
}

export function samePayload(a: Payload, b: Payload): boolean {
  return a.scheme === b.scheme && (a.value === b.value || isSameImage(a, b));
}

/** Short names of images count as the full ones that they stand for. */
function isSameImage(a: Payload, b: Payload): boolean {
  const digest = payloadDigest(a);
  return (
    digest !== undefined &&
    digest === payloadDigest(b) &&
    fullImageName(payloadImage(a) ?? '') === fullImageName(payloadImage(b) ?? '')
  );
}

export function includesPayload(list: readonly Payload[], payload: Payload): boolean {
  return list.some((other) => samePayload(other, payload));
}

/** The digest of an `oci` payload (`sha256:HEX` or `sha512:HEX`), or undefined for a checksum. */
export function payloadDigest(payload: Payload): string | undefined {
  if (payload.scheme !== 'oci') {
    return undefined;
  }
  const at = payload.value.lastIndexOf('@');
  return at < 0 ? undefined : payload.value.slice(at + 1);
}

/** The image name of an `oci` payload, without digest. */
export function payloadImage(payload: Payload): string | undefined {
  if (payload.scheme !== 'oci') {
    return undefined;
  }
  const at = payload.value.lastIndexOf('@');
  return at < 0 ? payload.value : payload.value.slice(0, at);
}
