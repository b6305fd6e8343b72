/**
 * What the machine asks of the release and of its own configuration before it asks any gate. Pure.
 *
 * Invariants:
 * - A release that is ruled out is dropped at the machine's next look. It may come back when the denial is over.
 * - Before anything is staged, the instant is that of the next check and the least that staging can take.
 */
import { deniedPayloads } from '../agent/denylist.ts';
import { LONGEST_DENIAL_MS } from '../agent/pacing.ts';
import { isInForce, MAX_REBOOTS_PER_TARGET, type Denial } from '../agent/record.ts';
import { includesPayload, samePayload, type Release } from '../agent/release.ts';
import { isSkipped } from '../agent/skip.ts';
import type { AgentState } from '../agent/state.ts';
import { ownStaged } from '../agent/states/back-to-polling.ts';
import type { PassAfter } from '../agent/ports.ts';
import { OBSERVED, OPEN, openFrom, outsideHolds, passOf, SHUT } from '../gates/timing.ts';
import { SECOND_MS } from '../text/units.ts';
import { ofMachine, type Candidate, type Scene } from './candidate.ts';
import type { Explanation } from './explanation.ts';
import { nextLookAt } from './next-look.ts';

/** No release is staged in less, even one whose files are all there. */
export const LEAST_STAGING_MS = 5 * SECOND_MS;

export type Subject =
  | { readonly stage: Exclude<Explanation['stage'], 'none'>; readonly release: Release }
  | { readonly stage: 'none'; readonly release: undefined };

const NOTHING: Subject = { stage: 'none', release: undefined };

/**
 * What the node would reboot into. What this agent has staged is that also after a restart, before the update server has
 * named it anew.
 */
export function subjectOf({ state, memory }: Scene['model']): Subject {
  switch (state.name) {
    case 'UpdateAvailable':
      return { stage: 'available', release: state.release };
    case 'UpdateStaged':
      return { stage: 'staged', release: state.release };
    case 'UpdateFinalized':
    case 'EndState':
      return 'release' in state ? { stage: 'finalized', release: state.release } : NOTHING;
    case 'StartState':
    case 'Initialized':
    case 'ReportedSteady':
    case 'NoNewUpdate':
    case 'OffGraph': {
      const own = isDropping(state) ? undefined : ownStaged(memory);
      return own === undefined ? NOTHING : { stage: 'staged', release: own };
    }
  }
}

function isDropping(state: AgentState): boolean {
  return 'step' in state && state.step === 'discard';
}

/**
 * Exported for its tests. What is on disk already, or may be, needs no staging once the graph names it. So it takes no
 * time, and a hold on staging does not count.
 */
export function mayBeThere({ state, memory: { host } }: Scene['model']): boolean {
  return !isDropping(state) && (host === undefined || host.staged !== undefined);
}

export function releaseGates(scene: Scene, subject: Subject): readonly Candidate[] {
  return [
    enabled(scene),
    ...heldStaging(scene, subject),
    staged(scene, subject),
    ...foreign(scene),
    ...ruledOut(scene, subject),
  ];
}

function enabled({ policy }: Scene): Candidate {
  return policy.enabled
    ? ofMachine('enabled', 'pass', 'enabled', 'updates are enabled', OPEN.passAfter)
    : ofMachine('enabled', 'block', 'disabled', 'updates are disabled by configuration', SHUT.passAfter);
}

/** Told only while nothing is staged and a person holds that back. */
function heldStaging({ model, holds, now }: Scene, { stage }: Subject): readonly Candidate[] {
  const stages = holds.filter(
    ({ what, untilAt }) => what === 'stage' && (untilAt === undefined || untilAt > now.at),
  );
  if (stages.length === 0 || stage === 'staged') {
    return [];
  }
  const reasons = stages.flatMap(({ reason }) => (reason === '' ? [] : [reason]));
  const reason = ['staging is held by a person', ...reasons].join(': ');
  const { passAfter } = mayBeThere(model) ? OPEN : outsideHolds(stages, 'stage');
  return [ofMachine('stage_hold', 'block', 'held', reason, passAfter)];
}

