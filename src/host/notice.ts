/** What logged-in people read on their terminals before a reboot. Pure. */
import type { Release } from '../agent/release.ts';
import { longDate } from '../text/long-date.ts';
import { printable } from '../errors.ts';

/**
 * `minutesLeft`: how long the node still waits for them; undefined: until nobody is logged in. `at`: now, in
 * milliseconds since 1970 UTC. Lines end in CR LF, as a terminal in raw mode needs it.
 *
 * The deployment is locked until the agent finalizes it, so a plain reboot drops it. That is why the text says what
 * works instead.
 */
export function rebootNotice(release: Release, minutesLeft: number | undefined, at: number): string {
  return [
    '',
    `Broadcast message from Zincati at ${longDate(at)}:`,
    `New update ${printable(release.version)} is available and has been deployed.`,
    whatComes(minutesLeft),
    'A reboot by hand before that does not apply the update. This does, as root:',
    '    rpm-ostree finalize-deployment --allow-missing-checksum',
    '',
    '',
  ].join('\r\n');
}

function whatComes(minutesLeft: number | undefined): string {
  if (minutesLeft === undefined) {
    return 'This machine will reboot into it when everybody has logged out, not before.';
  }
  if (minutesLeft <= 0) {
    return 'This machine is about to reboot into it.';
  }
  const minutes = minutesLeft === 1 ? '1 minute' : `${minutesLeft} minutes`;
  return `This machine will reboot into it when everybody has logged out, or in ${minutes}, if its update strategy allows it then.`;
}
