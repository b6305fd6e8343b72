/** Image references as rpm-ostree prints them. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  followsSame,
  parseImageReference,
  printImageReference,
} from '../../../src/rpmostree/image-reference.ts';
import { computing } from '../../support/computing.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('parseImageReference', () => {
  it.each([
    [
      'ostree-image-signed:docker://quay.io/fedora/fedora-coreos:stable',
      'quay.io/fedora/fedora-coreos',
      'stable',
      true,
    ],
    ['ostree-image-signed:registry:quay.io/a/b:next', 'quay.io/a/b', 'next', true],
    ['ostree-remote-image:fedora:registry:quay.io/a/b:stable', 'quay.io/a/b', 'stable', true],
    ['ostree-remote-image:fedora:docker://quay.io/a/b:stable', 'quay.io/a/b', 'stable', true],
    ['ostree-remote-registry:fedora:quay.io/a/b:stable', 'quay.io/a/b', 'stable', true],
    ['ostree-unverified-registry:quay.io/a/b:stable', 'quay.io/a/b', 'stable', false],
    ['ostree-unverified-registry:localhost:5000/a/b', 'localhost:5000/a/b', undefined, false],
    ['ostree-unverified-registry:localhost:5000/a/b:testing', 'localhost:5000/a/b', 'testing', false],
    ['ostree-unverified-image:docker://[::1]:5000/a:1.0', '[::1]:5000/a', '1.0', false],
    ['ostree-unverified-image:oci-archive:/var/tmp/image.tar', '/var/tmp/image.tar', undefined, false],
    [`ostree-unverified-registry:quay.io/a/b@sha512:${'c'.repeat(128)}`, 'quay.io/a/b', undefined, false],
    [`ostree-unverified-registry:quay.io/a/b@${DIGEST}`, 'quay.io/a/b', undefined, false],
  ])('reads %s', (text, name, tag, verified) => {
    expect(parseImageReference(text)).toMatchObject({ name, tag, verified });
    expect(printImageReference(parseImageReference(text)!)).toBe(text);
  });

  it('keeps a digest that is part of the reference', () => {
    expect(parseImageReference(`ostree-image-signed:docker://quay.io/a/b:stable@${DIGEST}`)).toMatchObject({
      name: 'quay.io/a/b',
      tag: 'stable',
      digest: DIGEST,
    });
  });

  it.each([
    'fedora:fedora/x86_64/coreos/stable',
    'openEuler/x86_64/nestos/stable',
    '',
    'ostree-image-signed:docker://',
    'ostree-remote-image:fedora:',
    'ostree-unverified-registry:quay.io/a b:stable',
    'docker://quay.io/a/b:stable',
  ])('answers undefined for %j', (text) => {
    expect(parseImageReference(text)).toBeUndefined();
  });

  it('never throws, and prints what it reads', () => {
    const anything = fc.oneof(
      fc.string(),
      fc
        .tuple(
          fc.constantFrom(
            'ostree-image-signed:docker://',
            'ostree-remote-image:r:registry:',
            'ostree-unverified-registry:',
          ),
          fc.string({ unit: fc.constantFrom('a', 'Z', '0', '.', ':', '/', '@', '-', '_') }),
        )
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const parsed = parseImageReference(text);
        if (parsed !== undefined) {
          expect(printImageReference(parsed)).toBe(text);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reads a hostile text in linear time', () => {
    const usedMs = computing();
    parseImageReference(`ostree-unverified-registry:${'a:'.repeat(100_000)} `);
    expect(usedMs()).toBeLessThan(500);
  });
});

describe('followsSame', () => {
  const read = (text: string) => parseImageReference(text)!;

  it('takes docker:// and registry: as one transport', () => {
    expect(
      followsSame(
        read('ostree-unverified-image:docker://q.io/a:s'),
        read('ostree-unverified-registry:q.io/a:s'),
      ),
    ).toBe(true);
    expect(
      followsSame(read('ostree-remote-image:f:docker://q.io/a:s'), read('ostree-remote-registry:f:q.io/a:s')),
    ).toBe(true);
  });

  it('diff 6: takes a short name for the full one', () => {
    expect(
      followsSame(
        read('ostree-unverified-image:docker://me/fcos:stable'),
        read('ostree-unverified-registry:docker.io/me/fcos:stable'),
      ),
    ).toBe(true);
  });

  it.each([
    'ostree-unverified-image:docker://q.io/a:s',
    'ostree-image-signed:docker://q.io/a:t',
    'ostree-image-signed:docker://q.io/b:s',
    `ostree-image-signed:docker://q.io/a:s@${DIGEST}`,
    'ostree-remote-image:f:docker://q.io/a:s',
  ])('tells %s from the signed one', (other) => {
    expect(followsSame(read('ostree-image-signed:docker://q.io/a:s'), read(other))).toBe(false);
  });
});
