/** The real one: `CONFORM_LOGIND=unix:path=/run/dbus/system_bus_socket`, on a host where somebody is logged in. */
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { fakeSession, startFakeLogind } from '../support/fake-logind.ts';
import { LOGIND_STATEMENTS, type LogindPeer } from './logind.ts';
import { type Candidate, conformance } from './statement.ts';

/** No session has this name, since those of logind are numbers, with a letter before. */
const GONE = '/org/freedesktop/login1/session/ended';

const STAND_IN: Candidate<LogindPeer> = {
  name: 'stand-in',
  start: async () => {
    const logind = await startFakeLogind({
      sessions: [
        fakeSession(),
        fakeSession({ id: 'c1', user: 'gdm', class: 'greeter', tty: '' }),
        fakeSession({ id: '_33', tty: 'web console', state: 'closing' }),
      ],
      inhibitors: [
        ['shutdown:sleep', 'backup', 'nightly run', 'block', 0, 800],
        ['sleep', 'NetworkManager', 'turn off networks', 'delay', 0, 700],
      ],
    });
    return {
      bus: logind.bus,
      gone: GONE,
      [Symbol.asyncDispose]: () => logind.close(),
    };
  },
};

const address = process.env['CONFORM_LOGIND'];
const REAL: Candidate<LogindPeer>[] =
  address === undefined
    ? []
    : [
        {
          name: `logind at ${address}`,
          start: () => {
            const bus = new SystemBus({ address });
            return Promise.resolve({ bus, gone: GONE, [Symbol.asyncDispose]: () => bus.close() });
          },
        },
      ];

conformance('logind', LOGIND_STATEMENTS, [STAND_IN, ...REAL]);
