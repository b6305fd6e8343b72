/**
 * Which payloads must not be chosen just now: what is on disk (a rollback sticks), and what the record denies. Pure.
 *
 * Invariant: payloads are compared, never versions or positions in the graph, which a local deployment does not have.
 */
import type { HostStatus } from './ports.ts';
import { isInForce, type AgentRecord } from './record.ts';
import { includesPayload, type Payload } from './release.ts';

/** The booted and all other deployments but the staged one, and the denials that are not over yet. */
export function deniedPayloads(
  host: HostStatus | undefined,
  record: AgentRecord,
  at: number,
): readonly Payload[] {
  const denied: Payload[] = [];
  const add = (payload: Payload | undefined): void => {
    if (payload !== undefined && !includesPayload(denied, payload)) {
      denied.push(payload);
    }
  };
  for (const deployment of host?.deployments ?? []) {
    if (!deployment.staged) {
      add(deployment.payload);
    }
  }
  for (const denial of record.denials) {
    if (isInForce(denial, at)) {
      add(denial.payload);
    }
  }
  return denied;
}
