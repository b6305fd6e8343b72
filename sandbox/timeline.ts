/** What a node of the demo did over time, as a row of characters. Pure. */

export type Phase = 'up' | 'staged' | 'down';

/** A cell shows the strongest phase in it, so that a short reboot is seen. */
const STRENGTH: readonly Phase[] = ['up', 'staged', 'down'];
export const SIGNS: Readonly<Record<Phase, string>> = { up: '.', staged: 's', down: '#' };

export class Timeline {
  readonly #changes: { readonly atMs: number; readonly phase: Phase }[];

  /** Instants are milliseconds of one clock that never goes back. */
  constructor(startMs: number) {
    this.#changes = [{ atMs: startMs, phase: 'up' }];
  }

  become(phase: Phase, atMs: number): void {
    if (this.#changes.at(-1)?.phase !== phase) {
      this.#changes.push({ atMs, phase });
    }
  }

  /** One character for each of `cells` equal parts of `[fromMs, untilMs)`. */
  drawn(fromMs: number, untilMs: number, cells: number): string {
    const cellMs = (untilMs - fromMs) / cells;
    return Array.from({ length: cells }, (_, cell) =>
      this.#signWithin(fromMs + cell * cellMs, fromMs + (cell + 1) * cellMs),
    ).join('');
  }

  #signWithin(fromMs: number, untilMs: number): string {
    const within = this.#changes.filter(({ atMs }, index) => {
      const endMs = this.#changes[index + 1]?.atMs ?? Number.POSITIVE_INFINITY;
      return atMs < untilMs && endMs > fromMs;
    });
    const strongest = Math.max(0, ...within.map(({ phase }) => STRENGTH.indexOf(phase)));
    return SIGNS[STRENGTH[strongest] ?? 'up'];
  }
}
