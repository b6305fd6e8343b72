/** Graphs for tests, as short as the tested rule allows. */
import { createHash } from 'node:crypto';

import type { CheckQuery } from '../../src/agent/ports.ts';
import type { Payload, Release, Scheme } from '../../src/agent/release.ts';

export const KEY = {
  scheme: 'org.fedoraproject.coreos.scheme',
  ageIndex: 'org.fedoraproject.coreos.releases.age_index',
  deadend: 'org.fedoraproject.coreos.updates.deadend',
  deadendReason: 'org.fedoraproject.coreos.updates.deadend_reason',
} as const;

export function payload(name: string, scheme: Scheme = 'checksum'): Payload {
  const hex = createHash('sha256').update(name).digest('hex');
  return { scheme, value: scheme === 'oci' ? `quay.io/fedora/fedora-coreos@sha256:${hex}` : hex };
}

/** A valid node. `changes` replaces fields, `metadata` adds to the metadata (undefined removes). */
export function node(
  version: string,
  age: number | string,
  changes: Readonly<Record<string, unknown>> = {},
  metadata: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    version,
    payload: payload(version).value,
    metadata: { [KEY.scheme]: 'checksum', [KEY.ageIndex]: String(age), ...metadata },
    ...changes,
  };
}

/** As received over HTTP: everything that JSON cannot express is gone. */
export function wire(value: unknown): unknown {
  const json: unknown = JSON.parse(JSON.stringify(value));
  return json;
}

export function booted(version: string): Release {
  return { version, payload: payload(version) };
}

export function query(version: string, changes: Partial<CheckQuery> = {}): CheckQuery {
  return { booted: booted(version), denied: [], skip: [], allowDowngrade: false, ...changes };
}
