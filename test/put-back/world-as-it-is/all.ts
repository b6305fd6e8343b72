/** Faults that real peers and an attacker have shown, area by area. */
import type { PutBackFault } from '../fault.ts';
import { CONFIGURATION_FAULTS } from './configuration.ts';
import { DECIDING_FAULTS } from './deciding.ts';

export const SHOWN_FAULTS: readonly PutBackFault[] = [...DECIDING_FAULTS, ...CONFIGURATION_FAULTS];
