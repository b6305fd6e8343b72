/** What people who are logged in read on their terminals before a reboot. Pure. */
import type { Release } from '../agent/release.ts';
import { longDate } from '../agent/status-text.ts';
import { printable } from '../errors.ts';

/** `minutesLeft` is what remains until the node stops waiting for them. Lines end as a terminal in raw mode wants it. */
export function rebootNotice(release: Release, minutesLeft: number, at: number): string {
  const minutes = minutesLeft === 1 ? '1 minute' : `${minutesLeft} minutes`;
  return [
    '',
    `Broadcast message from Zincati at ${longDate(at)}:`,
    `New update ${printable(release.version)} is available and has been deployed.`,
    `This machine will reboot into it as soon as everybody has logged out, or in ${minutes}, whichever comes first.`,
    'A reboot before that, by hand, does not apply the update.',
    '',
    '',
  ].join('\r\n');
}
