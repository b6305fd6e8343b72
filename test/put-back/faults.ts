/**
 * Faults of update agents that this one must never have (B1 to B36), each as the edit that brings it back, and the test
 * that fails then. `npm run put-back` does so one by one.
 */
import type { PutBackFault } from './fault.ts';

const CONVERGENCE = { project: 'unit', test: 'test/unit/agent/convergence.test.ts' } as const;
const STAGED = 'src/agent/transition-staged.ts';

export const FAULTS: readonly PutBackFault[] = [
  {
    id: 'B1',
    fault: 'a staged deployment that somebody unlocked is refused by rpm-ostree for ever',
    edits: [
      {
        file: STAGED,
        find: "return staged.finalizationLocked === false ? 'unlocked' : 'locked';",
        put: "return 'locked';",
      },
    ],
    ...CONVERGENCE,
    named: 'B1: a staged deployment that somebody unlocked',
  },
  {
    id: 'B2',
    fault: 'a staged deployment that somebody dropped is finalized in vain for ever',
    edits: [
      {
        file: STAGED,
        find: "if (staged === undefined) return 'gone';",
        put: "if (staged === undefined) return 'locked';",
      },
    ],
    ...CONVERGENCE,
    named: 'B2: a staged deployment that somebody dropped',
  },
  {
    id: 'B3',
    fault: 'a staged deployment that somebody replaced is taken for the own one',
    edits: [
      {
        file: STAGED,
        find: "if (staged.payload === undefined || !samePayload(staged.payload, release.payload)) return 'replaced';",
        put: '',
      },
    ],
    ...CONVERGENCE,
    named: 'B3: a staged deployment that was replaced',
  },
  {
    id: 'B4',
    fault: 'the slot is kept when the finalization fails',
    edits: [
      {
        file: STAGED,
        find: 'memory: { ...memory, steady: { ...memory.steady, owed: true, dueMono: 0 } },',
        put: 'memory,',
      },
    ],
    ...CONVERGENCE,
    named: 'B4: what a remote strategy lent',
  },
  {
    id: 'B5',
    fault: 'the slot is taken before anybody looks who is logged in',
    edits: [
      {
        file: STAGED,
        find: ": { state: { ...state, step: 'sessions' }, memory };",
        put: ": { state: { ...state, step: 'acquire' }, memory };",
      },
      {
        file: STAGED,
        find: "if (verdict === 'allow') return { state: { ...state, step: 'confirm' }, memory };",
        put: "if (verdict === 'allow') return { state: { ...state, step: 'sessions' }, memory };",
      },
    ],
    ...CONVERGENCE,
    named: 'B5: nothing is asked of a remote strategy',
  },
  {
    id: 'B6',
    fault: 'after the reboot was asked for the agent sleeps, whether it comes or not',
    edits: [
      {
        file: 'src/agent/transition-finalized.ts',
        find: "return mono >= state.dueMono ? { state: { ...state, step: 'read' }, memory } : { state, memory };",
        put: 'return { state: { ...state, dueMono: mono + END_INTERVAL_MS }, memory };',
      },
    ],
    ...CONVERGENCE,
    named: 'B6: a reboot that never comes',
  },
  {
    id: 'B7',
    fault: 'a release that was given up is chosen again at once',
    edits: [
      {
        file: 'src/agent/transition-available.ts',
        find: 'return pollNow(recorded(memory, abandon(memory.record, state.release, at)));',
        put: 'return pollNow(memory);',
      },
    ],
    ...CONVERGENCE,
    named: 'B7: a target that always fails',
  },
  {
    id: 'B8',
    fault: 'nobody remembers what was asked for, so a finalization that fails at shutdown is a reboot loop',
    edits: [
      {
        file: STAGED,
        find: 'const record = rebootAsked(memory.record, state.release, occurrence.at, policy.bootId);',
        put: 'const record = memory.record;',
      },
    ],
    ...CONVERGENCE,
    named: 'B8: a finalization that fails at shutdown',
  },
  {
    id: 'B9',
    fault: 'local deployments are compared with releases of the graph in a way that is never equal',
    edits: [
      {
        file: 'src/agent/denylist.ts',
        find: 'if (!deployment.staged) add(deployment.payload);',
        put: "if (!deployment.staged && 'ageIndex' in deployment) add(deployment.payload);",
      },
    ],
    ...CONVERGENCE,
    named: 'B9: a deployment on disk is denied',
  },
  {
    id: 'B10',
    fault: 'a rollback is undone as soon as its deployment is gone from the disk',
    edits: [
      {
        file: 'src/agent/record.ts',
        find: 'for (const left of record.boots.slice(earlier + 1)) {',
        put: 'for (const left of record.boots.slice(record.boots.length)) {',
      },
    ],
    ...CONVERGENCE,
    named: 'B10: a rollback sticks',
  },
  {
    id: 'B11',
    fault: 'sessions that cannot be listed count as nobody, and people are rebooted under',
    edits: [
      {
        file: STAGED,
        find: 'return postpone({ ...state, visitors: [] }, memory, mono, policy);',
        put: "return { state: { ...state, step: 'verify', visitors: [] }, memory };",
      },
    ],
    project: 'unit',
    test: 'test/unit/agent/grace.test.ts',
    named: 'B11',
  },
  {
    id: 'B12',
    fault: 'the wait for people begins anew whenever the window closes, so a short window never ends it',
    edits: [
      {
        file: STAGED,
        find: 'import { isGraceOver, renewedGrace, spentGrace, wantsNotice }',
        put: 'import { isGraceOver, newGrace, spentGrace, wantsNotice }',
      },
      {
        file: STAGED,
        find: '{ ...state, ...renewedGrace(state, policy.sessions) },',
        put: '{ ...state, ...newGrace(policy.sessions) },',
      },
    ],
    ...CONVERGENCE,
    named: 'B12: the count of postponements survives',
  },
  {
    id: 'B13',
    fault: 'the strategy is asked every few minutes instead of at the edge of the window',
    edits: [
      {
        file: 'src/agent/next-effect.ts',
        find: 'return dutyOrWait(memory, now.mono, state.dueMono, untilAt);',
        put: 'return dutyOrWait(memory, now.mono, state.dueMono);',
      },
    ],
    project: 'unit',
    test: 'test/unit/strategies/periodic.test.ts',
    named: 'B13: a window of one minute a week',
  },
  {
    id: 'B14',
    fault: 'one answer that dribbles in blinds the node for half an hour',
    edits: [{ file: 'src/http/http-client.ts', find: 'totalMs: 2 * MINUTE_MS,', put: 'totalMs: 1_800_000,' }],
    project: 'unit',
    test: 'test/unit/agent/pacing.test.ts',
    named: 'B14: tries a failed check again within three minutes',
  },
  {
    id: 'B15',
    fault: 'a transaction without progress is waited for without end',
    edits: [
      {
        file: 'src/rpmostree/transaction.ts',
        find: 'if (stallLimitMs !== undefined) waits.push(this.#whenStalled(stallLimitMs, stop.signal));',
        put: '',
      },
    ],
    project: 'unit',
    test: 'test/unit/rpmostree/transaction.test.ts',
    named: 'B15: cancels after ten minutes without progress',
  },
  {
    id: 'B16',
    fault: 'nothing goes on before the driver is registered',
    edits: [
      {
        file: 'src/agent/transition-start.ts',
        find: `    default:
      return { state: { ...state, step: 'read' }, memory };`,
        put: `    case 'driver-failed':
      return { state: { ...state, step: 'rest', dueMono: memory.driver.dueMono }, memory };
    default:
      return { state: { ...state, step: memory.driver.registered ? 'read' : 'register' }, memory };`,
      },
    ],
    ...CONVERGENCE,
    named: 'B16: a driver registration that fails for ever',
  },
  {
    id: 'B17',
    fault: '"last checked" moves although the check failed',
    edits: [
      {
        file: 'src/agent/remember.ts',
        find: `          lastAttemptAt: at,
          streak: lengthened(memory.check.streak, event.failure.kind, at),`,
        put: `          lastAttemptAt: at,
          lastSuccessAt: at,
          streak: lengthened(memory.check.streak, event.failure.kind, at),`,
      },
    ],
    ...CONVERGENCE,
    named: 'B17: a check that fails',
  },
  {
    id: 'B18',
    fault: 'each scrape leaves a descriptor behind',
    edits: [
      {
        file: 'src/metrics/unix-listener.ts',
        find: "import { connect, createServer, type Server, type Socket } from 'node:net';",
        put: "import { openSync } from 'node:fs';\nimport { connect, createServer, type Server, type Socket } from 'node:net';",
      },
      {
        file: 'src/metrics/unix-listener.ts',
        find: '    connections.add(connection);',
        put: "    connections.add(connection);\n    openSync('/dev/null');",
      },
    ],
    project: 'integration',
    test: 'test/integration/metrics-server.test.ts',
    named: 'B18: leaves no descriptor behind',
  },
  {
    id: 'B19',
    fault: 'accepting that fails is tried again without a pause worth the name',
    edits: [
      {
        file: 'src/metrics/keep-listening.ts',
        find: 'pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);',
        put: 'pauseMs = 100;',
      },
    ],
    project: 'unit',
    test: 'test/unit/metrics/keep-listening.test.ts',
    named: 'B19: accepting that fails at once',
  },
  {
    id: 'B20',
    fault: 'a configuration file with another ending is ignored in silence',
    edits: [
      {
        file: 'src/config/drop-ins.ts',
        find: 'if (advice !== undefined) warnings.push(advice);',
        put: 'void advice;',
      },
    ],
    project: 'unit',
    test: 'test/unit/config/drop-ins.test.ts',
    named: 'B20',
  },
  {
    id: 'B21',
    fault: 'an unknown key is ignored in silence',
    edits: [
      {
        file: 'src/config/fragment.ts',
        find: '(key) => unknownKey(file, key),',
        put: '() => file,',
      },
    ],
    project: 'unit',
    test: 'test/unit/config/fragment.test.ts',
    named: 'B21',
  },
  {
    id: 'B22',
    fault: 'there is no way to be rid of the windows of an earlier file',
    edits: [{ file: 'src/config/merge.ts', find: '    clear(fragment, values, origins);\n', put: '' }],
    project: 'unit',
    test: 'test/unit/config/periodic-settings.test.ts',
    named: 'B22: add up, and `reset` drops them',
  },
  {
    id: 'B23',
    fault:
      'a window lasts until the clock on the wall shows its end, so a change of the clocks stretches or shortens it',
    edits: [
      {
        file: 'src/calendar/calendar.ts',
        find: 'const closes = opens + window.lengthMinutes * MINUTE_MS;',
        put: 'const closes = openingInstant(window.zone, day * DAY_MS + (window.startMinutes + window.lengthMinutes) * MINUTE_MS);',
      },
    ],
    project: 'unit',
    test: 'test/unit/calendar/brute-force.test.ts',
    named: 'B23: each minute of the nine days',
  },
  {
    id: 'B24',
    fault: 'nothing is checked until the lock server has answered',
    edits: [
      {
        file: 'src/agent/transition.ts',
        find: "      return { state: { name: 'ReportedSteady', step: 'refresh' }, memory };",
        put: "      return occurrence.event.kind === 'steady-failed' ? { state, memory } : { state: { name: 'ReportedSteady', step: 'refresh' }, memory };",
      },
    ],
    ...CONVERGENCE,
    named: 'B24: a lock server that is down',
  },
  {
    id: 'B25',
    fault: 'zincati-update-now leaves its configuration behind, and a later update ignores the windows',
    edits: [{ file: 'systemd/zincati-update-now', find: '  rm -f -- "$DROP_IN"', put: '  :' }],
    project: 'system',
    test: 'test/system/host.test.ts',
    named: 'B25: goes back to the usual configuration',
  },
  {
    id: 'B26',
    fault: 'an agent that cannot work ends with success, and nobody hears of it',
    edits: [{ file: 'src/cli/exit-codes.ts', find: 'config: 78,', put: 'config: 0,' }],
    project: 'unit',
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'B26: no exit of its own accord',
  },
  {
    id: 'B27',
    fault: 'a configuration that cannot be used leads to a restart every ten seconds, for ever',
    edits: [
      { file: 'systemd/zincati.service', find: 'RestartPreventExitStatus=78 2\n', put: '' },
      { file: 'systemd/zincati.service', find: 'StartLimitBurst=60\n', put: 'StartLimitBurst=600\n' },
    ],
    project: 'unit',
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'B27',
  },
  {
    id: 'B28',
    fault: 'one deployment that cannot be read stops the agent',
    edits: [
      {
        file: 'src/rpmostree/deployment.ts',
        find: "if (lookup(item)?.('booted') === true) throw error;",
        put: 'throw error;',
      },
    ],
    project: 'unit',
    test: 'test/unit/rpmostree/deployment.test.ts',
    named: 'B28: a foreign deployment',
  },
  {
    id: 'B29',
    fault: 'one malformed release in the graph fails the whole check',
    edits: [
      {
        file: 'src/cincinnati/graph/select-update.ts',
        find: "      faults.push(`ignored an update target: ${problem ?? 'it cannot be read'}`);\n      continue;",
        put: "      throw new CincinnatiError('client_failed_node_parsing', problem ?? 'it cannot be read');",
      },
    ],
    project: 'unit',
    test: 'test/unit/cincinnati/graph/select-update.test.ts',
    named: 'B29',
  },
  {
    id: 'B30',
    fault: 'a booted release that is not in the graph looks like one without updates',
    edits: [
      {
        file: 'src/agent/transition-polling.ts',
        find: '      return { state: offGraph(state, occurrence.at), memory: next };',
        put: "      return { state: { name: 'NoNewUpdate', step: 'rest' }, memory: next };",
      },
    ],
    ...CONVERGENCE,
    named: 'B30: a booted release that is not in the graph',
  },
  {
    id: 'B31',
    fault: 'a login notice that could not be written counts as written',
    edits: [
      {
        file: 'src/host/motd.ts',
        find: '      this.#troubled = true;\n',
        put: '      this.#troubled = true;\n      this.#shown.set(notice, text);\n',
      },
    ],
    project: 'unit',
    test: 'test/unit/host/motd.test.ts',
    named: 'B31: a notice that could not be written',
  },
  {
    id: 'B32',
    fault: 'a terminal stopped by flow control holds the agent',
    edits: [
      {
        file: 'src/host/sessions.ts',
        find: 'constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK,',
        put: 'constants.O_WRONLY | constants.O_NOCTTY,',
      },
    ],
    project: 'integration',
    test: 'test/integration/logind.test.ts',
    named: 'B32: one that is full and one that is stopped',
  },
  {
    id: 'B33',
    fault: 'a unit that hangs during boot leaves the node without an agent',
    edits: [
      {
        file: 'systemd/zincati.service',
        find: 'Wants=boot-complete.target\n',
        put: 'Requires=boot-complete.target\nAfter=multi-user.target boot-complete.target\n',
      },
    ],
    project: 'unit',
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'B33: needs and awaits nothing',
  },
  {
    id: 'B34',
    fault: 'JSON is sent without saying so',
    edits: [
      {
        file: 'src/lenders/fleet-lock.ts',
        find: "          'content-type': 'application/json',\n",
        put: '',
      },
    ],
    project: 'unit',
    test: 'test/unit/lenders/fleet-lock.test.ts',
    named: 'B34: says what it is',
  },
  {
    id: 'B35',
    fault: 'people are told of a reboot, and not that one by hand does not apply the update',
    edits: [
      {
        file: 'src/host/notice.ts',
        find: "    'A reboot by hand before that does not apply the update. This does, as root:',\n    '    rpm-ostree finalize-deployment --allow-missing-checksum',\n",
        put: '',
      },
    ],
    project: 'unit',
    test: 'test/unit/host/notice.test.ts',
    named: 'B35: says that a reboot by hand',
  },
  {
    id: 'B36',
    fault: 'what failed at a start without network counts as done',
    edits: [
      {
        file: 'src/agent/remember.ts',
        find: 'driver: { registered: false, dueMono: mono + driverRetryMs(streak.count), streak },',
        put: 'driver: { registered: true, dueMono: mono + driverRetryMs(streak.count), streak },',
      },
      {
        file: 'src/agent/remember.ts',
        find: 'steady: { owed: true, dueMono, streak } };',
        put: 'steady: { owed: false, dueMono, streak } };',
      },
    ],
    ...CONVERGENCE,
    named: 'B36: a start without network',
  },
];
