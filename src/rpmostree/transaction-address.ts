/**
 * Moves the address of a transaction's peer socket below another root directory. Pure.
 *
 * Invariants:
 * - Only Unix sockets are ever connected to, whatever the daemon, or a process that poses as it, answers.
 */
import { parseAddress, prefixAddress } from '../dbus/address.ts';
import { RpmOstreeError, messageOf } from '../errors.ts';

/**
 * `unix:path=/run/x.sock` becomes `unix:path=ROOT/run/x.sock`; abstract sockets stay as they are. Throws RpmOstreeError
 * `rpm_ostree_malformed_reply`.
 */
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
