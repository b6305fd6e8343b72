/**
 * The hold of systemd's inhibitor locks: whoever holds `shutdown` in mode `block` wants no reboot now. rpm-ostree would
 * refuse the finalization anyway; asked before, nothing is taken from a lock server for it, and people read who it is. Pure.
 */
import { printable } from '../errors.ts';
import type { Strategy, Verdict } from './strategy.ts';
import { allow, deny } from './verdict.ts';

export interface Inhibitor {
  /** What is inhibited, joined by colons: `shutdown:sleep`. */
  readonly what: string;
  readonly who: string;
  readonly why: string;
  readonly mode: string;
}

/** `list` rejects with an AgentError when it cannot be told who inhibits. */
export function inhibitorStrategy(list: (signal: AbortSignal) => Promise<readonly Inhibitor[]>): Strategy {
  return {
    name: 'inhibitors',
    remote: false,
    canFinalize: async (_nowMs, signal) => judgeInhibitors(await list(signal)),
    reportSteady: () => Promise.resolve(),
  };
}

const MOST_NAMED = 3;
const LONGEST_NAME = 100;

export function judgeInhibitors(inhibitors: readonly Inhibitor[]): Verdict {
  const blocking = inhibitors.filter(
    ({ what, mode }) => mode === 'block' && what.split(':').includes('shutdown'),
  );
  if (blocking.length === 0) {
    return allow('inhibitor', 'nobody inhibits a shutdown');
  }
  const named = blocking.slice(0, MOST_NAMED).map(({ who, why }) => {
    const name = shortened(who) || 'somebody without a name';
    return why === '' ? name : `${name}: ${shortened(why)}`;
  });
  const rest = blocking.length - named.length;
  return deny('inhibitor', `blocked by ${named.join(', by ')}${rest > 0 ? `, and by ${rest} more` : ''}`);
}

function shortened(text: string): string {
  return printable(text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}…` : text);
}
