/**
 * Lines on a terminal that replace each other. Where the cursor cannot move, they follow each other.
 *
 * Invariants:
 * - A terminal that got narrower has broken the lines that are there, and they are counted as they are now.
 * - No more is drawn than the terminal shows: what has scrolled out of it cannot be replaced.
 */
import type { Console } from './console.ts';

export class Redrawn {
  readonly #console: Console;
  #shown: readonly string[] = [];

  constructor(console: Console) {
    this.#console = console;
  }

  /** Prints nothing where the lines are as they were. */
  show(lines: readonly string[]): void {
    const fitting = this.#console.canRedraw ? this.#fitting(lines) : lines;
    if (
      this.#shown.length === fitting.length &&
      fitting.every((line, index) => line === this.#shown[index])
    ) {
      return;
    }
    const before = this.#shown.length === 0 ? '' : this.#console.canRedraw ? this.#up() : '\n';
    this.#shown = fitting;
    this.#console.out(`${before}${fitting.map((line) => `${line}\n`).join('')}`);
  }

  /** To the first of the lines, with everything from there on cleared. */
  #up(): string {
    const { width } = this.#console.terms();
    const rows = this.#shown.reduce((sum, line) => sum + rowsOf(line, width), 0);
    const height = this.#console.height() ?? rows + 1;
    return `\u001b[${Math.min(rows, height - 1)}A\r\u001b[J`;
  }

  /** The first lines, as many as there is room for above the cursor's own. */
  #fitting(lines: readonly string[]): readonly string[] {
    const { width } = this.#console.terms();
    const room = (this.#console.height() ?? Number.POSITIVE_INFINITY) - 1;
    let rows = 0;
    const end = lines.findIndex((line) => (rows += rowsOf(line, width)) > room);
    return end < 0 ? lines : lines.slice(0, end);
  }
}

const COLOUR = new RegExp('\u001b\\[[0-9;]*m', 'g');

/** Rows of the terminal that a line takes. Colours have no width. */
export function rowsOf(line: string, width: number | undefined): number {
  const columns = line.replaceAll(COLOUR, '').length;
  return width === undefined ? 1 : Math.max(1, Math.ceil(columns / width));
}
