/** Graphs as texts, for tests of what people write by hand. */
import { KEYS, readGraph, type ReadGraph } from '../../../src/cincinnati/review/read-graph.ts';
import { node } from '../graphs.ts';

export interface WrittenRelease {
  readonly version: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly changes?: Readonly<Record<string, unknown>>;
}

/** The age of each is its place. */
export function graphText(releases: readonly WrittenRelease[], edges: readonly unknown[]): string {
  const nodes = releases.map(({ version, metadata, changes }, index) =>
    node(version, index, changes, metadata),
  );
  return JSON.stringify({ nodes, edges }, undefined, 1);
}

export function graphOf(
  releases: readonly WrittenRelease[],
  edges: readonly (readonly [number, number])[],
): ReadGraph {
  return readGraph(Buffer.from(graphText(releases, edges)));
}

export const barrier = (reason = 'why'): Readonly<Record<string, string>> => ({
  [KEYS.barrier]: 'true',
  [KEYS.barrierReason]: reason,
});

export const deadend = (reason = 'why'): Readonly<Record<string, string>> => ({
  [KEYS.deadend]: 'true',
  [KEYS.deadendReason]: reason,
});

/** `startAt` in milliseconds. */
export const rollout = (startAt: number, minutes: number): Readonly<Record<string, string>> => ({
  [KEYS.rollout]: 'true',
  [KEYS.startEpoch]: String(startAt / 1000),
  [KEYS.startValue]: '0.0',
  [KEYS.durationMinutes]: String(minutes),
});
