/** What a person asks for, in a few words for log and history. Pure. */
import { isInstant, type Wish } from '../agent/requests.ts';
import { longDate } from '../text/long-date.ts';
import { printable } from '../text/printable.ts';

export function wishText(wish: Wish): string {
  switch (wish.kind) {
    case 'check':
    case 'discard':
      return wish.kind;
    case 'cancel':
      return wish.request === undefined ? 'cancel' : `cancel request ${wish.request}`;
    case 'stage': {
      const to = wish.to === undefined ? '' : ` '${printable(wish.to)}'`;
      return `stage${to}${wish.ignoreRollout ? ', whatever the rollout' : ''}`;
    }
    case 'reboot':
      return wish.overrides.length === 0 ? 'reboot' : `reboot, overriding ${wish.overrides.join(', ')}`;
    case 'hold': {
      const until = wish.untilAt === undefined ? '' : ` until ${dateOf(wish.untilAt)}`;
      return `hold ${wish.what}${until}${because(wish.reason)}`;
    }
    case 'release':
      return `release ${printable(wish.hold)}`;
    case 'deny':
      return `deny '${printable(wish.release)}'${because(wish.reason)}`;
    case 'allow':
      return `allow '${printable(wish.release)}'`;
  }
}

function dateOf(at: number): string {
  return isInstant(at) ? longDate(at) : String(at);
}

function because(reason: string): string {
  return reason === '' ? '' : `: ${printable(reason)}`;
}
