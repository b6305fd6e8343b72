/** The words of lock servers at their edges. Their whole answers are in fleet-lock.test.ts. */
import { describe, expect, it } from 'vitest';

import {
  asksForContentType,
  isGivenBack,
  type Meaning,
  meaningOfTaking,
  type Said,
} from '../../../src/lenders/lock-answer.ts';

function said(status: number, kind = '', value = ''): Said {
  return { status, kind, value };
}

describe('the answer to who asks for a slot', () => {
  it.each<[number, string, string, Meaning]>([
    // Neither a status of its own kind, nor a redirect, nor a login says anything about slots.
    [199, '', '', 'failed'],
    [200, '', '', 'yes'],
    [202, 'locked', 'all slots are taken', 'under way'],
    [299, '', '', 'yes'],
    [300, '', '', 'failed'],
    [302, 'locked', 'all slots are taken', 'failed'],
    [399, 'failed_lock', 'all slots are taken', 'failed'],
    [400, 'failed_lock', 'all slots are taken', 'no'],
    [401, 'failed_lock', 'all slots are taken', 'failed'],
    [402, 'failed_lock', 'all slots are taken', 'no'],
    [407, 'locked', 'all slots are taken', 'failed'],
    // A store that was too slow may have written; but not where the server says clearly that it has not.
    [500, 'failed_lock', 'lock: context deadline exceeded', 'uncertain'],
    [503, '', 'no lock: timed out', 'uncertain'],
    [499, 'failed_lock', 'lock: context deadline exceeded', 'failed'],
    [500, 'timeout', '', 'uncertain'],
    [400, 'timeout', 'failed_lock', 'failed'],
    [500, 'lock_denied', 'the window timed out', 'no'],
    [409, '', 'timed out', 'no'],
    [423, 'failed_lock', 'timed out', 'no'],
    // Only `failed_lock` says that a conflict was one about slots.
    [500, 'failed_lock', 'Conflict on semaphore', 'contended'],
    [400, 'failed_lock', 'conflict', 'contended'],
    [500, '', 'conflict on semaphore', 'uncertain'],
    [500, 'failed_lock', 'conflicts', 'uncertain'],
    [500, 'failed_lock', 'preconflict', 'uncertain'],
    // `failed_lock` is a refusal below 500, whatever it says, and from there on if it speaks of slots.
    [404, 'failed_lock', 'no', 'no'],
    [499, 'failed_lock', '', 'no'],
    [500, 'failed_lock', '', 'uncertain'],
    [500, 'failed_lock', 'no slots', 'no'],
    // Plain text is one with 503 alone.
    [503, '', 'no slots', 'no'],
    [500, '', 'no slots', 'uncertain'],
    [502, '', 'no slots', 'uncertain'],
    [429, '', 'no slots', 'failed'],
    [503, 'other', 'no slots', 'uncertain'],
    // Servers that did not come to lending.
    [501, '', '', 'failed'],
    [505, '', '', 'failed'],
    [511, '', '', 'failed'],
    [499, '', '', 'failed'],
    [500, '', '', 'uncertain'],
    [504, '', '', 'uncertain'],
  ])('%i %j %j means: %s', (status, kind, value, meaning) => {
    expect(meaningOfTaking(said(status, kind, value))).toBe(meaning);
  });

  it.each([
    'failed_lock_x',
    'failed_lock_semaphore_full',
    'locked',
    'lock_held',
    'lock_denied',
    'lock_refused',
    'all_slots_full',
    'semaphore_full',
    'slot_full',
    'slots_taken',
    'my_slot_locked',
    'all_slots_locked',
    'outside_window',
    'outside_maintenance_window',
    'reboot_cooldown',
    '_cooldown',
  ])('is a refusal of the kind %s, whatever the status', (kind) => {
    expect(meaningOfTaking(said(500, kind))).toBe('no');
    expect(meaningOfTaking(said(400, kind))).toBe('no');
  });

  it.each([
    'failed_lock_',
    'xfailed_lock_x',
    'failed_lock_x y',
    'unlocked',
    'locked?',
    'lock_',
    'lock_error',
    'slots_',
    'slots_fully',
    'a slot_full',
    'slotss_full',
    'outside_window_',
    'outside_a window',
    'cooldown',
    'a _cooldown',
  ])('is no refusal of the kind %j', (kind) => {
    expect(meaningOfTaking(said(500, kind))).toBe('uncertain');
    expect(meaningOfTaking(said(400, kind))).toBe('failed');
  });

  it.each([
    'deadline exceeded',
    'timeout',
    'time out',
    'time-out',
    'timed out',
    'timed-out',
    'timedout',
    'context canceled',
    'context cancelled',
    'etcdserver: leader changed',
    'rpc error: code = Unavailable desc = x',
    'etcdserver: request is too large',
  ])('is no refusal if the store says %j', (value) => {
    expect(meaningOfTaking(said(400, 'failed_lock', value))).toBe('failed');
    expect(meaningOfTaking(said(400, 'failed_lock', value.toUpperCase()))).toBe('failed');
  });

  it.each(['time', 'timed', 'time.out', 'time  out', 'context', 'leader', 'unavailable', 'too large'])(
    'is a refusal if the store says %j',
    (value) => {
      expect(meaningOfTaking(said(400, 'failed_lock', value))).toBe('no');
    },
  );

  it.each([
    'a slot',
    'slots',
    'Semaphore',
    'lock',
    'locks',
    'locked',
    'locking',
    'lease',
    'held by a',
    'holder',
    'holders',
    'node down',
    'nodes down',
    'node is down',
    'too many nodes are down',
    'window',
    'cooldown',
    'reboot',
    'reboots',
    'REBOOTING',
    'drain',
    'drains',
    'drained',
    'draining',
    // Words that only look like those of a failure.
    'slot of failover-1x',
    'slot of terrors',
    'slot of backends',
    'slot of unfailed',
  ])('is a sentence about slots: %j', (value) => {
    expect(meaningOfTaking(said(503, '', value))).toBe('no');
  });

  it.each([
    '',
    'no',
    'slotted',
    'the clock is off',
    'blocked',
    'locker',
    'release',
    'held up',
    'nodes were down',
    'node  down',
    'windows',
    'rebooted',
    'drainage',
    'fail: slot',
    'fails: slot',
    'failed: slot',
    'Failure: slot',
    'error: slot',
    'errors: slot',
    'slot exception',
    'slot panic',
    'slot crash',
    'slot crashed',
    'slot crashing',
    'internal slot',
    'upstream slot',
    'slot backend',
  ])('is no sentence about slots alone: %j', (value) => {
    expect(meaningOfTaking(said(503, '', value))).toBe('uncertain');
  });
});

