/**
 * What the real rpm-ostree showed (R1 to R11, P1 to P4), and what an attacker did with staged deployments (F6, F9).
 *
 * Invariant: of src/ only types are imported here, since the modules under test import this one.
 */
import { replace, type PutBackFault } from '../fault.ts';

const WHOSE = { project: 'unit', test: 'test/unit/agent/staged-by-whom.test.ts' } as const;
const TRANSACTION = { project: 'unit', test: 'test/unit/rpmostree/transaction.test.ts' } as const;
const LOCK = { project: 'unit', test: 'test/unit/rpmostree/staged-lock.test.ts' } as const;
const DRIVER = { project: 'integration', test: 'test/integration/rpm-ostree.test.ts' } as const;

export const RPM_OSTREE_FAULTS: readonly PutBackFault[] = [
  {
    id: 'R1-lock',
    fault: 'only the deployment dictionary is asked for the lock, which new daemons do not put there',
    changes: [replace('src/rpmostree/staged-lock.ts', 'readStagedLock', () => async () => undefined)],
    ...LOCK,
    named: 'is read from the file of the staged deployment',
  },
  {
    id: 'R1-stamp',
    fault: 'the cached status does not notice that the lock is gone',
    changes: [replace('src/rpmostree/staged-lock.ts', 'stagedLockStamp', () => async () => '')],
    ...DRIVER,
    named: 'R1: notices an unlock that touches the file of the staged deployment alone',
  },
  {
    id: 'R1-refusal',
    fault: 'a refusal as unlocked is retried for ever where the deployments say nothing of it',
    changes: [replace('src/agent/states/staged/after-refusal.ts', 'saysUnlocked', () => () => false)],
    project: 'unit',
    test: 'test/unit/agent/convergence.test.ts',
    named: 'R1: a refusal as unlocked counts as unlocked',
  },
  {
    id: 'R3-killed',
    fault: 'a release that failed its check is booted, because the agent was killed before it heard of it',
    changes: [replace('src/agent/record.ts', 'stageBegun', () => (record) => record)],
    project: 'unit',
    test: 'test/unit/agent/convergence.test.ts',
    named: 'R3-killed: also drops it',
  },
  {
    id: 'R3-killed-no-lock-told',
    fault: 'the same, where nobody can say whether it is locked',
    changes: [replace('src/agent/record.ts', 'isStagingUnfinished', () => () => false)],
    project: 'unit',
    test: 'test/unit/agent/convergence.test.ts',
    named: 'R3-killed: leaves it alone',
  },
  {
    id: 'R3-killed-process',
    fault: 'the same, with the real agent',
    changes: [replace('src/agent/states/available/selected.ts', 'hasSucceeded', () => () => true)],
    built: true,
    project: 'integration',
    test: 'test/integration/killed-staging.test.ts',
    named: 'R3: an agent that is killed',
  },
  {
    id: 'R2-locked',
    fault: 'a locked leftover counts as staged by somebody, and every later release waits',
    changes: [
      replace('src/agent/states/back-to-polling.ts', 'foreignStaged', (original) => (memory) => {
        const { host } = memory;
        const staged = host?.staged === undefined ? undefined : { ...host.staged, finalizationLocked: false };
        return original({ ...memory, host: host && { ...host, staged } });
      }),
    ],
    ...WHOSE,
    named: 'is ours to replace when it is locked, whoever left it',
  },
  {
    id: 'rollback-1',
    fault: 'a rollback that a person has not rebooted into yet is undone by the next release',
    changes: [
      replace(
        'src/agent/states/back-to-polling.ts',
        'foreignStaged',
        (original) => (memory) => (memory.host?.staged === undefined ? undefined : original(memory)),
      ),
    ],
    ...WHOSE,
    named: 'rollback-1: is no longer replaced',
  },
  {
    id: 'R2-told',
    fault: 'a pending deployment of somebody else stops updates, and health is OK',
    changes: [replace('src/agent/health.ts', 'ofForeign', () => () => [])],
    ...WHOSE,
    named: 'is told in log, status and health while it is not locked, and once',
  },
  {
    id: 'P2',
    fault: 'what a package change has unlocked is asked for as if it were locked, and refused for ever',
    changes: [
      replace('src/agent/states/staged-condition.ts', 'stagedCondition', (original) => (release, status) => {
        const condition = original(release, status);
        return condition === 'unlocked' ? 'locked' : condition;
      }),
    ],
    ...WHOSE,
    named: 'P2: a package change',
  },
  {
    id: 'P3',
    fault: 'a package change that waits for its reboot stops updates, and nobody hears of it',
    changes: [replace('src/agent/health.ts', 'ofForeign', () => () => [])],
    ...WHOSE,
    named: 'P3: a package change',
  },
  {
    id: 'R3-driver',
    fault: 'a release that failed its check after staging stays staged',
    changes: [replace('src/rpmostree/client.ts', 'isLeftover', () => () => false)],
    ...DRIVER,
    named: 'R3: a release that fails its check after it was staged',
  },
  {
    id: 'R3-later',
    fault: 'what a failed attempt left staged is taken over, and booted',
    changes: [replace('src/agent/states/available/selected.ts', 'hasSucceeded', () => () => true)],
    ...WHOSE,
    named: 'is dropped and staged anew, never booted',
  },
  {
    id: 'R3-no-lock-told',
    fault: 'what a failed attempt left staged is booted where nobody can say whether it is locked',
    changes: [replace('src/agent/record.ts', 'hasFailedStaging', () => () => false)],
    ...WHOSE,
    named: 'is left alone where nobody can say whether it is locked',
  },
  {
    id: 'R11',
    fault: 'what an agent left staged that was killed before it heard of the failure is booted',
    changes: [replace('src/agent/states/available/selected.ts', 'hasSucceeded', () => () => true)],
    ...WHOSE,
    named: 'R11: is staged anew by an agent that did not see how staging it ended',
  },
  {
    id: 'R4-layer',
    fault: 'a layer that takes longer than ten minutes is cancelled, and starts from zero',
    changes: [
      replace(
        'src/rpmostree/transaction.ts',
        'quietLimitMs',
        (original) => (patience) => original(patience, true),
      ),
    ],
    ...TRANSACTION,
    named: 'R4: waits for hours after',
  },
  {
    id: 'R4-layers',
    fault: 'no metric moves while an image is downloaded',
    changes: [replace('src/rpmostree/progress.ts', 'LayerCount.taken', () => (_signal, told) => told)],
    ...TRANSACTION,
    named: 'R4: counts the layers of an image',
  },
  {
    id: 'R5',
    fault: 'a cancelled transaction is left behind while its server is silent, and the next one is refused',
    changes: [replace('src/rpmostree/transaction.ts', 'CANCEL_LIMIT_MS', () => 10_000)],
    ...TRANSACTION,
    named: 'R5: gives a cancelled transaction longer',
  },
  {
    id: 'R8',
    fault: 'packages that were installed from files are not among the layered ones',
    changes: [replace('src/rpmostree/deployment.ts', 'LAYERED_BY', () => ['packages'])],
    project: 'unit',
    test: 'test/unit/rpmostree/deployment.test.ts',
    named: 'R8: names packages that were installed from files',
  },
  {
    id: 'R9',
    fault: 'the status line counts failed attempts without a reason',
    changes: [replace('src/report/status-text.ts', 'because', () => () => '')],
    ...WHOSE,
    named: 'has the reason of the last failed attempt',
  },
  {
    id: 'F6-machine',
    fault: 'what an administrator stages while the graph is fetched is staged over',
    changes: [replace('src/agent/same-staged.ts', 'sameStaged', () => () => true)],
    ...WHOSE,
    named: 'is not staged over when it came while the graph was fetched',
  },
  {
    id: 'F6-driver',
    fault: 'what an administrator staged in place of a withdrawn release is dropped',
    changes: [replace('src/agent/same-staged.ts', 'sameStaged', () => () => true)],
    ...DRIVER,
    named: 'is not dropped by a caller that knew of something else',
  },
  {
    id: 'F9',
    fault: 'an agent that starts while its reboot is under way gives the slot back and forgets that it asked',
    changes: [replace('src/agent/states/start-state.ts', 'askedInThisBoot', () => () => undefined)],
    ...WHOSE,
    named: 'is waited for by an agent that starts anew',
  },
  {
    id: 'R10-base',
    fault: 'what a rollback has put first is not seen, and the new deployment follows its weaker reference',
    changes: [
      replace(
        'src/rpmostree/status-reader.ts',
        'baseOf',
        () =>
          ({ booted, staged }) =>
            staged ?? booted,
      ),
    ],
    ...DRIVER,
    named: 'R10: keeps the signature scheme where a rollback has put a deployment with a weaker one first',
  },
];
