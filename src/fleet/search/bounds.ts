/** How far a search goes: what can happen in it, and how often. Data only. */

export interface Bounds {
  readonly nodes: number;
  /** Nodes that may be down at the same time, and slots of their lock. */
  readonly slots: number;
  /** Agents that are killed, and nodes that lose power or are rebooted by somebody. */
  readonly crashes: number;
  /** Answers that fail, reboots that do not come or lead back. */
  readonly faults: number;
  /** Of people. */
  readonly requests: number;
  /** Windows close, the graph withdraws, people log in, other nodes take slots: whenever, and as often as they like. */
  readonly isRestless: boolean;
  /** Nodes take turns at every step, not only where they can see each other. */
  readonly isFull: boolean;
  /** The search ends when it has found more states. */
  readonly mostStates: number;
  /** A node is where it should be after so many steps, once everything works. */
  readonly mostStepsToGood: number;
}

/** What is left of what is bounded. */
export interface Left {
  readonly crashes: number;
  readonly faults: number;
  readonly requests: number;
}

export const NOTHING_LEFT: Left = { crashes: 0, faults: 0, requests: 0 };

/** One node, and everything that can happen to it. */
export const ONE_NODE: Bounds = {
  nodes: 1,
  slots: 1,
  crashes: 2,
  faults: 2,
  requests: 1,
  isRestless: true,
  isFull: true,
  mostStates: 5_000_000,
  mostStepsToGood: 200,
};

/** Nodes that share a lock. Beside its lock and its boots nothing surprises a node. */
export const TWO_NODES: Bounds = {
  ...ONE_NODE,
  nodes: 2,
  requests: 0,
  isRestless: false,
  isFull: false,
};

/** What is searched unless somebody asks for something else: about a minute. */
export const DEFAULT_SEARCHES: readonly Bounds[] = [
  { ...ONE_NODE, requests: 0 },
  { ...ONE_NODE, crashes: 0, faults: 1 },
  { ...TWO_NODES, crashes: 1, faults: 1 },
  { ...TWO_NODES, nodes: 3, slots: 2, crashes: 0, faults: 1 },
];
