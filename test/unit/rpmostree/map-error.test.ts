/** What rpm-ostree's errors mean. */
import { describe, expect, it } from 'vitest';
import { BusError, CancelledError, RpmOstreeError } from '../../../src/errors.ts';
import {
  daemonWasLeaving,
  isAccessDenied,
  isBusy,
  mapCallError,
  mapFinishedText,
} from '../../../src/rpmostree/map-error.ts';

const GIO = 'org.gtk.GDBus.UnmappedGError.Quark._g_2dio_2derror_2dquark.Code';
const remote = (errorName: string, message = 'text') =>
  new BusError('bus_remote_error', message, { errorName });

describe('mapCallError', () => {
  it.each([
    [remote(`${GIO}26`), 'rpm_ostree_busy'],
    [remote(`${GIO}0`, 'Transaction in progress: upgrade\n You can cancel …'), 'rpm_ostree_busy'],
    [remote(`${GIO}0`, 'Reboot initiated, cannot start new transaction'), 'rpm_ostree_rebooting'],
    [remote('org.projectatomic.rpmostreed.Error.UpdateInProgress'), 'rpm_ostree_busy'],
    [remote('org.freedesktop.DBus.Error.AccessDenied'), 'rpm_ostree_access_denied'],
    [remote('org.projectatomic.rpmostreed.Error.NotAuthorized'), 'rpm_ostree_access_denied'],
    [remote('org.freedesktop.DBus.Error.NoReply'), 'rpm_ostree_unreachable'],
    [remote('org.freedesktop.DBus.Error.ServiceUnknown'), 'rpm_ostree_unreachable'],
    [remote('org.freedesktop.DBus.Error.Spawn.ChildExited'), 'rpm_ostree_unreachable'],
    [remote(`${GIO}19`), 'rpm_ostree_transaction_cancelled'],
    [remote(`${GIO}0`, 'anything else'), 'rpm_ostree_failed'],
    [remote('org.projectatomic.rpmostreed.Error.InvalidRefspec'), 'rpm_ostree_failed'],
    [new BusError('bus_unreachable', 'x'), 'rpm_ostree_unreachable'],
    [new BusError('bus_call_timeout', 'x'), 'rpm_ostree_unreachable'],
    [new BusError('bus_malformed_message', 'x'), 'rpm_ostree_malformed_reply'],
    [new TypeError('x'), 'rpm_ostree_failed'],
  ])('case %#', (error, kind) => {
    const mapped = mapCallError(error, 'stage 42.1');
    expect(mapped.kind).toBe(kind);
    expect(mapped.message).toMatch(/^cannot stage 42\.1: /);
    expect(mapped.cause).toBe(error);
  });

  it('lets what is mapped or given up pass', () => {
    const own = new RpmOstreeError('rpm_ostree_failed', 'x');
    const cancelled = new CancelledError('x');
    expect(mapCallError(own, 'y')).toBe(own);
    expect(mapCallError(cancelled, 'y')).toBe(cancelled);
    expect(mapCallError(new BusError('bus_call_cancelled', 'x'), 'y')).toBeInstanceOf(CancelledError);
  });
});

describe('mapFinishedText', () => {
  it.each([
    ['B1: Staged deployment already unlocked', 'rpm_ostree_already_unlocked'],
    ['B2: No pending staged deployment found', 'rpm_ostree_no_staged_deployment'],
    ['B3: Expected staged base checksum aaa, but found bbb', 'rpm_ostree_staged_mismatch'],
    ["Staged deployment is not for osname 'nestos'", 'rpm_ostree_staged_mismatch'],
    [
      'Reboot blocked by a systemd inhibitor lock in `block` mode\nHeld by: dnf\nReason: x',
      'rpm_ostree_inhibited',
    ],
    ['Operation was cancelled', 'rpm_ostree_transaction_cancelled'],
    ['While pulling: Operation was cancelled', 'rpm_ostree_transaction_cancelled'],
    ['While pulling: Server returned HTTP 503', 'rpm_ostree_transaction_failed'],
    ['', 'rpm_ostree_transaction_failed'],
  ])('%s', (text, kind) => {
    expect(mapFinishedText(text, 'finalize 42.1').kind).toBe(kind);
  });

  it('prints on one line, without control characters', () => {
    const { message } = mapFinishedText(
      'Reboot blocked\nHeld by: dnf\u001b[31m\nReason: updating',
      'finalize 42.1',
    );
    expect(message).toBe('cannot finalize 42.1: Reboot blocked Held by: dnf\uFFFD[31m Reason: updating');
  });
});

it('tells a daemon that is leaving, busy or forbidden from other answers', () => {
  expect(daemonWasLeaving(remote('org.freedesktop.DBus.Error.NoReply'))).toBe(true);
  expect(daemonWasLeaving(new BusError('bus_closed', 'x'))).toBe(true);
  expect(daemonWasLeaving(remote('org.freedesktop.DBus.Error.AccessDenied'))).toBe(false);
  expect(daemonWasLeaving(new Error('org.freedesktop.DBus.Error.NoReply'))).toBe(false);
  expect(isBusy(remote(`${GIO}26`))).toBe(true);
  expect(isBusy(new RpmOstreeError('rpm_ostree_busy', 'x'))).toBe(false);
  expect(isAccessDenied(remote('org.freedesktop.DBus.Error.AccessDenied'))).toBe(true);
});
