/** A measured figure, and a topic of them: what every benchmark hands in. Types only. */

export type Unit = 'ms' | 'MB' | 'per tick' | 'ms per tick' | 'count' | 'per second' | 'years per second';

export interface Figure {
  /** What was measured, in the words of the table. */
  readonly what: string;
  readonly unit: Unit;
  /** One for each repetition; empty: it could not be measured here, `note` says why. */
  readonly samples: readonly number[];
  readonly note?: string;
}

export interface Topic {
  readonly title: string;
  /** What was measured, and how. */
  readonly how: string;
  readonly figures: readonly Figure[];
}

export interface BenchOptions {
  readonly quick: boolean;
  /** What is going on, for whoever waits. */
  readonly say: (text: string) => void;
}
