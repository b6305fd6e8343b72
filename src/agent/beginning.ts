/**
 * What is about to be done, as a happening. Whoever performs effects hands it on right before it does so. Pure.
 *
 * It is no part of an advance: between an advance and its effect a new configuration may come, and nothing is done then.
 */
import type { Machine } from './advance.ts';
import type { Beginning } from './happenings.ts';

export function beginning({ model, effect }: Machine): Beginning {
  const { state, memory } = model;
  switch (effect.kind) {
    case 'wait':
      return { kind: 'waiting', state: state.name, forMs: effect.forMs };
    case 'register-driver':
      return { kind: 'registering', repeated: memory.driver.streak !== undefined };
    case 'check':
      return { kind: 'checking', state: state.name };
    case 'stage':
      return { kind: 'staging', state: state.name, release: effect.release };
    case 'follow-active':
      return { kind: 'following', title: memory.host?.activeTransaction?.title };
    case 'finalize': {
      // Again and again while it fails is not news.
      const repeated =
        state.name === 'UpdateStaged' && state.holding.by === 'failure' && state.holding.asked === true;
      return { kind: 'finalizing', release: effect.release, repeated };
    }
    case 'save':
    case 'read-status':
    case 'release-slot':
    case 'discard-staged':
    case 'survey':
    case 'acquire-slot':
    case 'list-sessions':
    case 'warn-sessions':
      return { kind: 'working', state: state.name, effect: effect.kind };
  }
}
