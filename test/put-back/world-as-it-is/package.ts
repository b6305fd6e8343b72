/** Faults of the package and of what root runs, which an attacker and the real rpm-ostree have shown. */
import { setting, shellFunction, shellVariable, type PutBackFault } from '../fault.ts';

const SCRIPT = 'systemd/zincati-update-now';
const UPDATE_NOW = { project: 'integration', test: 'test/integration/package-update-now.test.ts' } as const;

export const PACKAGE_FAULTS: readonly PutBackFault[] = [
  {
    id: 'F1',
    fault: 'zincati-update-now follows as root what an unprivileged user has planted',
    changes: [shellFunction(SCRIPT, 'ask', ': >/run/zincati/override-interactive-check; "$@"')],
    ...UPDATE_NOW,
    named: 'F1: root touches nothing that others can plant',
  },
  {
    id: 'F16',
    fault: "any user's lock on the script keeps root from updating",
    changes: [shellFunction(SCRIPT, 'ask', 'exec 9<"$0" && flock --nonblock 9 && "$@"')],
    ...UPDATE_NOW,
    named: 'F16: nobody but root can keep root out',
  },
  {
    id: 'R6',
    fault: 'zincati-update-now restarts the unit into the shutdown that ends it',
    changes: [shellFunction(SCRIPT, 'ask', 'systemctl restart zincati.service; "$@"')],
    ...UPDATE_NOW,
    named: 'R6: the agent is not restarted into a shutdown',
  },
  {
    id: 'B25-killed',
    fault: 'zincati-update-now is ended, and what it has started reboots the node all the same',
    changes: [shellFunction(SCRIPT, 'ask', '"$@"')],
    ...UPDATE_NOW,
    named: 'B25: nothing stays behind',
  },
  {
    id: 'P1',
    fault: 'rpm-ostree lays out the files first, and a host without Zincati gets an agent that never starts',
    changes: [
      shellFunction(
        'packaging/zincati-ng.spec',
        'is_zincatis',
        '[ -e /usr/lib/systemd/system/zincati.service ]',
      ),
    ],
    project: 'integration',
    test: 'test/integration/package-scriptlets.test.ts',
    named: 'a host without Zincati gets an agent that is enabled',
  },
  {
    id: 'R7',
    fault: 'a Node that is too old is started all the same, and dies on an option that it does not know',
    changes: [shellVariable('systemd/zincati', 'oldest', '20')],
    project: 'integration',
    test: 'test/integration/node-version.test.ts',
    named: 'R7: refuses',
  },
  {
    id: 'P4',
    fault: 'a new version of the package waits for a reboot of which the page says nothing',
    changes: [
      {
        kind: 'file',
        file: 'docs/install.md',
        change: (text) => text.replaceAll(' && systemctl reboot', ''),
      },
    ],
    project: 'unit',
    test: 'test/unit/docs/package-doc.test.ts',
    named: 'P4: each command',
  },
  {
    id: 'field-22',
    fault: 'systemd may not start the program on a host with SELinux',
    changes: [
      setting('systemd/zincati.service', 'Service', 'ExecStart', () => [
        '/usr/lib/zincati/program/node /usr/lib/zincati/program/zincati.cjs agent',
      ]),
    ],
    project: 'unit',
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'field 22',
  },
];
