/** The ways back to polling, and whose a staged deployment is. Pure. */
import { checkDue, retryMs } from '../checking.ts';
import type { Deployment } from '../ports.ts';
import { samePayload } from '../release.ts';
import type { Memory, Model } from '../state.ts';
import type { Turn } from '../turn.ts';

/** A staged deployment that this agent did not stage: somebody wants to boot into it. */
export function foreignStaged({ host, record }: Memory): Deployment | undefined {
  const staged = host?.staged;
  if (staged === undefined || staged.finalizationLocked === true) {
    return undefined;
  }
  const isOurs =
    staged.payload !== undefined &&
    record.staged !== undefined &&
    samePayload(staged.payload, record.staged.payload);
  return isOurs ? undefined : staged;
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
