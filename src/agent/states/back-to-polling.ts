/** The ways back to polling, and whose a staged deployment is. Pure. */
import { checkDue, retryMs } from '../checking.ts';
import type { EffectOf } from '../messages.ts';
import { AFTER_FOLLOW_MS } from '../pacing.ts';
import { bootsNext } from '../next-boot.ts';
import type { Deployment, HostStatus } from '../ports.ts';
import type { AgentRecord } from '../record.ts';
import { samePayload, type Target } from '../release.ts';
import type { Memory, Model } from '../state.ts';
import type { Turn } from '../turn.ts';

/**
 * A deployment that boots next, and not by this agent: somebody has staged it, or has set it as the default. Packages that
 * somebody adds to a release of ours make another deployment.
 */
export function foreignStaged({ host, record }: Pick<Memory, 'host' | 'record'>): Deployment | undefined {
  const staged = host?.staged;
  if (staged === undefined) {
    return foreignDefault(host, record);
  }
  if (staged.finalizationLocked === true) {
    return undefined;
  }
  const isOurs =
    staged.payload !== undefined &&
    record.staged !== undefined &&
    samePayload(staged.payload, record.staged.payload) &&
    (record.staged.deploymentId === undefined || record.staged.deploymentId === staged.id);
  return isOurs ? undefined : staged;
}

/**
 * What somebody had the boot loader take next, with `rpm-ostree rollback`. A release that this agent rebooted for is none,
 * nor is one that the record denies. People boot an older entry by hand, and the newer one stays the default.
 */
function foreignDefault(
  host: HostStatus | undefined,
  { staged, attempts, denials }: AgentRecord,
): Deployment | undefined {
  const next = bootsNext(host);
  const payload = next?.payload;
  const known = [...(staged === undefined ? [] : [staged]), ...attempts, ...denials];
  return payload !== undefined && known.some((ours) => samePayload(ours.payload, payload)) ? undefined : next;
}

/** What is staged and is this agent's. Undefined: nothing, or it is somebody else's. */
export function ownStaged(memory: Pick<Memory, 'host' | 'record'>): Target | undefined {
  const staged = memory.host?.staged;
  return staged?.payload === undefined || foreignStaged(memory) !== undefined
    ? undefined
    : { version: staged.version, payload: staged.payload };
}

/** The kind of the failure after which nothing was done, since somebody had changed what is staged. */
export const STAGED_CHANGED = 'rpm_ostree_staged_changed';

/** Drops what was last read as staged, and nothing else. */
export function discardStaged({ memory }: { readonly memory: Memory }): EffectOf<'discard-staged'> {
  return { kind: 'discard-staged', expected: bootsNext(memory.host) };
}

/** Back to polling after somebody changed what is staged, soon: the deployments are read, and everything is decided anew. */
export function lookAgain(turn: Turn): Model {
  const dueMono = turn.mono + AFTER_FOLLOW_MS;
  return { state: { name: 'NoNewUpdate', step: 'rest' }, memory: checkDue(turn.memory, dueMono) };
}

/** Back to polling, at once: the deployments are read and the graph is asked without waiting. */
export function pollNow(memory: Memory): Model {
  return { state: { name: 'NoNewUpdate', step: 'refresh' }, memory: checkDue(memory, 0) };
}

/**
 * Back to polling after somebody took the staged deployment away. After a pause: whoever does that again and again must
 * not make the agent download without end. The next answer of the graph is news, whatever it is.
 */
export function startOver(turn: Turn): Model {
  const dueMono = turn.mono + retryMs(turn);
  const memory = checkDue(turn.memory, dueMono);
  return {
    state: { name: 'NoNewUpdate', step: 'rest' },
    memory: { ...memory, check: { ...memory.check, answer: '' } },
  };
}
