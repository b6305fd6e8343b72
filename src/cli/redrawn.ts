/** Lines on a terminal that replace each other. Where the cursor cannot move, they follow each other. */
import type { Console } from './console.ts';

export class Redrawn {
  readonly #console: Console;
  #shown: readonly string[] = [];

  constructor(console: Console) {
    this.#console = console;
  }

  /** Prints nothing where the lines are as they were. */
  show(lines: readonly string[]): void {
    if (this.#shown.length === lines.length && lines.every((line, index) => line === this.#shown[index])) {
      return;
    }
    const before = this.#shown.length === 0 ? '' : this.#console.canRedraw ? this.#up() : '\n';
    this.#shown = lines;
    this.#console.out(`${before}${lines.map((line) => `${line}\n`).join('')}`);
  }

  /** To the first of the lines, with everything from there on cleared. */
  #up(): string {
    return `\u001b[${this.#shown.length}A\r\u001b[J`;
  }
}
