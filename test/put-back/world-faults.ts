/**
 * Faults that the random worlds of test/scenarios/world.test.ts must notice by themselves, whatever other tests say.
 * `npm run put-back -- --world` puts them back one by one.
 */
import type { Edit, PutBackFault } from './fault.ts';

const STAGED = 'src/agent/transition-staged.ts';
const NEXT = 'src/agent/next-effect.ts';
const RECORD = 'src/agent/record.ts';

function world(id: string, fault: string, ...edits: Edit[]): PutBackFault {
  return {
    id,
    fault,
    edits,
    project: 'unit',
    test: 'test/scenarios/world.test.ts',
    named: 'random worlds',
  };
}

export const WORLD_FAULTS: readonly PutBackFault[] = [
  world('denylist-ignored', 'the graph is asked as if nothing were denied', {
    file: NEXT,
    find: 'denied: deniedPayloads(host, memory.record, at),',
    put: 'denied: [],',
  }),
  world('denylist-of-disk', 'only what is on disk is denied, not what the record says', {
    file: 'src/agent/denylist.ts',
    find: 'for (const denial of record.denials) if (isInForce(denial, at)) add(denial.payload);',
    put: '',
  }),
  world('denials-not-read-back', 'a restart forgets what is denied', {
    file: 'src/agent/state.ts',
    find: 'record,\n',
    put: 'record: { ...record, denials: [] },\n',
  }),
  world('rollback-unseen', 'a rollback is not noticed once its deployment is gone', {
    file: RECORD,
    find: 'for (const left of record.boots.slice(earlier + 1)) {',
    put: 'for (const left of record.boots.slice(record.boots.length)) {',
  }),
  world('verdict-ignored', 'what the strategy says does not count', {
    file: STAGED,
    find: "      const { verdict, reason, untilAt } = event.verdict;\n      if (verdict === 'allow') {",
    put: '      const { verdict, reason, untilAt } = event.verdict;\n      if (verdict !== undefined) {',
  }),
  world('not-asked-again', 'the window may have closed while the lock server was asked', {
    file: STAGED,
    find: "if (verdict === 'allow') return { state: { ...state, step: 'confirm' }, memory };",
    put: "if (verdict === 'allow') return asking(state, memory, occurrence, policy);",
  }),
  world('slot-kept', 'a slot that was lent in vain is kept', {
    file: STAGED,
    find: 'memory: { ...memory, steady: { ...memory.steady, owed: true, dueMono: 0 } },',
    put: 'memory,',
  }),
  world('slot-not-taken', 'the lock server is not asked', {
    file: STAGED,
    find: 'return policy.remoteStrategies\n',
    put: 'return policy.remoteStrategies && state.failedOnce === true\n',
  }),
  world('people-ignored', 'nobody is waited for', {
    file: STAGED,
    find: '      return event.sessions.length === 0\n',
    put: '      return event.sessions.length >= 0\n',
  }),
  world('reboot-limit-off', 'a release that does not boot is rebooted for again and again', {
    file: RECORD,
    find: 'const forGood = reboots >= MAX_REBOOTS_PER_TARGET;',
    put: 'const forGood = reboots >= 100;',
  }),
  world('asked-unrecorded', 'the next boot does not know what was asked for', {
    file: STAGED,
    find: 'const record = rebootAsked(memory.record, state.release, occurrence.at, policy.bootId);',
    put: 'const record = memory.record;',
  }),
  world(
    'reboot-without-record',
    'a reboot is asked for with a record that could not be written',
    // Both guards: with one of them left, what is noticed is an agent that goes round in circles.
    {
      file: 'src/agent/transition.ts',
      find: "return state.name === 'UpdateStaged' && state.step === 'finalize'",
      put: "return state.name === 'UpdateStaged' && state.step === 'refresh'",
    },
    {
      file: NEXT,
      find: "      if (memory.save.due) return { kind: 'save', record: memory.record };\n      return { kind: 'finalize'",
      put: "      return { kind: 'finalize'",
    },
  ),
  world('staged-uncompared', 'what is staged is taken for the own release, whatever it is', {
    file: STAGED,
    find: "if (staged.payload === undefined || !samePayload(staged.payload, release.payload)) return 'replaced';",
    put: '',
  }),
  world('overdue-unnoticed', 'a reboot that does not come is waited for without end', {
    file: 'src/agent/transition-finalized.ts',
    find: "return mono >= state.dueMono ? { state: { ...state, step: 'read' }, memory } : { state, memory };",
    put: 'return { state: { ...state, dueMono: mono + END_INTERVAL_MS }, memory };',
  }),
  world('endless-denial', 'a release that was given up once is given up for good', {
    file: RECORD,
    find: 'return at < denial.untilAt && denial.untilAt - at <= LONGEST_DENIAL_MS;',
    put: 'return true;',
  }),
  world('skip-ignored', 'what the administrator denies after it was staged is booted', {
    file: STAGED,
    find: 'isSkipped(policy.skip, state.release) || includesPayload(denied, state.release.payload)',
    put: 'includesPayload(denied, state.release.payload)',
  }),
  world('stale-staged', 'a release that is staged is never checked again', {
    file: STAGED,
    find: 'const checkIsDue = mono >= memory.check.dueMono && status.booted.payload !== undefined;',
    put: 'const checkIsDue = mono < memory.check.dueMono - Number.MAX_VALUE && status.booted.payload !== undefined;',
  }),
  world('withdrawn-kept', 'what is staged is booted although the graph has taken it back', {
    file: STAGED,
    find: "if (outcome.kind !== 'update') return { state: { ...state, step: 'discard' }, memory: next };",
    put: "if (outcome.kind !== 'update') return { state: { ...state, step: 'ask' }, memory: next };",
  }),
  world('catch-up-leak', 'with catch-up the slot is kept after the last hop', {
    file: NEXT,
    find: '          return dutyOrWait(memory, mono, memory.check.dueMono);',
    put: '          return dutyOrWait(policy.catchUp ? { ...memory, steady: { ...memory.steady, owed: false } } : memory, mono, memory.check.dueMono);',
  }),
  world('slot-of-last-life', 'a slot from before a restart is not given back', {
    file: 'src/agent/state.ts',
    find: 'steady: { owed: true, dueMono: 0, streak: undefined },',
    put: 'steady: { owed: false, dueMono: 0, streak: undefined },',
  }),
  world('sessions-fail-open', 'sessions that cannot be listed count as nobody', {
    file: STAGED,
    find: 'return postpone({ ...state, visitors: [] }, memory, mono, policy);',
    put: "return { state: { ...state, step: 'verify', visitors: [] }, memory };",
  }),
  world('clock-set-back', 'a clock that was set back makes a denial last for as long', {
    file: RECORD,
    find: ' && denial.untilAt - at <= LONGEST_DENIAL_MS',
    put: '',
  }),
];
