/** Where the agent, and whoever asks it, find the system bus. */
import { prefixAddress } from './address.ts';

/** As the D-Bus specification has it. */
export const SYSTEM_BUS_ADDRESS = 'unix:path=/run/dbus/system_bus_socket';

/** `root`: prefix of every path, "/" on a host. */
export function systemBusAddress(root: string, env: Readonly<Record<string, string | undefined>>): string {
  return env['DBUS_SYSTEM_BUS_ADDRESS'] ?? prefixAddress(SYSTEM_BUS_ADDRESS, root);
}
