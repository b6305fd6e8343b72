/** Makes a night of the same few lines one line. Pure. */

/** One line of a transcript, before it is written. */
export interface Told {
  /** Since the start. */
  readonly atMs: number;
  readonly tag: string;
  readonly text: string;
}

/** Polling at rest comes to three lines at most; longer repetitions are rare, and worth their lines. */
const MOST_LINES = 4;

/** What came again and again, twice or more, is told once and then counted; the line has the time of the last one. */
export function condensed(lines: readonly Told[]): Told[] {
  const result: Told[] = [];
  for (let index = 0; index < lines.length;) {
    const { length, more } = repetitionAt(lines, index);
    result.push(...lines.slice(index, index + length));
    index += length * (1 + more);
    const last = lines[index - 1];
    if (more > 0 && last !== undefined) {
      const what = length === 1 ? 'the last line' : `the last ${length} lines`;
      result.push({ atMs: last.atMs, tag: 'again', text: `${what}, ${more} times more` });
    }
  }
  return result;
}

/** The shortest group of lines at `index` that comes at least twice more; or one line that does not. */
function repetitionAt(
  lines: readonly Told[],
  index: number,
): { readonly length: number; readonly more: number } {
  for (let length = 1; length <= MOST_LINES; length++) {
    let more = 0;
    while (isSame(lines, index, index + (more + 1) * length, length)) {
      more++;
    }
    if (more >= 2) {
      return { length, more };
    }
  }
  return { length: 1, more: 0 };
}

function isSame(lines: readonly Told[], a: number, b: number, length: number): boolean {
  return Array.from({ length }, (_, offset) => offset).every((offset) => {
    const [one, other] = [lines[a + offset], lines[b + offset]];
    return one !== undefined && one.tag === other?.tag && one.text === other.text;
  });
}
