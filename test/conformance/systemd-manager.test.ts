/** The real one: `CONFORM_SYSTEMD=unix:path=/run/dbus/system_bus_socket`, on a host that systemd has booted. */
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { type FakeUnit, HostBus, LOGIND_UNIT } from '../support/host-bus.ts';
import { type Candidate, conformance } from './statement.ts';
import { SYSTEMD_STATEMENTS, type SystemdPeer } from './systemd-manager.ts';

function standIn(systemState: string, bootComplete: string, logind: FakeUnit): Candidate<SystemdPeer> {
  return {
    name: `stand-in, ${systemState}`,
    start: () =>
      HostBus.start({
        daemon: 'dbus-daemon',
        systemd: {
          systemState,
          units: {
            'boot-complete.target': { activeState: bootComplete },
            'dbus.service': { activeState: 'active', subState: 'running', fileState: 'static' },
            [LOGIND_UNIT]: logind,
          },
        },
        activatable: {},
      }),
  };
}

const address = process.env['CONFORM_SYSTEMD'];
const REAL: Candidate<SystemdPeer>[] =
  address === undefined
    ? []
    : [
        {
          name: `systemd at ${address}`,
          start: () => {
            const bus = new SystemBus({ address });
            return Promise.resolve({ bus, [Symbol.asyncDispose]: () => bus.close() });
          },
        },
      ];

conformance('systemd on the bus', SYSTEMD_STATEMENTS, [
  standIn('starting', 'inactive', { loadState: 'masked' }),
  standIn('degraded', 'active', { activeState: 'active' }),
  ...REAL,
]);
