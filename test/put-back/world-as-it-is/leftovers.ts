/** Faults that comparisons and attacks have shown beside the large ones; each with what brings it back. */
import { replace, setting, type PutBackFault } from '../fault.ts';

const OFF = { project: 'unit', test: 'test/unit/agent/switched-off.test.ts' } as const;
const START = 'src/agent/states/start-state.ts';

export const LEFTOVER_FAULTS: readonly PutBackFault[] = [
  {
    id: 'diff-5',
    fault: 'nobody knows what is booted while updates are switched off',
    changes: [
      replace(START, 'whenSwitchedOff', () => (_state, { memory }) => ({
        state: { name: 'EndState', cause: 'disabled', dueMono: Number.MAX_SAFE_INTEGER },
        memory,
      })),
    ],
    ...OFF,
    named: 'diff 5: reads the deployments',
  },
  {
    id: 'off-in-own-reboot',
    fault: 'an agent that is switched off gives back the slot with which its machine reboots',
    changes: [replace(START, 'askedInThisBoot', () => () => undefined)],
    ...OFF,
    named: 'keeps the slot when it starts anew within its own reboot',
  },
  {
    id: 'off-without-stream',
    fault: 'a report that cannot be made and is not needed fails again and again',
    changes: [
      replace(
        'src/agent/slots.ts',
        'isReportOwed',
        () =>
          ({ memory }) =>
            memory.steady.owed,
      ),
    ],
    ...OFF,
    named: 'whose address names a stream that nobody knows',
  },
  {
    id: 'diff-10-others',
    fault: 'nobody hears which deployments on disk are no update targets',
    changes: [replace(START, 'othersOnDisk', () => () => [])],
    project: 'unit',
    test: 'test/unit/agent/phrases-of-zincati.test.ts',
    named: 'diff 10: names what lies on disk',
  },
  {
    id: 'diff-10-grace',
    fault: 'the end of a grace period is not told apart from its beginning',
    changes: [
      replace(
        'src/agent/states/staged/postpone.ts',
        'afterNotice',
        (original) => (state, turn) => original({ ...state, warned: false }, turn),
      ),
    ],
    project: 'unit',
    test: 'test/unit/agent/phrases-of-zincati.test.ts',
    named: 'diff 10: tells of a grace period',
  },
  {
    id: 'diff-11-properties',
    fault: 'tools that read properties first find no such interface',
    changes: [
      replace('src/dbus/properties.ts', 'propertiesInterface', (original) => (path, exported) => ({
        ...original(path, exported),
        methods: [],
      })),
    ],
    project: 'unit',
    test: 'test/unit/dbus/link.test.ts',
    named: 'diff 11: properties of an object that has none',
  },
  {
    id: 'diff-11-talkative',
    fault: 'the argument of Moo has no name',
    changes: [
      replace('src/service/experimental.ts', 'experimentalInterface', (original) => (facts) => {
        const offered = original(facts);
        return { ...offered, methods: offered.methods.map((method) => ({ ...method, argNames: [] })) };
      }),
    ],
    project: 'integration',
    test: 'test/integration/service.test.ts',
    named: 'diff 11: has the interfaces and names',
  },
  {
    id: 'attack-a',
    fault: 'a key or token that was written in place of its path is in the journal',
    changes: [replace('src/text/shown-path.ts', 'SECRET_KEY', () => /$^/)],
    project: 'unit',
    test: 'test/unit/config/file-secrets.test.ts',
    named: 'does not repeat',
  },
  {
    id: 'attack-c',
    fault: 'a reload that is asked for while the agent starts ends it',
    changes: [replace('src/cli/early-hangup.ts', 'surviveHangup', () => () => false)],
    built: true,
    project: 'integration',
    test: 'test/integration/early-hangup.test.ts',
    named: 'attack c',
  },
  {
    id: 'attack-c-unit',
    fault: 'an agent that SIGHUP has ended stays away, since systemd takes that for a clean stop',
    changes: [setting('systemd/zincati.service', 'Service', 'RestartForceExitStatus', () => [])],
    project: 'unit',
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'attack c',
  },
  {
    id: 'attack-d',
    fault: 'whatever is wrong with the machine id, a new one is advised',
    changes: [replace('src/identity/node-uuid.ts', 'remedyFor', () => () => 'run systemd-machine-id-setup')],
    project: 'unit',
    test: 'test/unit/identity/identity.test.ts',
    named: 'attack d',
  },
  {
    id: 'attack-e',
    fault: 'a mistyped root is waited for without end',
    changes: [replace('src/daemon/configuration.ts', 'requireRoot', () => () => Promise.resolve())],
    project: 'unit',
    test: 'test/unit/daemon/await-configuration.test.ts',
    named: 'is not waited for',
  },
  {
    id: 'attack-e-remedy',
    fault: 'nobody hears what to do about a file that the agent may not read',
    changes: [replace('src/files/access-remedy.ts', 'accessRemedy', () => () => '')],
    project: 'unit',
    test: 'test/unit/daemon/await-configuration.test.ts',
    named: 'comes with what to do about it',
  },
  {
    id: 'attack-i',
    fault: 'that the drop-ins are not read is only a note beside the error about a key',
    changes: [replace('src/config/load-settings.ts', 'whyMissing', () => () => [])],
    project: 'unit',
    test: 'test/unit/config/load-settings.test.ts',
    named: 'a file in place of the directory',
  },
  {
    id: 'attack-j',
    fault: "errors of the system are told in the runtime's words",
    changes: [replace('src/errors.ts', 'reasonOf', () => (error) => String(error))],
    project: 'unit',
    test: 'test/unit/daemon/await-configuration.test.ts',
    named: 'is told so of the state folder',
  },
  {
    id: 'attack-f',
    fault: 'a socket that somebody removed is noticed only at the next look, a minute later',
    changes: [
      replace('src/files/until-gone.ts', 'watchFolder', () => () => ({
        changed: new Promise(() => undefined),
        close: () => undefined,
      })),
    ],
    project: 'unit',
    test: 'test/unit/files/until-gone.test.ts',
    named: 'attack f',
  },
  {
    id: 'attack-g',
    fault: 'after the state folder was removed a second agent can start',
    changes: [replace('src/daemon/claim-folder.ts', 'keepClaim', () => (first) => Promise.resolve(first))],
    project: 'unit',
    test: 'test/unit/daemon/claim-folder.test.ts',
    named: 'attack g',
  },
  {
    id: 'attack-l',
    fault: 'nobody hears of a drop-in that every user can change',
    changes: [replace('src/config/drop-in-entries.ts', 'notesOnMode', () => () => [])],
    project: 'unit',
    test: 'test/unit/config/drop-ins.test.ts',
    named: 'attack l',
  },
  {
    id: 'attack-l-named',
    fault: 'nobody hears that every user can change a file which the configuration names',
    changes: [replace('src/config/exposed-files.ts', 'adviceOnExposed', () => () => Promise.resolve([]))],
    project: 'unit',
    test: 'test/unit/config/exposed-files.test.ts',
    named: 'is named with its mode',
  },
  {
    id: 'row-5-release',
    fault: 'a lock server that is silent keeps a reload waiting for a minute',
    changes: [
      replace(
        'src/agent/perform.ts',
        'isInterruptible',
        () => (kind) => kind === 'wait' || kind === 'acquire-slot',
      ),
    ],
    project: 'unit',
    test: 'test/unit/agent/slots.test.ts',
    named: 'row 5: does not keep a new configuration waiting',
  },
  {
    id: 'attack-b',
    fault: 'a clean restart does not end the pause after crashes',
    changes: [
      replace(
        'src/daemon/crash-guard.ts',
        'CrashGuard.cleared',
        () =>
          function cleared() {
            return Promise.resolve();
          },
      ),
    ],
    project: 'unit',
    test: 'test/unit/daemon/crash-guard.test.ts',
    named: 'attack b',
  },
];
