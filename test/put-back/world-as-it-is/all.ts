/** Faults that real peers and an attacker have shown, area by area. */
import type { PutBackFault } from '../fault.ts';
import { DECIDING_FAULTS } from './deciding.ts';
import { LOCK_FAULTS } from './locks.ts';

export const SHOWN_FAULTS: readonly PutBackFault[] = [...DECIDING_FAULTS, ...LOCK_FAULTS];
