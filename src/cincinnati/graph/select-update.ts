/**
 * Selects the release that a node updates to, by the rules of Zincati. Pure; linear in the size of the graph.
 *
 * There are two steps, so that an agent that asks every five minutes need not keep the graph. `surroundingsOf` extracts
 * what the graph says about the booted release, and `selectUpdate` decides from that.
 *
 * Invariants:
 * - The booted release is found by payload, never by version.
 * - A fault of the graph fails the check only if it is on the only way forward.
 * - Releases are ordered by age_index, then version, then payload.
 * - Versions are compared as text, as Zincati does. Two releases with the same age_index are a mistake of the server. All nodes of a mixed fleet should still select
 * the same one.
 */
import type { CheckQuery, CheckResult } from '../../agent/ports.ts';
import { type Payload, payloadDigest, payloadImage, type Release, samePayload } from '../../agent/release.ts';
import { isSkipped } from '../../agent/skip.ts';
import { CincinnatiError } from '../../errors.ts';
import { fullImageName } from '../../text/image-name.ts';
import type { Graph, GraphNode } from './graph.ts';
import { type GraphView, viewOf } from './graph-view.ts';
import { waysAhead } from './way-ahead.ts';

/** The booted release and where its edges lead. */
export interface Surroundings {
  /** Undefined when the graph does not have the booted release. */
  readonly booted: GraphNode | undefined;
  /** Each node once. */
  readonly candidates: readonly GraphNode[];
  /** The number of edges from the booted release that do not lead to a node. */
  readonly edgesToNowhere: number;
  /** Of each candidate: how many releases lie ahead of it, by the graph. */
  readonly ahead: ReadonlyMap<GraphNode, number>;
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly warnings: readonly string[];
}

/** As CheckResult promises. */
const MOST_WARNINGS = 10;
const MOST_SKIPPED_NAMED = 10;

export function surroundingsOf(graph: Graph, booted: Release): Surroundings {
  return surroundingsIn(viewOf(graph), booted);
}

export function surroundingsIn(graph: GraphView, { payload }: Release): Surroundings {
  const { starts, ends } = graph;
  const warnings = [...graph.warnings];
  const [place = -1, twin] = graph.placesOf(payloadDigest(payload) ?? payload.value).filter((one) => {
    const node = graph.node(one);
    return node !== undefined && isAt(node, payload);
  });
  if (twin !== undefined) {
    warnings.push(
      `the booted release must be in the graph once, got it as nodes[${place}] and nodes[${twin}]: the first one counts`,
    );
  }
  const candidates = new Map<GraphNode, number>();
  let edgesToNowhere = 0;
  for (let edge = starts.indexOf(place); edge !== -1; edge = starts.indexOf(place, edge + 1)) {
    const end = ends[edge] ?? -1;
    const target = graph.node(end);
    if (target === undefined) {
      edgesToNowhere++;
    } else {
      candidates.set(target, end);
    }
  }
  const aheadOf = waysAhead(graph);
  return {
    booted: graph.node(place),
    candidates: [...candidates.keys()],
    edgesToNowhere,
    ahead: new Map([...candidates].map(([node, at]) => [node, aheadOf(at)])),
    nodeCount: graph.nodeCount,
    edgeCount: graph.edgeCount,
    warnings,
  };
}

/**
 * Throws CincinnatiError when every way forward is faulty: `client_failed_node_parsing` for malformed candidates,
 * `client_failed_node_lookup` for edges that do not lead to a node.
 */
export function selectUpdate(around: Surroundings, query: CheckQuery): Omit<CheckResult, 'notModified'> {
  const { booted } = around;
  const counts = { nodes: around.nodeCount, edges: around.edgeCount };
  if (booted === undefined) {
    return {
      ...counts,
      outcome: { kind: 'off-graph' },
      deadend: { isDeadend: false },
      ignoredTargets: 0,
      skipped: [],
      warnings: atMost(around.warnings),
    };
  }
  const { good, hasOthers, denied, skipped, faults } = sort(around, query);
  const best = good.reduce<Target | undefined>(
    // Stryker disable next-line EqualityOperator: of two that are the same, either will do.
    (top, other) => (top !== undefined && compare(top, other) >= 0 ? top : other),
    undefined,
  );
  const ignoredTargets = denied + skipped.length;
  // Asked for one version alone, a fault beside other releases that are well spoils nothing.
  if (best === undefined && ignoredTargets === 0 && !hasOthers) {
    refuseIfSpoiled(around);
  }

  const floor: Ranked = {
    ageIndex: booted.ageIndex,
    version: booted.version === '' ? query.booted.version : booted.version,
    payload: query.booted.payload,
  };
  const warnings = [...faults, ...around.warnings];
  if (best !== undefined && floor.ageIndex === undefined) {
    warnings.push(
      `the booted release must have an age_index in the graph, got none: compared by version (${floor.version})`,
    );
  }
  return {
    ...counts,
    outcome: outcomeOf(best, floor, query.allowDowngrade),
    ...(best !== undefined && { hops: best.hops }),
    deadend:
      booted.deadendReason === undefined
        ? { isDeadend: false }
        : { isDeadend: true, reason: booted.deadendReason },
    ignoredTargets,
    skipped: skipped.slice(0, MOST_SKIPPED_NAMED),
    warnings: atMost(warnings),
  };
}

