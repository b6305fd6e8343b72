/** Sample data for tests: releases, deployments, host statuses, one place for their shapes. */
import type { CheckResult, Deployment, GateReport, HostStatus } from '../../src/agent/ports.ts';
import type { Payload, Release } from '../../src/agent/release.ts';
import type { Policy } from '../../src/agent/state.ts';
import { createHash } from 'node:crypto';

export function checksumOf(version: string): string {
  return createHash('sha256').update(version).digest('hex');
}

export function payloadOf(version: string): Payload {
  return { scheme: 'checksum', value: checksumOf(version) };
}

export function release(version: string, ageIndex?: number): Release {
  const plain = { version, payload: payloadOf(version) };
  return ageIndex === undefined ? plain : { ...plain, ageIndex };
}

export function deployment(version: string, changes: Partial<Deployment> = {}): Deployment {
  const baseChecksum = checksumOf(version);
  return {
    id: `fedora-coreos-${baseChecksum}.0`,
    version,
    payload: { scheme: 'checksum', value: baseChecksum },
    baseChecksum,
    stream: 'stable',
    booted: false,
    staged: false,
    finalizationLocked: undefined,
    imageReference: undefined,
    layeredPackages: [],
    ...changes,
  };
}

export function staged(version: string, changes: Partial<Deployment> = {}): Deployment {
  return deployment(version, { staged: true, finalizationLocked: true, ...changes });
}

export function host(deployments: readonly Deployment[], changes: Partial<HostStatus> = {}): HostStatus {
  const booted = deployments.find((d) => d.booted);
  if (booted === undefined) {
    throw new Error('a sample host needs a booted deployment');
  }
  return {
    booted,
    staged: deployments.find((d) => d.staged),
    deployments,
    activeTransaction: undefined,
    ...changes,
  };
}

export function bootedOn(version: string): HostStatus {
  return host([deployment(version, { booted: true })]);
}

export function checkResult(
  outcome: CheckResult['outcome'],
  changes: Partial<CheckResult> = {},
): CheckResult {
  return {
    outcome,
    deadend: { isDeadend: false },
    ignoredTargets: 0,
    skipped: [],
    nodes: 2,
    edges: 1,
    warnings: [],
    notModified: false,
    ...changes,
  };
}

export const POLICY: Policy = {
  enabled: true,
  allowDowngrade: false,
  skip: [],
  stream: undefined,
  hasLenders: false,
  slotPlaces: [],
  catchUp: false,
  sessions: { graceMinutes: 10, maxDelayMinutes: 10, neverWhileLoggedIn: false },
  steadyIntervalMs: 300_000,
  retryIntervalMs: 300_000,
  rebootOverdueMs: 900_000,
  jitter: true,
  replaceForeignStaged: false,
  bootId: 'boot-1',
};

/** What a gate that lets the node pass reports. */
export const PASSING: readonly GateReport[] = [
  { gate: 'immediate', verdict: 'pass', reason: 'at any time', label: 'immediate' },
];

/** What a gate that holds the node back reports. */
export function blocking(reason: string, label = 'x', nextAt?: number): readonly GateReport[] {
  return [{ gate: label, verdict: 'block', reason, label, ...(nextAt !== undefined && { nextAt }) }];
}
