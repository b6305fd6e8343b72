/**
 * What a person sees on a terminal: lines of the screen, after all that was printed. It knows what the commands print, and
 * throws for anything else. Lines that are too long are broken, and broken anew when the terminal gets another size.
 */
import type { Size } from './pty.ts';

/** One logical line; rows of the screen are made of it by the width. */
type Line = string[];

const SEQUENCE = /^\u001b\[([0-9;]*)([A-Za-z])/;

export class TerminalScreen {
  #size: Size;
  #lines: Line[] = [[]];
  /** Logical line, and column in it. */
  #at = 0;
  #column = 0;
  #pending = '';
  /** Bytes for colours, as they came. */
  readonly colours: string[] = [];

  constructor(size: Size) {
    this.#size = size;
  }

  resize(size: Size): void {
    this.#size = size;
  }

  write(text: string): void {
    let rest = this.#pending + text;
    this.#pending = '';
    while (rest !== '') {
      if (rest.startsWith('\u001b')) {
        const found = SEQUENCE.exec(rest);
        if (found === null) {
          this.#pending = rest;
          return;
        }
        this.#obey(found[1]!, found[2]!);
        rest = rest.slice(found[0].length);
        continue;
      }
      this.#put(rest[0]!);
      rest = rest.slice(1);
    }
  }

  /** Rows that can be seen, without those that are empty at the end. */
  lines(): readonly string[] {
    const rows = this.#lines.flatMap((line) => this.#rowsOf(line));
    const last = rows.findLastIndex((row) => row !== '');
    return rows.slice(0, last + 1).slice(-this.#size.rows);
  }

  #put(character: string): void {
    if (character === '\n') {
      this.#at += 1;
      this.#column = 0;
      this.#lines[this.#at] ??= [];
    } else if (character === '\r') {
      // To the beginning of the row, not of the line that was broken.
      this.#column -= this.#column % this.#size.columns;
    } else if (character >= ' ') {
      const line = this.#lines[this.#at]!;
      while (line.length < this.#column) {
        line.push(' ');
      }
      line[this.#column] = character;
      this.#column += 1;
    } else {
      throw new Error(`a command must not print ${JSON.stringify(character)}`);
    }
  }

  #obey(given: string, what: string): void {
    switch (what) {
      case 'm':
        this.colours.push(given);
        return;
      case 'K':
        this.#lines[this.#at]!.length = Math.min(this.#lines[this.#at]!.length, this.#column);
        return;
      case 'J':
        this.#lines[this.#at]!.length = Math.min(this.#lines[this.#at]!.length, this.#column);
        this.#lines.length = this.#at + 1;
        return;
      case 'A':
        this.#up(Number(given === '' ? '1' : given));
        return;
      default:
        throw new Error(`a command must not print ESC [ ${given} ${what}`);
    }
  }

  #up(rows: number): void {
    const { columns } = this.#size;
    for (let left = rows; left > 0; left -= 1) {
      if (this.#column >= columns) {
        this.#column -= columns;
      } else if (this.#at > 0) {
        this.#at -= 1;
        this.#column += Math.max(0, this.#rowsOf(this.#lines[this.#at]!).length - 1) * columns;
      }
    }
  }

  #rowsOf(line: Line): string[] {
    const { columns } = this.#size;
    const count = Math.max(1, Math.ceil(line.length / columns));
    return Array.from({ length: count }, (_, index) =>
      line
        .slice(index * columns, (index + 1) * columns)
        .join('')
        .trimEnd(),
    );
  }
}
