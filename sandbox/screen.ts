/**
 * What the demo shows. On a terminal it redraws the line of the hop under way. Elsewhere it prints only whole
 * lines, one for each event.
 */

const BAR_WIDTH = 24;
const CLEAR_LINE = '\r\u001b[2K';

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export class Screen {
  readonly #out: Output;
  #live = '';

  constructor(out: Output) {
    this.#out = out;
  }

  /** Prints a line that stays. */
  line(text: string): void {
    const live = this.#live;
    this.#erase();
    this.#out.write(`${text}\n`);
    this.live(live);
  }

  /** Redraws the current line; does nothing without a terminal. */
  live(text: string): void {
    if (this.#out.isTTY !== true) {
      return;
    }
    this.#erase();
    this.#live = text.slice(0, (this.#out.columns ?? 100) - 1);
    if (this.#live !== '') {
      this.#out.write(this.#live);
    }
  }

  /** Ends the redrawn line. */
  close(): void {
    this.#erase();
  }

  #erase(): void {
    if (this.#live !== '') {
      this.#out.write(CLEAR_LINE);
    }
    this.#live = '';
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

/** Pads each column to its widest cell; numbers are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const format = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return /^[\d.]+( s)?$/.test(cell) && column !== 1 && column !== 2
          ? cell.padStart(width)
          : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [format(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(format)];
}
