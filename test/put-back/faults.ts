/**
 * Faults of update agents that this one must never have (B1 to B36). Each has what brings it back, and the test that
 * fails then. `npm run put-back` does so one by one.
 *
 * Invariant: of src/ only types are imported here, since the modules under test import this one.
 */
import { constants, openSync } from 'node:fs';

import { replace, setting, shellFunction, type PutBackFault } from './fault.ts';

const CONVERGENCE = { project: 'unit', test: 'test/unit/agent/convergence.test.ts' } as const;
const CONDITION = 'src/agent/states/staged-condition.ts';

export const FAULTS: readonly PutBackFault[] = [
  {
    id: 'B1',
    fault: 'a staged deployment that somebody unlocked is refused by rpm-ostree for ever',
    changes: [
      replace(CONDITION, 'stagedCondition', (original) => (release, status) => {
        const condition = original(release, status);
        return condition === 'unlocked' ? 'locked' : condition;
      }),
      replace('src/agent/states/staged/after-refusal.ts', 'saysUnlocked', () => () => false),
    ],
    ...CONVERGENCE,
    named: 'B1: a staged deployment that somebody unlocked',
  },
  {
    id: 'B2',
    fault: 'a staged deployment that somebody dropped is finalized in vain for ever',
    changes: [
      replace(CONDITION, 'stagedCondition', (original) => (release, status) => {
        const condition = original(release, status);
        return condition === 'gone' ? 'locked' : condition;
      }),
    ],
    ...CONVERGENCE,
    named: 'B2: a staged deployment that somebody dropped',
  },
  {
    id: 'B3',
    fault: 'a staged deployment that somebody replaced is taken for the own one',
    changes: [
      replace(CONDITION, 'stagedCondition', (original) => (release, status) => {
        const condition = original(release, status);
        if (condition !== 'replaced') {
          return condition;
        }
        return status.staged?.finalizationLocked === false ? 'unlocked' : 'locked';
      }),
    ],
    ...CONVERGENCE,
    named: 'B3: a staged deployment that was replaced',
  },
  {
    id: 'B4',
    fault: 'the slot is kept when the finalization fails',
    changes: [
      replace(
        'src/agent/states/staged/owing-slot.ts',
        'owingSlot',
        () =>
          ({ memory }) =>
            memory,
      ),
    ],
    ...CONVERGENCE,
    named: 'B4: what a remote strategy lent',
  },
  {
    id: 'B5',
    fault: 'the slot is taken before anybody looks who is logged in',
    changes: [
      replace('src/agent/states/staged/step-after.ts', 'stepAfter', (original) => (passed, policy) => {
        if (!policy.hasLenders) {
          return original(passed, policy);
        }
        switch (passed) {
          case 'ask':
            return 'acquire';
          case 'acquire':
            return 'sessions';
          case 'verify':
            return 'confirm';
          default:
            return original(passed, policy);
        }
      }),
    ],
    ...CONVERGENCE,
    named: 'B5: nothing is asked of a remote strategy',
  },
  {
    id: 'B6',
    fault: 'after the reboot was asked for the agent sleeps, whether it comes or not',
    changes: [
      replace(
        'src/agent/states/update-finalized.ts',
        'rebootOverdueMono',
        () => () => Number.MAX_SAFE_INTEGER,
      ),
    ],
    ...CONVERGENCE,
    named: 'B6: a reboot that never comes',
  },
  {
    id: 'B7',
    fault: 'a release that was given up is chosen again at once',
    changes: [replace('src/agent/record.ts', 'abandon', () => (record) => record)],
    ...CONVERGENCE,
    named: 'B7: a target that always fails',
  },
  {
    id: 'B8',
    fault: 'nobody remembers what was asked for, so a finalization that fails at shutdown is a reboot loop',
    changes: [replace('src/agent/record.ts', 'rebootAsked', () => (record) => record)],
    ...CONVERGENCE,
    named: 'B8: a finalization that fails at shutdown',
  },
  {
    id: 'B9',
    fault: 'local deployments are compared with releases of the graph in a way that is never equal',
    changes: [
      replace(
        'src/agent/denylist.ts',
        'deniedPayloads',
        (original) => (_host, record, at) => original(undefined, record, at),
      ),
    ],
    ...CONVERGENCE,
    named: 'B9: a deployment on disk is denied',
  },
  {
    id: 'B10',
    fault: 'a rollback is undone as soon as its deployment is gone from the disk',
    changes: [replace('src/agent/record.ts', 'leftBehind', () => () => [])],
    ...CONVERGENCE,
    named: 'B10: a rollback sticks',
  },
  {
    id: 'B11',
    fault: 'sessions that cannot be listed count as nobody, and people are rebooted under',
    changes: [
      replace(
        'src/agent/states/staged/postpone.ts',
        'isSomebodyThere',
        (original) => (sessions) => sessions !== undefined && original(sessions),
      ),
    ],
    project: 'unit',
    test: 'test/unit/agent/grace.test.ts',
    named: 'B11',
  },
  {
    id: 'B12',
    fault: 'the wait for people begins anew whenever the window closes, so a short window never ends it',
    changes: [
      replace(
        'src/agent/grace.ts',
        'renewedGrace',
        (original) => (grace, policy) => original({ ...grace, delayLeft: Number.MAX_SAFE_INTEGER }, policy),
      ),
    ],
    ...CONVERGENCE,
    named: 'B12: the count of postponements survives',
  },
  {
    id: 'B13',
    fault: 'the strategy is asked every few minutes instead of at the edge of the window',
    changes: [replace('src/agent/rest.ts', 'askAgainAt', () => () => undefined)],
    project: 'unit',
    test: 'test/unit/strategies/periodic.test.ts',
    named: 'B13: a window of one minute a week',
  },
  {
    id: 'B14',
    fault: 'one answer that dribbles in blinds the node for half an hour',
    changes: [
      replace('src/http/http-client.ts', 'HTTP_LIMITS', (original) => ({ ...original, totalMs: 1_800_000 })),
    ],
    project: 'unit',
    test: 'test/unit/agent/pacing.test.ts',
    named: 'B14: tries a failed check again within three minutes',
  },
  {
    id: 'B15',
    fault: 'a transaction without progress is waited for without end',
    changes: [
      replace(
        'src/rpmostree/transaction.ts',
        'followTransaction',
        (original) => (connectPeer, clock, address, options, signal) =>
          original(
            connectPeer,
            clock,
            address,
            {
              ...options,
              patience: { stallLimitMs: Number.MAX_SAFE_INTEGER, silenceLimitMs: Number.MAX_SAFE_INTEGER },
            },
            signal,
          ),
      ),
    ],
    project: 'unit',
    test: 'test/unit/rpmostree/transaction.test.ts',
    named: 'B15: cancels after ten minutes without progress',
  },
  {
    id: 'B16',
    fault: 'nothing goes on before the driver is registered',
    changes: [
      replace('src/agent/states/start-state.ts', 'START_STEPS', (original) => ({
        ...original,
        register: {
          ...original.register,
          answered: (state, event, turn) =>
            event.kind === 'driver-failed'
              ? {
                  state: { ...state, step: 'rest', dueMono: turn.memory.driver.dueMono },
                  memory: turn.memory,
                }
              : original.register.answered(state, event, turn),
        },
        rest: {
          ...original.rest,
          answered: (state, event, turn) =>
            turn.memory.driver.registered
              ? original.rest.answered(state, event, turn)
              : { state: { ...state, step: 'register' }, memory: turn.memory },
        },
      })),
    ],
    ...CONVERGENCE,
    named: 'B16: a driver registration that fails for ever',
  },
  {
    id: 'B17',
    fault: '"last checked" moves although the check failed',
    changes: [
      replace('src/agent/remember.ts', 'remember', (original) => (before, event, now) => {
        const { memory, happenings } = original(before, event, now);
        return event.kind === 'check-failed'
          ? { memory: { ...memory, check: { ...memory.check, lastSuccessAt: now.at } }, happenings }
          : { memory, happenings };
      }),
    ],
    ...CONVERGENCE,
    named: 'B17: a check that fails',
  },
  {
    id: 'B18',
    fault: 'each scrape leaves a descriptor behind',
    changes: [
      replace(
        'src/metrics/unix-listener.ts',
        'listenOnUnix',
        (original) => (options) =>
          original({
            ...options,
            render: () => {
              openSync('/dev/null', 'r');
              return options.render();
            },
            serveHttp: (connection) => {
              openSync('/dev/null', 'r');
              return options.serveHttp(connection);
            },
          }),
      ),
    ],
    project: 'integration',
    test: 'test/integration/metrics-server.test.ts',
    named: 'B18: leaves no descriptor behind',
  },
  {
    id: 'B19',
    fault: 'accepting that fails is tried again without a pause worth the name',
    changes: [replace('src/metrics/keep-listening.ts', 'pauseAfter', () => () => 100)],
    project: 'unit',
    test: 'test/unit/metrics/keep-listening.test.ts',
    named: 'B19: accepting that fails at once',
  },
  {
    id: 'B20',
    fault: 'a configuration file with another ending is ignored in silence',
    changes: [replace('src/config/ignored-entry.ts', 'adviceForName', () => () => undefined)],
    project: 'unit',
    test: 'test/unit/config/drop-ins.test.ts',
    named: 'B20',
  },
  {
    id: 'B21',
    fault: 'an unknown key is ignored in silence',
    changes: [
      replace(
        'src/config/checker.ts',
        'Checker.unknown',
        () =>
          function () {
            // Nobody hears of it.
          },
      ),
    ],
    project: 'unit',
    test: 'test/unit/config/fragment.test.ts',
    named: 'B21',
  },
  {
    id: 'B22',
    fault: 'there is no way to be rid of the windows of an earlier file',
    changes: [
      replace('src/config/schema.ts', 'SCHEMA', (original) => ({
        ...original,
        'updates.periodic.reset': { ...original['updates.periodic.reset'], clears: [] },
      })),
    ],
    project: 'unit',
    test: 'test/unit/config/periodic-settings.test.ts',
    named: 'B22: add up, and `reset` drops them',
  },
  {
    id: 'B23',
    fault:
      'a window lasts until the clock on the wall shows its end, so a change of the clocks stretches or shortens it',
    changes: [
      replace('src/calendar/calendar.ts', 'spanOn', (original) => (window, day) => {
        const startMinutes = window.startMinutes + window.lengthMinutes;
        return {
          fromAt: original(window, day).fromAt,
          untilAt: original({ ...window, startMinutes }, day).fromAt,
        };
      }),
    ],
    project: 'unit',
    test: 'test/unit/calendar/brute-force.test.ts',
    named: 'B23: each minute of the nine days',
  },
  {
    id: 'B24',
    fault: 'nothing is checked until the lock server has answered',
    changes: [
      replace('src/agent/states/initialized.ts', 'INITIALIZED_STEP', (original) => ({
        ...original,
        answered: (state, event, turn) =>
          event.kind === 'release-failed'
            ? { state, memory: turn.memory }
            : original.answered(state, event, turn),
      })),
    ],
    ...CONVERGENCE,
    named: 'B24: a lock server that is down',
  },
  {
    id: 'B25',
    fault: 'zincati-update-now leaves its configuration behind, and a later update ignores the windows',
    changes: [
      shellFunction(
        'systemd/zincati-update-now',
        'ask',
        'echo updates.strategy = \\"immediate\\" >/run/zincati/config.d/99-update-now.toml; "$@"',
      ),
    ],
    project: 'integration',
    test: 'test/integration/package-update-now.test.ts',
    named: 'B25: nothing stays behind',
  },
  {
    id: 'B26',
    fault: 'an agent that cannot work ends with success, and nobody hears of it',
    changes: [replace('src/cli/exit-codes.ts', 'EXIT', (original) => ({ ...original, config: 0 }))],
    built: true,
    project: 'integration',
    test: 'test/integration/agent-bad-input.test.ts',
    named: 'ends with the code for it',
  },
  {
    id: 'B27',
    fault: 'a configuration that cannot be used leads to a restart every ten seconds, for ever',
    changes: [
      setting('systemd/zincati.service', 'Service', 'RestartPreventExitStatus', () => []),
      setting('systemd/zincati.service', 'Unit', 'StartLimitBurst', () => ['600']),
    ],
    project: 'unit',
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'B27',
  },
  {
    id: 'B28',
    fault: 'one deployment that cannot be read stops the agent',
    changes: [replace('src/rpmostree/deployment.ts', 'isIndispensable', () => () => true)],
    project: 'unit',
    test: 'test/unit/rpmostree/deployment.test.ts',
    named: 'B28: a foreign deployment',
  },
  {
    id: 'B29',
    fault: 'one malformed release in the graph fails the whole check',
    changes: [
      // With the malformed ones alone the answer is an error.
      replace('src/cincinnati/graph/select-update.ts', 'selectUpdate', (original) => (around, query) => {
        const malformed = around.candidates.filter((node) => node.problem !== undefined);
        return original(malformed.length === 0 ? around : { ...around, candidates: malformed }, query);
      }),
    ],
    project: 'unit',
    test: 'test/unit/cincinnati/graph/select-update.test.ts',
    named: 'B29',
  },
  {
    id: 'B30',
    fault: 'a booted release that is not in the graph looks like one without updates',
    changes: [
      replace('src/agent/states/polling.ts', 'afterAnswer', (original) => (state, result, turn) => {
        const { outcome } = result;
        const seen = outcome.kind === 'off-graph' ? ({ kind: 'no-update' } as const) : outcome;
        return original(state, { ...result, outcome: seen }, turn);
      }),
    ],
    ...CONVERGENCE,
    named: 'B30: a booted release that is not in the graph',
  },
  {
    id: 'B31',
    fault: 'a login notice that could not be written counts as written',
    changes: [
      replace(
        'src/host/motd.ts',
        'Motd.retry',
        () =>
          function () {
            // It counts as written.
          },
      ),
    ],
    project: 'unit',
    test: 'test/unit/host/motd.test.ts',
    named: 'B31: a notice that could not be written',
  },
  {
    id: 'B32',
    fault: 'a terminal stopped by flow control holds the agent',
    changes: [
      replace('src/host/sessions.ts', 'TERMINAL_FLAGS', (original) => original & ~constants.O_NONBLOCK),
    ],
    project: 'integration',
    test: 'test/integration/logind.test.ts',
    named: 'B32: one that is full and one that is stopped',
  },
  {
    id: 'B33',
    fault: 'a unit that hangs during boot leaves the node without an agent',
    changes: [
      setting('systemd/zincati.service', 'Unit', 'Wants', () => []),
      setting('systemd/zincati.service', 'Unit', 'Requires', () => ['boot-complete.target']),
      setting('systemd/zincati.service', 'Unit', 'After', (original) => [
        ...original,
        'multi-user.target boot-complete.target',
      ]),
    ],
    project: 'unit',
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'B33: needs and awaits nothing',
  },
  {
    id: 'B34',
    fault: 'JSON is sent without saying so',
    changes: [
      replace(
        'src/lenders/fleet-lock.ts',
        'fleetLockHeaders',
        (original) => (bearer) => original(bearer, false),
      ),
    ],
    project: 'unit',
    test: 'test/unit/lenders/fleet-lock.test.ts',
    named: 'B34, field 5: the content type',
  },
  {
    id: 'B35',
    fault: 'people are told of a reboot, and not that one by hand does not apply the update',
    changes: [
      replace(
        'src/host/notice.ts',
        'rebootNotice',
        (original) => (release, minutesLeft, at) =>
          original(release, minutesLeft, at)
            .split('\r\n')
            .filter((line) => !/by hand|finalize-deployment/.test(line))
            .join('\r\n'),
      ),
    ],
    project: 'unit',
    test: 'test/unit/host/notice.test.ts',
    named: 'B35: says that a reboot by hand',
  },
  {
    id: 'B36',
    fault: 'what failed at a start without network counts as done',
    changes: [
      replace('src/agent/remember.ts', 'remember', (original) => (before, event, now) => {
        const { memory, happenings } = original(before, event, now);
        switch (event.kind) {
          case 'driver-failed':
            return { memory: { ...memory, driver: { ...memory.driver, registered: true } }, happenings };
          case 'release-failed':
            return { memory: { ...memory, steady: { ...memory.steady, owed: false } }, happenings };
          default:
            return { memory, happenings };
        }
      }),
    ],
    ...CONVERGENCE,
    named: 'B36: a start without network',
  },
];

/** For faults that are the same in another test. */
export function changesOf(id: string): PutBackFault['changes'] {
  return FAULTS.find((fault) => fault.id === id)?.changes ?? [];
}
