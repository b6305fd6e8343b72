/** Rows of two columns, and paragraphs, within the width of a terminal. Pure. */

/** Narrower than this, a text column goes below its label. */
const NARROWEST = 24;

/** `width` undefined: one line. A word that is longer than the width stays whole. */
export function wrap(text: string, width: number | undefined): readonly string[] {
  if (width === undefined) {
    return [text];
  }
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/**
 * `label` with `text` beside it, or below it where there is no room. `labelWidth`: of the column, its gap included.
 * `paint` colours the label after it was measured.
 */
export function row(
  label: string,
  text: string,
  options: {
    readonly labelWidth: number;
    readonly width: number | undefined;
    readonly paint?: (label: string) => string;
  },
): readonly string[] {
  const { labelWidth, width, paint = (same: string): string => same } = options;
  if (text === '') {
    return [paint(label.trimEnd())];
  }
  const room = width === undefined ? undefined : width - labelWidth;
  if (room !== undefined && room < NARROWEST && width !== undefined) {
    return [paint(label.trimEnd()), ...wrap(text, width - 4).map((line) => `    ${line}`)];
  }
  const [first = '', ...others] = wrap(text, room);
  return [
    `${paint(label.padEnd(labelWidth))}${first}`,
    ...others.map((line) => `${' '.repeat(labelWidth)}${line}`),
  ];
}