function staged(scene: Scene, { stage, release }: Subject): Candidate {
  if (stage === 'staged') {
    return ofMachine('staged', 'pass', 'staged', `${release.version} is staged`, OPEN.passAfter);
  }
  const openAt = nextLookAt(scene.model, scene.now) + (mayBeThere(scene.model) ? 0 : LEAST_STAGING_MS);
  const [label, reason, assumption] =
    release === undefined
      ? ['nothing_offered', noneReason(scene), 'the next check finds an update, and it can be staged']
      : ['not_staged', `${release.version} is not staged yet`, `${release.version} is staged by then`];
  return {
    shown: { gate: 'staged', class: 'bounded', verdict: 'block', label, reason },
    passAfter: openFrom(openAt).passAfter,
    openEnded: true,
    assumption,
  };
}

function noneReason({ model }: Scene): string {
  return model.state.name === 'OffGraph'
    ? 'the booted release is not in the update graph, so no update is known'
    : 'no update is known';
}

/** Told only while it is there. */
function foreign({ model, policy }: Scene): readonly Candidate[] {
  const { foreign: deployment } = model.memory;
  if (deployment === undefined || policy.replaceForeignStaged) {
    return [];
  }
  return [
    {
      shown: {
        gate: 'foreign_staged',
        class: 'observed',
        verdict: 'block',
        label: 'foreign_staged',
        reason:
          deployment.pending === true
            ? `somebody else had ${deployment.version} boot next, which is left alone`
            : `somebody else staged ${deployment.version}, which is left alone`,
      },
      passAfter: OBSERVED.passAfter,
      openEnded: true,
      assumption: 'what somebody else staged is booted or dropped by then',
    },
  ];
}

/** A denial, and the brake on reboot loops, which is a denial after reboots that did not lead into the release. */
function ruledOut({ model, policy, now }: Scene, { release }: Subject): readonly Candidate[] {
  if (release === undefined) {
    return [
      ofMachine('denied', 'pass', 'not_denied', 'no release is known that could be', OPEN.passAfter),
      ofMachine('reboot_brake', 'pass', 'no_missed_reboots', 'no release is known', OPEN.passAfter),
    ];
  }
  const { record, host } = model.memory;
  const denial = record.denials.find(({ payload }) => samePayload(payload, release.payload));
  const isBrake = denial?.reason === 'boot-failed';
  const isThere = includesPayload(deniedPayloads(host, { ...record, denials: [] }, now.at), release.payload);
  return [
    deniedGate(release, isBrake ? undefined : denial, isSkipped(policy.skip, release), isThere, now.at),
    brakeGate(isBrake ? denial : undefined, now.at),
  ];
}

function deniedGate(
  { version }: Release,
  denial: Denial | undefined,
  isSkippedByAdmin: boolean,
  isThere: boolean,
  at: number,
): Candidate {
  if (isSkippedByAdmin) {
    const reason = `${version} is denied by the administrator (updates.skip)`;
    return ofMachine('denied', 'block', 'skipped', reason, SHUT.passAfter);
  }
  if (isThere) {
    const reason = `${version} is on disk already, as a deployment that was booted before`;
    return ofMachine('denied', 'block', 'on_disk', reason, SHUT.passAfter);
  }
  if (denial === undefined) {
    return ofMachine('denied', 'pass', 'not_denied', `${version} is not denied`, OPEN.passAfter);
  }
  const passAfter = afterDenial(denial);
  return isInForce(denial, at)
    ? ofMachine('denied', 'block', denial.reason, `${version} is denied: ${denial.reason}`, passAfter)
    : ofMachine('denied', 'pass', 'not_denied', `${version} is no longer denied`, passAfter);
}

function brakeGate(denial: Denial | undefined, at: number): Candidate {
  if (denial === undefined) {
    const reason = 'no reboot has missed this release';
    return ofMachine('reboot_brake', 'pass', 'no_missed_reboots', reason, OPEN.passAfter);
  }
  const passAfter = afterDenial(denial);
  const missed = `${denial.strikes} of ${MAX_REBOOTS_PER_TARGET} reboots did not lead into this release`;
  return isInForce(denial, at)
    ? ofMachine('reboot_brake', 'block', 'missed_reboots', missed, passAfter)
    : ofMachine('reboot_brake', 'pass', 'missed_reboots', `${missed}; it is tried again`, passAfter);
}

/** Exported for its tests. A denial that seems longer than any is over, until the clock comes closer to its end. */
export function afterDenial(denial: Denial): PassAfter {
  const { untilAt } = denial;
  if (untilAt === undefined) {
    return SHUT.passAfter;
  }
  const againAt = untilAt - LONGEST_DENIAL_MS;
  return (at) => {
    if (isInForce(denial, at)) {
      return { fromAt: untilAt };
    }
    return passOf(at, at < untilAt ? againAt : undefined);
  };
}
