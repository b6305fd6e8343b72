/** What an operator can do about the gates that keep a node. Pure. */
import { overridesFor, type Override } from '../agent/overrides.ts';
import type { ExplanationFacts, GateFacts } from './agent-facts.ts';

/** A command, and what it is for as `to ...`. */
export interface NextStep {
  readonly to: string;
  readonly command: string;
}

/** By label. Nobody overrides these before they have looked. */
const LOOKS: Readonly<Record<string, NextStep>> = {
  disabled: { to: 'see which file says so', command: 'zincati config show --origin' },
  skipped: { to: 'see which file says so', command: 'zincati config show --origin' },
  nothing_offered: { to: 'ask the update server now', command: 'sudo zincati check' },
  not_staged: { to: 'watch it', command: 'zincati status --watch' },
  foreign_staged: { to: 'see it', command: 'rpm-ostree status' },
  inhibitor: { to: 'see who inhibits', command: 'systemd-inhibit --list' },
  boot_complete: { to: 'see what hangs', command: 'systemctl list-jobs; systemctl --failed' },
  boot_space: { to: 'see what fills /boot', command: 'sudo du -xh /boot | sort -h | tail' },
  rpm_ostree_busy: { to: 'see what runs', command: 'rpm-ostree status' },
};

/** `holder`: the gate that keeps the node most. Undefined: nothing is known that helps. */
export function nextStep({ release, gates }: ExplanationFacts, holder: GateFacts): NextStep | undefined {
  const { gate, label = '', evidence } = holder;
  const { holds } = evidence;
  if (gate === 'hold' || gate === 'stage_hold') {
    return typeof holds === 'string' && !holds.includes(',')
      ? { to: 'end the hold', command: `sudo zincati release ${holds}` }
      : { to: 'see the holds', command: 'zincati hold' };
  }
  const look = lookOf(holder);
  if (look !== undefined) {
    return look;
  }
  if ((gate === 'denied' && label !== 'on_disk') || gate === 'reboot_brake') {
    return release === undefined
      ? undefined
      : { to: 'try it all the same', command: `sudo zincati allow ${release}` };
  }
  if (gate === 'record') {
    return { to: 'see why', command: 'journalctl -u zincati.service -b -p err' };
  }
  if (holder.class === 'foreign') {
    return { to: 'ask again now', command: 'sudo zincati reboot' };
  }
  const first = gates.find((one) => one.verdict !== 'pass' && lookOf(one) !== undefined);
  if (first !== undefined) {
    return lookOf(first);
  }
  const words = overridesNeeded(gates);
  return words === undefined
    ? undefined
    : {
        to: 'reboot now',
        command: ['sudo zincati reboot', ...words.map((word) => `--override ${word}`)].join(' '),
      };
}

/** Undefined: nothing has to be looked at first. Exported for its tests. */
export function lookOf({ label = '' }: GateFacts): NextStep | undefined {
  return LOOKS[label];
}

/** Of all gates that block, each once. Undefined: one of them cannot be overridden. */
export function overridesNeeded(gates: readonly GateFacts[]): readonly string[] | undefined {
  const words = new Set<string>();
  for (const gate of gates) {
    const needed = overridesOf(gate);
    if (needed === undefined) {
      return undefined;
    }
    needed.forEach((word) => words.add(word));
  }
  return [...words];
}

/** Undefined: it cannot be overridden. A request is a look by itself, and asks lenders. */
function overridesOf(facts: GateFacts): readonly Override[] | undefined {
  const { gate, label = '', verdict } = facts;
  if (verdict === 'pass' || gate === 'pacing' || facts.class === 'foreign') {
    return [];
  }
  if (label === 'frozen') {
    // Behind a freeze there may be no window either.
    return ['freeze', 'window'];
  }
  return gate === 'people'
    ? ['people']
    : overridesFor({ gate, verdict: verdict === 'block' ? 'block' : 'unknown', label });
}
