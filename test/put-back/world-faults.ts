/**
 * Faults that the random worlds of test/scenarios/world.test.ts must notice by themselves, whatever other tests say.
 * `npm run put-back -- --world` puts them back one by one.
 *
 * Invariant: of src/ only types are imported here, since the modules under test import this one.
 */
import { edit, replace, type PutBackFault } from './fault.ts';
import { changesOf } from './faults.ts';

const STAGED = 'src/agent/transition-staged.ts';
const NEXT = 'src/agent/next-effect.ts';
const RECORD = 'src/agent/record.ts';
const STATE = 'src/agent/state.ts';

function world(id: string, fault: string, ...changes: PutBackFault['changes']): PutBackFault {
  return {
    id,
    fault,
    changes,
    project: 'unit',
    test: 'test/scenarios/world.test.ts',
    named: 'random worlds',
  };
}

export const WORLD_FAULTS: readonly PutBackFault[] = [
  world(
    'denylist-ignored',
    'the graph is asked as if nothing were denied',
    edit(NEXT, 'denied: deniedPayloads(host, memory.record, at),', 'denied: [],'),
  ),
  world(
    'denylist-of-disk',
    'only what is on disk is denied, not what the record says',
    replace(
      'src/agent/denylist.ts',
      'deniedPayloads',
      (original) => (host, record, at) => original(host, { ...record, denials: [] }, at),
    ),
  ),
  world(
    'denials-not-read-back',
    'a restart forgets what is denied',
    replace(STATE, 'initialModel', (original) => (record) => original(record && { ...record, denials: [] })),
  ),
  world('rollback-unseen', 'a rollback is not noticed once its deployment is gone', ...changesOf('B10')),
  world(
    'verdict-ignored',
    'what the strategy says does not count',
    edit(
      STAGED,
      "      const { verdict, reason, untilAt } = event.verdict;\n      if (verdict === 'allow') {\n        return state",
      '      const { verdict, reason, untilAt } = event.verdict;\n      if (verdict !== undefined) {\n        return state',
    ),
  ),
  world(
    'not-asked-again',
    'the window may have closed while the lock server was asked',
    edit(
      STAGED,
      "return { state: { ...state, step: 'confirm' }, memory };",
      'return asking(state, memory, occurrence, policy);',
    ),
  ),
  world('slot-kept', 'a slot that was lent in vain is kept', ...changesOf('B4')),
  world(
    'slot-not-taken',
    'the lock server is not asked',
    edit(
      STAGED,
      'return policy.remoteStrategies\n',
      'return policy.remoteStrategies && state.failedOnce === true\n',
    ),
  ),
  world(
    'people-ignored',
    'nobody is waited for',
    edit(STAGED, '      return event.sessions.length === 0\n', '      return event.sessions.length >= 0\n'),
  ),
  world(
    'reboot-limit-off',
    'a release that does not boot is rebooted for again and again',
    replace(RECORD, 'MAX_REBOOTS_PER_TARGET', () => 100),
  ),
  world('asked-unrecorded', 'the next boot does not know what was asked for', ...changesOf('B8')),
  world(
    'reboot-without-record',
    'a reboot is asked for with a record that could not be written',
    // Both guards: with one of them left, what is noticed is an agent that goes round in circles.
    edit(
      'src/agent/transition.ts',
      "return state.name === 'UpdateStaged' && state.step === 'finalize'",
      "return state.name === 'UpdateStaged' && state.step === 'refresh'",
    ),
    edit(
      NEXT,
      "      if (memory.save.due) {\n        return { kind: 'save', record: memory.record };\n      }\n      return { kind: 'finalize'",
      "      return { kind: 'finalize'",
    ),
  ),
  world(
    'staged-uncompared',
    'what is staged is taken for the own release, whatever it is',
    ...changesOf('B3'),
  ),
  world('overdue-unnoticed', 'a reboot that does not come is waited for without end', ...changesOf('B6')),
  world(
    'endless-denial',
    'a release that was given up once is given up for good',
    replace(RECORD, 'isInForce', () => () => true),
  ),
  world(
    'skip-ignored',
    'what the administrator denies after it was staged is booted',
    edit(
      STAGED,
      'isSkipped(policy.skip, state.release) || includesPayload(denied, state.release.payload)',
      'includesPayload(denied, state.release.payload)',
    ),
  ),
  world(
    'stale-staged',
    'a release that is staged is never checked again',
    edit(
      STAGED,
      'const checkIsDue = mono >= memory.check.dueMono && status.booted.payload !== undefined;',
      'const checkIsDue = mono < memory.check.dueMono - Number.MAX_VALUE && status.booted.payload !== undefined;',
    ),
  ),
  world(
    'withdrawn-kept',
    'what is staged is booted although the graph has taken it back',
    edit(
      STAGED,
      "if (outcome.kind !== 'update') {\n        return { state: { ...state, step: 'discard' }, memory: next };",
      "if (outcome.kind !== 'update') {\n        return { state: { ...state, step: 'ask' }, memory: next };",
    ),
  ),
  world(
    'catch-up-leak',
    'with catch-up the slot is kept after the last hop',
    edit(
      NEXT,
      '          return dutyOrWait(memory, mono, memory.check.dueMono);',
      '          return dutyOrWait(policy.catchUp ? { ...memory, steady: { ...memory.steady, owed: false } } : memory, mono, memory.check.dueMono);',
    ),
  ),
  world(
    'slot-of-last-life',
    'a slot from before a restart is not given back',
    replace(STATE, 'initialModel', (original) => (record) => {
      const model = original(record);
      const { memory } = model;
      return { ...model, memory: { ...memory, steady: { ...memory.steady, owed: false } } };
    }),
  ),
  world('sessions-fail-open', 'sessions that cannot be listed count as nobody', ...changesOf('B11')),
  world(
    'clock-set-back',
    'a clock that was set back makes a denial last for as long',
    replace(RECORD, 'isInForce', () => (denial, at) => denial.untilAt === undefined || at < denial.untilAt),
  ),
];