describe('the answer to who gives a slot back', () => {
  it.each([
    [200, '', ''],
    [202, '', ''],
    [299, '', ''],
    ...[
      'lock_held',
      'lock_not_held',
      'failed_release_not_held',
      'failed_relase_not_held',
      'failed_unlock_lock_not_held',
      'failed_release_lock_not_held',
      'not_held',
    ].map((kind): [number, string, string] => [500, kind, '']),
    [404, '', ''],
    [409, '', ''],
    [410, '', ''],
    [423, 'x', 'y'],
    [500, '', 'locked by other'],
    [500, '', 'HELD by "other"'],
    [500, '', 'it is owned by node-1.example'],
    [500, '', 'taken by node1'],
    [409, '', 'conflict, held by other'],
    [404, '', 'conflicts'],
  ])('is that there is none: %i %j %j', (status, kind, value) => {
    expect(isGivenBack(said(status, kind, value), 'node')).toBe(true);
  });

  it.each([
    [199, '', ''],
    [300, '', ''],
    [500, '', ''],
    [500, 'not_not_held', ''],
    [500, 'lock_held_long', ''],
    [500, 'xlock_held', ''],
    [500, 'failed_lock_not_held', ''],
    [403, '', ''],
    [500, '', 'locked by node'],
    [500, '', 'locked by "node"'],
    [500, '', 'blocked by other'],
    [500, '', 'unheld by other'],
    [500, '', 'held by '],
    [409, '', 'conflict'],
    [409, 'Conflict', ''],
    [410, 'x', 'a conflict here'],
  ])('is not that there is none: %i %j %j', (status, kind, value) => {
    expect(isGivenBack(said(status, kind, value), 'node')).toBe(false);
  });
});

describe('the want of a content type', () => {
  it.each([
    [415, '', ''],
    [400, '', 'missing Content-Type'],
    [422, 'content_type', ''],
    [500, '', 'unsupported media type'],
    [400, 'mime', 'type'],
    [400, 'contenttype', ''],
  ])('is heard in %i %j %j', (status, kind, value) => {
    expect(asksForContentType(said(status, kind, value))).toBe(true);
  });

  it.each([
    [400, '', 'content'],
    [400, '', 'content  type'],
    [401, '', 'content type'],
    [404, 'content_type', ''],
    [501, '', 'content type'],
    [200, '', 'content type'],
  ])('is not heard in %i %j %j', (status, kind, value) => {
    expect(asksForContentType(said(status, kind, value))).toBe(false);
  });
});
