/** Faults that real peers and an attacker have shown, area by area. */
import type { PutBackFault } from '../fault.ts';
import { BOUNDED_FAULTS } from './bounded.ts';
import { COMMAND_FAULTS } from './commands.ts';
import { CONFIGURATION_FAULTS } from './configuration.ts';
import { DECIDING_FAULTS } from './deciding.ts';
import { FLEET_OF_LOCKS_FAULTS } from './fleet-of-locks.ts';
import { GRAPH_FAULTS } from './graphs.ts';
import { HOST_FAULTS } from './host.ts';
import { INTERFACE_FAULTS } from './interface.ts';
import { LEFTOVER_FAULTS } from './leftovers.ts';
import { LOCK_FAULTS } from './locks.ts';
import { LOCKD_FAULTS } from './lockd.ts';
import { PACKAGE_FAULTS } from './package.ts';
import { REQUEST_FAULTS } from './requests.ts';
import { RPM_OSTREE_FAULTS } from './rpm-ostree.ts';
import { TOLD_FAULTS } from './told.ts';
import { WHY_FAULTS } from './why.ts';

export const SHOWN_FAULTS: readonly PutBackFault[] = [
  ...BOUNDED_FAULTS,
  ...COMMAND_FAULTS,
  ...CONFIGURATION_FAULTS,
  ...DECIDING_FAULTS,
  ...FLEET_OF_LOCKS_FAULTS,
  ...GRAPH_FAULTS,
  ...HOST_FAULTS,
  ...INTERFACE_FAULTS,
  ...LEFTOVER_FAULTS,
  ...LOCK_FAULTS,
  ...LOCKD_FAULTS,
  ...PACKAGE_FAULTS,
  ...REQUEST_FAULTS,
  ...RPM_OSTREE_FAULTS,
  ...TOLD_FAULTS,
  ...WHY_FAULTS,
];
