/** Deploy or rebase, and never with a weaker signature scheme than the host's. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../../src/agent/ports.ts';
import type { Release } from '../../../src/agent/release.ts';
import { deployment } from '../../support/samples.ts';
import { planStage } from '../../../src/rpmostree/stage-plan.ts';

const HEX = 'b'.repeat(64);
const DIGEST = `sha256:${HEX}`;
const IMAGE = 'quay.io/fedora/fedora-coreos';

function follows(imageReference: string | undefined): Deployment {
  return deployment('1', { booted: true, imageReference });
}

const image: Release = { version: '2', payload: { scheme: 'oci', value: `${IMAGE}@${DIGEST}` } };
const commit: Release = { version: '2', payload: { scheme: 'checksum', value: HEX } };
const deploy = { kind: 'deploy', revision: DIGEST, skipBranchCheck: false };

function plan(booted: string | undefined, base: string | undefined, release: Release, stream?: string) {
  return planStage({ booted: follows(booted), base: follows(base), stream }, release);
}

describe('planStage', () => {
  it('deploys a commit by its checksum, on whatever branch', () => {
    const expected = { kind: 'deploy', revision: `revision=${HEX}`, skipBranchCheck: true };
    expect(plan(undefined, undefined, commit, 'stable')).toEqual(expected);
  });

  it.each([
    `ostree-image-signed:docker://${IMAGE}:stable`,
    `ostree-remote-image:fedora:registry:${IMAGE}:stable`,
    `ostree-unverified-registry:${IMAGE}:stable`,
  ])('deploys the digest when the host follows %s', (reference) => {
    expect(plan(reference, reference, image, 'stable')).toEqual(deploy);
  });

  it.each([
    [`ostree-image-signed:docker://${IMAGE}:testing`, `ostree-image-signed:docker://${IMAGE}:stable`],
    [`ostree-image-signed:docker://${IMAGE}`, `ostree-image-signed:docker://${IMAGE}:stable`],
    [`ostree-remote-image:f:docker://other.io/x:stable`, `ostree-remote-image:f:docker://${IMAGE}:stable`],
    [`ostree-unverified-registry:localhost:5000/fcos:stable`, `ostree-unverified-registry:${IMAGE}:stable`],
    [`ostree-image-signed:docker://${IMAGE}@${DIGEST}`, `ostree-image-signed:docker://${IMAGE}:stable`],
  ])('rebases %s to %s', (booted, refspec) => {
    expect(plan(booted, booted, image, 'stable')).toEqual({ kind: 'rebase', refspec, revision: DIGEST });
  });

  it('deploys when the staged deployment follows the new name already', () => {
    const booted = `ostree-image-signed:docker://old.io/x:stable`;
    expect(plan(booted, `ostree-image-signed:docker://${IMAGE}:stable`, image, 'stable')).toEqual(deploy);
  });

  it('rebases back when the staged deployment follows another name or a weaker scheme', () => {
    const booted = `ostree-image-signed:docker://${IMAGE}:stable`;
    const rebase = { kind: 'rebase', refspec: booted, revision: DIGEST };
    expect(plan(booted, `ostree-image-signed:docker://${IMAGE}:next`, image, 'stable')).toEqual(rebase);
    expect(plan(booted, `ostree-unverified-registry:${IMAGE}:stable`, image, 'stable')).toEqual(rebase);
    expect(plan(booted, undefined, image, 'stable')).toEqual(rebase);
  });

  it('keeps the tag when the stream is unknown', () => {
    const reference = `ostree-image-signed:docker://${IMAGE}:rawhide`;
    expect(plan(reference, reference, image)).toEqual(deploy);
  });

  it.each([undefined, 'ostree-image-signed:', 'docker://x'])(
    'refuses an image on a host that follows %s',
    (booted) => {
      expect(() => plan(booted, booted, image, 'stable')).toThrow(
        expect.objectContaining({ kind: 'rpm_ostree_unverified_target' }),
      );
    },
  );

  it('refuses a commit where a deployment that follows an image boots next', () => {
    expect(() => plan(undefined, `ostree-image-signed:docker://${IMAGE}:stable`, commit, 'stable')).toThrow(
      expect.objectContaining({ kind: 'rpm_ostree_unverified_target' }),
    );
  });

  it('refuses a commit on a host that follows an image', () => {
    const reference = `ostree-image-signed:docker://${IMAGE}:stable`;
    expect(() => plan(reference, reference, commit, 'stable')).toThrow(
      expect.objectContaining({ kind: 'rpm_ostree_unverified_target' }),
    );
  });

  it('field 23: an image that nobody signed is followed by one, written as before', () => {
    const derived = 'ostree-unverified-image:docker://registry.example.com/k8s/node-image:latest';
    expect(plan(derived, derived, image, 'stable')).toEqual({
      kind: 'rebase',
      refspec: `ostree-unverified-image:docker://${IMAGE}:stable`,
      revision: DIGEST,
    });
  });

  it('never lowers the signature scheme', () => {
    const prefix = fc.constantFrom(
      'ostree-image-signed:docker://',
      'ostree-remote-image:f:registry:',
      'ostree-unverified-registry:',
    );
    const name = fc.constantFrom(IMAGE, 'other.io/x');
    const tag = fc.constantFrom(':stable', ':next', '');
    const reference = fc.tuple(prefix, name, tag);
    fc.assert(
      fc.property(reference, fc.option(reference), (booted, base) => {
        const result = plan(booted.join(''), base?.join(''), image, 'stable');
        if (result.kind === 'rebase') {
          expect(result.refspec.startsWith(booted[0])).toBe(true);
        } else {
          expect(base?.[0]).toBe(booted[0]);
        }
      }),
    );
  });
});