interface Ranked {
  readonly ageIndex: bigint | undefined;
  readonly version: string;
  readonly payload: Payload;
}

interface Target extends Ranked {
  readonly ageIndex: bigint;
  /** Releases that lead through it to the end of the way, itself included. */
  readonly hops: number;
}

function sort(
  { candidates, ahead }: Surroundings,
  { booted, denied, skip, to }: CheckQuery,
): {
  readonly good: Target[];
  /** Whether any is good as well, and not the version that is asked for. */
  readonly hasOthers: boolean;
  readonly denied: number;
  readonly skipped: string[];
  readonly faults: string[];
} {
  const refused = new Set(denied.map(keyOf));
  const good: Target[] = [];
  const faults: string[] = [];
  const skipped: string[] = [];
  let deniedCount = 0;
  let hasOthers = false;
  for (const node of candidates) {
    const { scheme, payload: value, version, ageIndex, problem } = node;
    if (problem !== undefined || scheme === undefined || ageIndex === undefined) {
      faults.push(`ignored an update target: ${problem ?? 'it cannot be read'}`);
      continue;
    }
    const payload: Payload = { scheme, value };
    if (samePayload(payload, booted.payload)) {
      faults.push(`ignored an update target: it must be another release than the booted one, got ${version}`);
    } else if (isSkipped(skip, { version, payload })) {
      skipped.push(version);
    } else if (refused.has(keyOf(payload))) {
      deniedCount++;
    } else if (to === undefined || version === to) {
      good.push({ ageIndex, version, payload, hops: 1 + (ahead.get(node) ?? 0) });
    } else {
      hasOthers = true;
    }
  }
  return { good, hasOthers, denied: deniedCount, skipped, faults };
}

function refuseIfSpoiled({ candidates, edgesToNowhere }: Surroundings): void {
  const problem = candidates.find((node) => node.problem !== undefined)?.problem;
  if (problem !== undefined) {
    throw new CincinnatiError(
      'client_failed_node_parsing',
      `no update target can be used: ignored an update target: ${problem}`,
    );
  }
  if (edgesToNowhere > 0) {
    throw new CincinnatiError(
      'client_failed_node_lookup',
      `cannot follow the edges out of the booted release: they must lead to nodes of the graph, got ${edgesToNowhere} to none`,
    );
  }
}

function outcomeOf(best: Target | undefined, floor: Ranked, allowDowngrade: boolean): CheckResult['outcome'] {
  if (best === undefined) {
    return { kind: 'no-update' };
  }
  const { version, payload } = best;
  const ageIndex = Number(best.ageIndex);
  const release: Release = Number.isSafeInteger(ageIndex)
    ? { version, payload, ageIndex }
    : { version, payload };
  // Stryker disable next-line EqualityOperator: the booted release itself is no target.
  const allowed = allowDowngrade || compare(best, floor) > 0;
  return { kind: allowed ? 'update' : 'downgrade-refused', release };
}

/** Negative when `a` is lower. If the age_index of `b` is unknown, the versions decide. */
function compare(a: Target, b: Ranked): number {
  const byAge = b.ageIndex === undefined ? 0 : order<bigint>(a.ageIndex, b.ageIndex);
  return (
    byAge ||
    order(a.version, b.version) ||
    order(a.payload.scheme, b.payload.scheme) ||
    order(a.payload.value, b.payload.value)
  );
}

function order<T extends bigint | string>(a: T, b: T): number {
  return Number(a > b) - Number(a < b);
}

/**
 * A node whose scheme is malformed is still found by its payload, because payloads of the two schemes never look alike.
 */
function isAt(node: GraphNode, payload: Payload): boolean {
  const { scheme } = payload;
  return (
    (node.scheme === undefined || node.scheme === scheme) &&
    samePayload({ scheme, value: node.payload }, payload)
  );
}

/** The same for payloads that are the same. */
function keyOf(payload: Payload): string {
  const image = payloadImage(payload);
  return image === undefined
    ? `${payload.scheme} ${payload.value}`
    : `${payload.scheme} ${fullImageName(image)}@${payloadDigest(payload)}`;
}

function atMost(warnings: readonly string[]): readonly string[] {
  if (warnings.length <= MOST_WARNINGS) {
    return warnings;
  }
  const shown = warnings.slice(0, MOST_WARNINGS - 1);
  return [...shown, `and ${warnings.length - shown.length} other faults of the graph`];
}
