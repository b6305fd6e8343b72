/** What tells two releases apart. */
import { describe, expect, it } from 'vitest';
import {
  includesPayload,
  payloadDigest,
  payloadImage,
  samePayload,
  type Payload,
} from '../../../src/agent/release.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER_DIGEST = `sha256:${'b'.repeat(64)}`;
const oci = (value: string): Payload => ({ scheme: 'oci', value });
const checksum = (value: string): Payload => ({ scheme: 'checksum', value });

describe('two payloads', () => {
  it.each<[string, Payload, Payload, boolean]>([
    ['the same commit', checksum('aa'), checksum('aa'), true],
    ['two commits', checksum('aa'), checksum('bb'), false],
    ['a commit and an image of the same value', checksum('aa'), oci('aa'), false],
    [
      'commits that look like names of an image',
      checksum(`me/x@${DIGEST}`),
      checksum(`docker.io/me/x@${DIGEST}`),
      false,
    ],
    ['the same image', oci(`quay.io/x@${DIGEST}`), oci(`quay.io/x@${DIGEST}`), true],
    ['a short name and the full one', oci(`me/x@${DIGEST}`), oci(`docker.io/me/x@${DIGEST}`), true],
    ['two digests of one image', oci(`quay.io/x@${DIGEST}`), oci(`quay.io/x@${OTHER_DIGEST}`), false],
    ['one digest of two images', oci(`quay.io/x@${DIGEST}`), oci(`quay.io/y@${DIGEST}`), false],
    ['names without a digest', oci('me/x'), oci('docker.io/me/x'), false],
  ])('%s', (_what, a, b, isSame) => {
    expect(samePayload(a, b)).toBe(isSame);
    expect(samePayload(b, a)).toBe(isSame);
    expect(includesPayload([checksum('cc'), a], b)).toBe(isSame);
  });

  it('none is in an empty list', () => {
    expect(includesPayload([], checksum('aa'))).toBe(false);
  });
});

describe('an image', () => {
  it('has a name and a digest, a commit has neither', () => {
    expect(payloadDigest(oci(`quay.io/x@${DIGEST}`))).toBe(DIGEST);
    expect(payloadImage(oci(`quay.io/x@${DIGEST}`))).toBe('quay.io/x');
    expect(payloadDigest(checksum(`x@${DIGEST}`))).toBeUndefined();
    expect(payloadImage(checksum(`x@${DIGEST}`))).toBeUndefined();
  });

  it('without a digest is its name alone', () => {
    expect(payloadDigest(oci('quay.io/x'))).toBeUndefined();
    expect(payloadImage(oci('quay.io/x'))).toBe('quay.io/x');
    expect(payloadDigest(oci(`@${DIGEST}`))).toBe(DIGEST);
    expect(payloadImage(oci(`@${DIGEST}`))).toBe('');
  });
});
