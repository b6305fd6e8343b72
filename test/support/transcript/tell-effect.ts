/** How a transcript tells an effect: those that people care about, in a few words. */
import type { Effect } from '../../../src/agent/messages.ts';
import type { TranscriptNode } from './node.ts';

/** `finalize 2`; undefined: it is not told. What is told is about to be performed by `node`. */
export function tellEffect(effect: Effect, node: TranscriptNode): string | undefined {
  switch (effect.kind) {
    case 'stage':
    case 'finalize':
      return `${effect.kind} ${effect.release.version}`;
    case 'survey':
    case 'acquire-slot':
    case 'discard-staged':
      return effect.kind;
    case 'release-slot':
      // Without lenders there is nothing to give back.
      return node.policy.hasLenders ? effect.kind : undefined;
    case 'warn-sessions': {
      const { sessions, minutesLeft } = effect;
      const who = sessions.map(({ user, tty }) => `${user} on ${tty}`).join(', ');
      const when =
        minutesLeft === undefined
          ? 'the node waits for them'
          : `reboot in ${minutesLeft} ${minutesLeft === 1 ? 'minute' : 'minutes'}`;
      return `${effect.kind} ${who}: ${when}`;
    }
    case 'save': {
      const { asked } = effect.record;
      const onDisk = node.record.asked;
      if (asked?.version === onDisk?.version && asked?.at === onDisk?.at) {
        return undefined;
      }
      return asked === undefined
        ? 'save that no reboot is asked for'
        : `save that a reboot into ${asked.version} is asked for`;
    }
    case 'wait':
    case 'register-driver':
    case 'read-status':
    case 'follow-active':
    case 'check':
    case 'list-sessions':
      return undefined;
  }
}
