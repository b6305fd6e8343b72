/**
 * The address of a transaction's peer socket, seen from below another root directory. Pure.
 *
 * Invariant: only Unix sockets are ever connected to, whatever the daemon (or who poses as it) answers.
 */
import { parseAddress, prefixAddress } from '../dbus/address.ts';
import { RpmOstreeError, messageOf } from '../errors.ts';

/** `unix:path=/run/x.sock` -> `unix:path=ROOT/run/x.sock`; abstract sockets have no root. */
export function transactionAddress(address: string, root: string): string {
  try {
    parseAddress(address);
    return prefixAddress(address, root);
  } catch (error) {
    const why = messageOf(error);
    throw new RpmOstreeError('rpm_ostree_malformed_reply', `cannot follow a transaction: ${why}`, {
      cause: error,
    });
  }
}
