/**
 * Which installation of the machine a record is about. Reinstalling a machine may keep /var, and with it what another
 * installation has booted and denied. Pure.
 */
import type { AgentRecord } from '../agent/record.ts';

export interface Installation {
  /** Derived from the machine id, which every installation has anew; undefined: not known. */
  readonly id: string | undefined;
  /** This boot is the first of an installation, as systemd or Ignition has it. */
  readonly firstBoot: boolean;
}

/** A record of a version that did not write its installation down is of another one in a first boot. */
export function belongsTo({ installation }: AgentRecord, { id, firstBoot }: Installation): boolean {
  return installation === undefined ? !firstBoot : id === undefined || installation === id;
}

/** `record`, saying which installation it is about. */
export function of({ id }: Installation, record: AgentRecord): AgentRecord {
  return id === undefined ? record : { ...record, installation: id };
}
