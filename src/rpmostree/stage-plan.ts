/**
 * Decides which of rpm-ostree's methods stages a release. Pure.
 *
 * Invariants:
 * - The signature scheme of the image that the host follows is kept as written, and never weakened.
 */
import type { Deployment } from '../agent/ports.ts';
import { payloadDigest, payloadImage, type Release } from '../agent/release.ts';
import { RpmOstreeError } from '../errors.ts';
import {
  followsSame,
  type ImageReference,
  parseImageReference,
  printImageReference,
} from './image-reference.ts';

export type StagePlan =
  /** `Deploy(revision)`. `skipBranchCheck` is set for commits, because a graph names them and no branch does. */
  | { readonly kind: 'deploy'; readonly revision: string; readonly skipBranchCheck: boolean }
  /** `UpdateDeployment` with `set-refspec` and `set-revision`. */
  | { readonly kind: 'rebase'; readonly refspec: string; readonly revision: string };

export interface StageSituation {
  /** The booted deployment as the agent sees it, which is the override if there is one. */
  readonly booted: Deployment;
  /**
   * The deployment that rpm-ostree builds on: what boots next, as rpm-ostree reports it. It differs from `booted` where
   * something is staged, after a rollback without a reboot, and when a host moves from commits to images.
   */
  readonly base: Deployment;
  /** The node's stream, which becomes the tag; undefined when the tag is to stay. */
  readonly stream: string | undefined;
}

/** Throws RpmOstreeError `rpm_ostree_unverified_target` when the release does not fit what the host follows. */
export function planStage({ booted, base, stream }: StageSituation, release: Release): StagePlan {
  const digest = payloadDigest(release.payload);
  const image = payloadImage(release.payload);
  if (digest === undefined || image === undefined) {
    return planCommit(booted, base, release);
  }

  const followed = parsed(booted);
  if (followed === undefined) {
    throw refusal(release, `the booted deployment must follow an image, got ${described(booted)}`);
  }
  const wanted: ImageReference = { ...followed, name: image, tag: stream ?? followed.tag, digest: undefined };
  const current = parsed(base);
  if (current !== undefined && followsSame(current, wanted)) {
    return { kind: 'deploy', revision: digest, skipBranchCheck: false };
  }
  return { kind: 'rebase', refspec: printImageReference(wanted), revision: digest };
}

function planCommit(booted: Deployment, base: Deployment, release: Release): StagePlan {
  if (booted.imageReference !== undefined) {
    throw refusal(release, `a commit needs a host that follows an OSTree ref, got ${described(booted)}`);
  }
  if (base.imageReference !== undefined) {
    throw refusal(
      release,
      `a commit needs an OSTree ref also in the deployment that boots next, got ${described(base)}`,
    );
  }
  return { kind: 'deploy', revision: `revision=${release.payload.value}`, skipBranchCheck: true };
}

function parsed(deployment: Deployment): ImageReference | undefined {
  return deployment.imageReference === undefined ? undefined : parseImageReference(deployment.imageReference);
}

function described({ imageReference }: Deployment): string {
  return imageReference === undefined ? 'one that follows an OSTree ref' : `'${imageReference}'`;
}

function refusal(release: Release, why: string): RpmOstreeError {
  return new RpmOstreeError('rpm_ostree_unverified_target', `cannot stage ${release.version}: ${why}`);
}
