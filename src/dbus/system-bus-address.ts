/** Where the system bus is. Pure. */
import { prefixAddress } from './address.ts';

/** Where clients look for it, as the D-Bus specification has it. */
export const SYSTEM_BUS_ADDRESS = 'unix:path=/run/dbus/system_bus_socket';

/** A D-Bus server address: what DBUS_SYSTEM_BUS_ADDRESS in `env` says as it is, else the usual one below `root`. */
export function systemBusAddress(root: string, env: Readonly<Record<string, string | undefined>>): string {
  return env['DBUS_SYSTEM_BUS_ADDRESS'] ?? prefixAddress(SYSTEM_BUS_ADDRESS, root);
}
