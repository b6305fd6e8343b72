/**
 * What the demo shows. On a terminal it redraws the lines of what is under way. Elsewhere it prints only whole
 * lines, one for each event.
 */

const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[2K';
const UP = '\u001b[1A';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export class Screen {
  readonly #out: Output;
  #live: readonly string[] = [];

  constructor(out: Output) {
    this.#out = out;
  }

  /** Whether anything is redrawn. */
  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  /** In characters, without the last column, in which some terminals break the line. */
  get width(): number {
    return (this.#out.columns ?? 101) - 1;
  }

  /** Prints a line that stays. */
  line(text: string): void {
    const live = this.#live;
    this.#erase();
    this.#out.write(`${text}\n`);
    this.live(...live);
  }

  /** Redraws the lines at the end, as many as fit; does nothing without a terminal. */
  live(...lines: readonly string[]): void {
    if (!this.isTerminal) {
      return;
    }
    this.#erase();
    const room = Math.max(1, (this.#out.rows ?? 24) - 1);
    this.#live = lines.slice(0, room).map((line) => line.slice(0, this.width));
    this.#out.write(this.#live.join('\n'));
  }

  /** Ends the redrawn lines. */
  close(): void {
    this.#erase();
  }

  #erase(): void {
    if (this.#live.length > 0) {
      this.#out.write(CLEAR_LINE + `${UP}${CLEAR_LINE}`.repeat(this.#live.length - 1));
    }
    this.#live = [];
  }
}

/** `[########----------------]  33 %`. */
export function bar(percent: number): string {
  const share = Math.min(Math.max(percent, 0), 100) / 100;
  const full = Math.round(share * BAR_WIDTH);
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_WIDTH - full)}] ${String(Math.round(share * 100)).padStart(3)} %`;
}

/** Bytes for people to read, in powers of ten: `12.3 MB`. */
export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

/** Where the columns of a table begin and end, so that rows can be printed as they come. */
export class Table {
  readonly #widths: readonly number[];
  readonly #head: readonly string[];

  /** `samples`: rows that are as wide as any. Cells of numbers are aligned to the right. */
  constructor(head: readonly string[], samples: readonly (readonly string[])[]) {
    this.#head = head;
    this.#widths = head.map((cell, column) =>
      Math.max(cell.length, ...samples.map((row) => (row[column] ?? '').length)),
    );
  }

  head(): string[] {
    return [this.#line(this.#head), this.#widths.map((width) => '-'.repeat(width)).join('  ')];
  }

  row(cells: readonly string[]): string {
    return this.#line(cells);
  }

  #line(cells: readonly string[]): string {
    return cells
      .map((cell, column) => {
        const width = this.#widths[column] ?? 0;
        return IS_AMOUNT.test(cell) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  }
}

/** `3` and `0.5 s`, but no version. */
const IS_AMOUNT = /^\d+(?:\.\d+)?(?: s)?$/;

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const shown = new Table(head, rows);
  return [...shown.head(), ...rows.map((row) => shown.row(row))];
}
