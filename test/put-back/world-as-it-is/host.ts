/**
 * Faults of what the agent believes about its host, as buses, an attacker and operators have shown them.
 *
 * Invariant: of src/ nothing is imported here, since the modules under test import this one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { replace, type PutBackFault } from '../fault.ts';

const ABSENT_SERVICE = { project: 'integration', test: 'test/integration/absent-service.test.ts' } as const;

export const HOST_FAULTS: readonly PutBackFault[] = [
  {
    id: 'ssh-tty',
    fault: 'people over ssh are not waited for where logind knows no terminals',
    changes: [replace('src/host/ssh-terminals.ts', 'terminalsOf', () => () => Promise.resolve([]))],
    project: 'unit',
    test: 'test/unit/host/sessions.test.ts',
    named: 'each of them counts',
  },
  {
    id: 'ssh-tty-old',
    fault: 'the console of a container is the terminal of whoever runs a command over ssh',
    changes: [
      replace(
        'src/host/ssh-terminals.ts',
        'terminalsOf',
        (original) =>
          (root, { uid }) =>
            original(root, { uid, sinceAt: undefined }),
      ),
    ],
    project: 'unit',
    test: 'test/unit/host/sessions.test.ts',
    named: 'ssh-tty-old',
  },
  {
    id: 'ssh-tty-utmp',
    fault: 'a command over ssh counts as a person, where logind knows all terminals',
    changes: [replace('src/host/ssh-terminals.ts', 'hasUtmp', () => () => Promise.resolve(false))],
    project: 'unit',
    test: 'test/unit/host/sessions.test.ts',
    named: 'where logind reads utmp',
  },
  {
    id: 'spin-1',
    fault: 'a service manager that lagged once keeps a core busy for the rest of the life of the agent',
    changes: [
      replace('src/host/datagram-sender.ts', 'datagramSender', (original) => (address, open) => {
        const socket = open();
        return original(address, () => ({
          on: (event, listener) => socket.on(event, listener),
          sendTo: (...args) => socket.sendTo(...args),
          close: () => undefined,
        }));
      }),
    ],
    project: 'integration',
    test: 'test/integration/notify.test.ts',
    named: 'spin-1: costs nothing more',
  },
  {
    id: 'F3',
    fault: 'a logind that cannot start counts as a host where nobody is logged in',
    changes: [
      replace(
        'src/host/absent-service.ts',
        'isAbsent',
        () => (_link, _service, error) =>
          Promise.resolve(
            error instanceof Error &&
              'errorName' in error &&
              /Error\.(?:NameHasNoOwner|ServiceUnknown)$/.test(String(error.errorName)),
          ),
      ),
    ],
    ...ABSENT_SERVICE,
    named: 'is never nobody',
  },
  {
    id: 'F3-boot',
    fault: 'a boot by a systemd that the bus does not find counts as complete',
    changes: [
      replace(
        'src/host/boot-state.ts',
        'readBootState',
        (original) =>
          (bus, _root, ...others) =>
            original(bus, '/nonexistent', ...others),
      ),
    ],
    ...ABSENT_SERVICE,
    named: 'F3: a boot is complete exactly if systemd has not booted the host',
  },
  {
    id: 'F1-notice',
    fault: 'root writes a login notice through a link that user zincati has planted',
    changes: [
      replace('src/host/motd.ts', 'writeNotice', () => (folder, _notice, text) => {
        mkdirSync(folder, { recursive: true });
        writeFileSync(path.join(folder, '85-zincati-deadend.motd'), `${text}\n`);
        return Promise.resolve();
      }),
    ],
    project: 'unit',
    test: 'test/unit/cli/deadend-motd.test.ts',
    named: 'F1: follows no link',
  },
  {
    id: 'field-18',
    fault: 'nobody learns that the session of a web console could not be told',
    changes: [
      replace(
        'src/host/sessions.ts',
        'LogindSessions.broadcast',
        (original) =>
          function (sessions, text) {
            return original.call(
              this,
              sessions.filter(({ tty }) => !tty.includes(' ')),
              text,
            );
          },
      ),
    ],
    project: 'integration',
    test: 'test/integration/logind.test.ts',
    named: 'field 18',
  },
  {
    id: 'field-21',
    fault: 'login programs may not read the notices on a host with SELinux',
    changes: [replace('src/host/motd.ts', 'MOTD_FOLDER', () => 'run/zincati/motd')],
    project: 'unit',
    test: 'test/unit/systemd/zincati-service.test.ts',
    named: 'field 21: login programs may read',
  },
];
