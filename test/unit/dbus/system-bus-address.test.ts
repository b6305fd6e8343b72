import { expect, it } from 'vitest';

import { SYSTEM_BUS_ADDRESS, systemBusAddress } from '../../../src/dbus/system-bus-address.ts';

it.each([
  ['/', {}, SYSTEM_BUS_ADDRESS],
  ['/tmp/host', {}, 'unix:path=/tmp/host/run/dbus/system_bus_socket'],
  ['/tmp/host', { DBUS_SYSTEM_BUS_ADDRESS: 'unix:path=/bus' }, 'unix:path=/bus'],
])('below %s with %j is %s', (root, env, address) => {
  expect(systemBusAddress(root, env)).toBe(address);
});
