/**
 * org.freedesktop.DBus.Peer of the agent's object, which also tells the machine id, as Zincati does. The policy of the bus
 * lets only root ask.
 */
import type { ExportedInterface } from '../dbus/types.ts';
import { EXPERIMENTAL_PATH } from './experimental.ts';

/** `machineId`: 32 hexadecimal digits. A rejection is answered with an error that tells nothing. */
export function peerInterface(machineId: () => Promise<string>): ExportedInterface {
  return {
    path: EXPERIMENTAL_PATH,
    name: 'org.freedesktop.DBus.Peer',
    methods: [
      { member: 'Ping', in: '', out: '', handle: () => [] },
      { member: 'GetMachineId', in: '', out: 's', handle: async () => [await machineId()] },
    ],
  };
}
