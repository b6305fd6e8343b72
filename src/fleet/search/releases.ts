/** The two releases of a search, and the graphs that an update server may have of them. Pure; data. */
import type { CheckQuery, CheckResult } from '../../agent/ports.ts';
import type { Release } from '../../agent/release.ts';
import type { Graph } from '../../cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../../cincinnati/graph/select-update.ts';
import { bootedDeployment } from '../booted-deployment.ts';

function release(version: string, digit: string, ageIndex: number): Release {
  return { version, payload: { scheme: 'checksum', value: digit.repeat(64) }, ageIndex };
}

/** Booted at the beginning. */
export const OLD = release('1', 'a', 1);
/** The update. */
export const NEW = release('2', 'b', 2);

export const OLD_BOOTED = bootedDeployment(OLD.version, OLD.payload.value);

/** Whether the update is offered, and whether the graph knows a node in the old release at all. */
export type Offer = 'offered' | 'not offered' | 'off graph';

function nodeOf({ version, payload, ageIndex = 0 }: Release): Graph['nodes'][number] {
  return {
    payload: payload.value,
    scheme: payload.scheme,
    version,
    ageIndex: BigInt(ageIndex),
    deadendReason: undefined,
    problem: undefined,
  };
}

const GRAPHS: Readonly<Record<Offer, Graph>> = {
  offered: { nodes: [nodeOf(OLD), nodeOf(NEW)], edges: [{ from: 0, to: 1 }], edgeCount: 1, warnings: [] },
  'not offered': { nodes: [nodeOf(OLD), nodeOf(NEW)], edges: [], edgeCount: 0, warnings: [] },
  'off graph': { nodes: [], edges: [], edgeCount: 0, warnings: [] },
};

const answers = new Map<string, CheckResult>();

/** What the agent's own selection makes of the graph. */
export function answerTo(offer: Offer, query: CheckQuery): CheckResult {
  const { booted, denied, skip, allowDowngrade, to } = query;
  const key = JSON.stringify([offer, booted.payload, denied, skip, allowDowngrade, to]);
  let answer = answers.get(key);
  if (answer === undefined) {
    answer = { ...selectUpdate(surroundingsOf(GRAPHS[offer], booted), query), notModified: false };
    answers.set(key, answer);
  }
  return answer;
}
