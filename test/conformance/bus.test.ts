import { BUS_DAEMONS, type BusDaemon, HostBus } from '../support/host-bus.ts';
import { ACTIVATABLE, BROKER_STATEMENTS, BUS_STATEMENTS, DAEMON_STATEMENTS, UNITS } from './bus.ts';
import { type Candidate, conformance } from './statement.ts';

function candidate(daemon: BusDaemon): Candidate<HostBus> {
  const systemd = { systemState: 'running', units: UNITS };
  return { name: daemon, start: () => HostBus.start({ daemon, systemd, activatable: ACTIVATABLE }) };
}

conformance('a message bus', BUS_STATEMENTS, BUS_DAEMONS.map(candidate));
conformance('dbus-broker', BROKER_STATEMENTS, [candidate('dbus-broker')]);
conformance('dbus-daemon', DAEMON_STATEMENTS, [candidate('dbus-daemon')]);
