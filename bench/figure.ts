/** A measured figure, and a topic with several of them, which every benchmark returns. Types only. */

export type Unit =
  's' | 'ms' | 'MB' | 'per tick' | 'ms per tick' | 'count' | 'per second' | 'years per second';

export interface Figure {
  /** What was measured, as the table shows it. */
  readonly what: string;
  readonly unit: Unit;
  /** One for each repetition. Empty if it could not be measured here; `note` then says why. */
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
  /** The folder of another project that was built, to be measured in turns. */
  readonly beside?: string | undefined;
  /** Shows progress to the person who waits. */
  readonly say: (text: string) => void;
}
