/**
 * Maps rpm-ostree's errors, D-Bus error names and texts, to kinds. Pure.
 *
 * Invariants:
 * - Texts take precedence over names, because rpm-ostree uses one generic name for most errors.
 */
import {
  BusError,
  type BusErrorKind,
  CancelledError,
  messageOf,
  RpmOstreeError,
  type RpmOstreeErrorKind,
} from '../errors.ts';
import { printable } from '../text/printable.ts';

const BY_TEXT: readonly (readonly [RegExp, RpmOstreeErrorKind])[] = [
  [/Transaction in progress: /, 'rpm_ostree_busy'],
  [/Reboot initiated, cannot start new transaction/, 'rpm_ostree_rebooting'],
  [/No pending staged deployment found/, 'rpm_ostree_no_staged_deployment'],
  [/Expected staged base checksum/, 'rpm_ostree_staged_mismatch'],
  [/Staged deployment is not for osname/, 'rpm_ostree_staged_mismatch'],
  [/Staged deployment already unlocked/, 'rpm_ostree_already_unlocked'],
  [/Reboot blocked by a systemd inhibitor/, 'rpm_ostree_inhibited'],
  [/Operation was cancelled$/, 'rpm_ostree_transaction_cancelled'],
];

const GIO_ERROR = 'org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code';
const BY_NAME: ReadonlyMap<string, RpmOstreeErrorKind> = new Map<string, RpmOstreeErrorKind>([
  // G_IO_ERROR_BUSY, G_IO_ERROR_CANCELLED, G_IO_ERROR_PERMISSION_DENIED
  [`${GIO_ERROR}26`, 'rpm_ostree_busy'],
  [`${GIO_ERROR}19`, 'rpm_ostree_transaction_cancelled'],
  [`${GIO_ERROR}14`, 'rpm_ostree_access_denied'],
  ['org.projectatomic.rpmostreed.Error.UpdateInProgress', 'rpm_ostree_busy'],
  ['org.projectatomic.rpmostreed.Error.NotAuthorized', 'rpm_ostree_access_denied'],
  ['org.freedesktop.DBus.Error.AccessDenied', 'rpm_ostree_access_denied'],
  ['org.freedesktop.DBus.Error.AuthFailed', 'rpm_ostree_access_denied'],
  ['org.freedesktop.DBus.Error.InteractiveAuthorizationRequired', 'rpm_ostree_access_denied'],
  ['org.freedesktop.DBus.Error.NoReply', 'rpm_ostree_unreachable'],
  ['org.freedesktop.DBus.Error.ServiceUnknown', 'rpm_ostree_unreachable'],
  ['org.freedesktop.DBus.Error.NameHasNoOwner', 'rpm_ostree_unreachable'],
  ['org.freedesktop.DBus.Error.Disconnected', 'rpm_ostree_unreachable'],
  ['org.freedesktop.DBus.Error.TimedOut', 'rpm_ostree_unreachable'],
  ['org.freedesktop.DBus.Error.Timeout', 'rpm_ostree_unreachable'],
  ['org.freedesktop.DBus.Error.UnknownObject', 'rpm_ostree_unreachable'],
]);
const SPAWN = 'org.freedesktop.DBus.Error.Spawn.';

type LocalKind = Exclude<BusErrorKind, 'bus_remote_error' | 'bus_call_cancelled'>;
const BY_BUS_KIND: Readonly<Record<LocalKind, RpmOstreeErrorKind>> = {
  bus_unreachable: 'rpm_ostree_unreachable',
  bus_auth_failed: 'rpm_ostree_unreachable',
  bus_closed: 'rpm_ostree_unreachable',
  bus_call_timeout: 'rpm_ostree_unreachable',
  bus_malformed_message: 'rpm_ostree_malformed_reply',
};

/** What the error of a call means. `doing` completes "cannot …". */
export function mapCallError(error: unknown, doing: string): RpmOstreeError | CancelledError {
  if (error instanceof RpmOstreeError || error instanceof CancelledError) {
    return error;
  }
  if (error instanceof BusError && error.kind === 'bus_call_cancelled') {
    return new CancelledError(`gave up: ${doing}`, { cause: error });
  }
  return new RpmOstreeError(kindOfCallError(error), `cannot ${doing}: ${messageOf(error)}`, { cause: error });
}

/** What `Finished(false, text)` means. `doing` completes "cannot …". */
export function mapFinishedText(text: string, doing: string): RpmOstreeError {
  const said = text === '' ? 'rpm-ostree gave no reason' : printable(text);
  return new RpmOstreeError(kindOfText(text) ?? 'rpm_ostree_transaction_failed', `cannot ${doing}: ${said}`);
}

/** True when the daemon was exiting or gone during the call. The next call starts it again. */
export function daemonWasLeaving(error: unknown): boolean {
  if (!(error instanceof BusError)) {
    return false;
  }
  return (
    error.kind === 'bus_closed' ||
    (error.errorName !== undefined &&
      ['NoReply', 'ServiceUnknown', 'NameHasNoOwner', 'Disconnected'].some(
        (name) => error.errorName === `org.freedesktop.DBus.Error.${name}`,
      ))
  );
}

export function isBusy(error: unknown): boolean {
  return error instanceof BusError && kindOfCallError(error) === 'rpm_ostree_busy';
}

export function isAccessDenied(error: unknown): boolean {
  return error instanceof BusError && kindOfCallError(error) === 'rpm_ostree_access_denied';
}

function kindOfCallError(error: unknown): RpmOstreeErrorKind {
  if (!(error instanceof BusError)) {
    return 'rpm_ostree_failed';
  }
  if (error.kind === 'bus_call_cancelled') {
    return 'rpm_ostree_failed';
  }
  if (error.kind !== 'bus_remote_error') {
    return BY_BUS_KIND[error.kind];
  }
  const { errorName = '' } = error;
  const byName =
    BY_NAME.get(errorName) ?? (errorName.startsWith(SPAWN) ? 'rpm_ostree_unreachable' : undefined);
  return kindOfText(error.message) ?? byName ?? 'rpm_ostree_failed';
}

function kindOfText(text: string): RpmOstreeErrorKind | undefined {
  return BY_TEXT.find(([pattern]) => pattern.test(text))?.[1];
}
