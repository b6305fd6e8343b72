/**
 * What a transition means to a person who reads the log: lines, most of them said once. Pure.
 *
 * Invariants: the phrases that other tools wait for stand as Zincati writes them; a run of failures is told when it
 * begins and when it ends, its repetitions only to who debugs; nothing from outside reaches a line unsanitised.
 */
import { printable } from '../errors.ts';
import { info, inSeconds, name, type Line } from './line.ts';
import type { Effect, Occurrence } from '../agent/messages.ts';
import { aboutEvent } from './narrate-event.ts';
import { aboutRecord, aboutState } from './narrate-state.ts';
import type { Model, Policy } from '../agent/state.ts';

/** Said before an effect is performed. */
export function announce({ state, memory }: Model, effect: Effect): readonly Line[] {
  switch (effect.kind) {
    case 'register-driver': {
      const level = memory.driver.streak === undefined ? 'info' : 'debug';
      return [{ level, text: 'registering as the update driver for rpm-ostree' }];
    }
    case 'finalize':
      return [
        {
          // Again and again while it fails is not news.
          level: state.name === 'UpdateStaged' && state.holding.by === 'failure' ? 'debug' : 'info',
          text: `staged deployment '${name(effect.release)}' available, proceeding to finalize it`,
        },
      ];
    case 'follow-active': {
      const transaction = memory.host?.activeTransaction;
      const what = transaction === undefined ? '' : `: ${printable(transaction.title)}`;
      return [info(`waiting for the rpm-ostree transaction in progress${what}`)];
    }
    case 'wait':
      return [{ level: 'debug', text: `${state.name}: waiting ${inSeconds(effect.forMs)}` }];
    default:
      return [{ level: 'debug', text: `${state.name}: ${effect.kind}` }];
  }
}

/** Said after `asked` ended in `occurrence`. */
export function narrate(
  before: Model,
  asked: Effect,
  occurrence: Occurrence,
  after: Model,
  policy: Pick<Policy, 'skip'>,
): readonly Line[] {
  return [
    ...aboutEvent(before, asked, occurrence, after, policy),
    ...aboutRecord(before, after),
    ...aboutState(before, occurrence, after),
  ];
}
