/** Prose of a manual page, as mdoc wants it. Pure. */
import { wrap } from './columns.ts';

/** With room for the marks of a code span. */
const LONGEST_LINE = 70;

/** Code spans become literal text. A sentence begins a line, as mdoc wants it, and no line is long. */
export function paragraph(from: string): readonly string[] {
  return from
    .split(/(?<=[.!?]) (?=[A-Z`])/)
    .flatMap((one) => wrap(one, LONGEST_LINE))
    .map((line) => text(line));
}

/** Nothing of it is taken for a command of mdoc. */
export function text(from: string): string {
  const escaped = from.replaceAll('\\', String.raw`\e`).replaceAll(/`([^`]*)`/g, String.raw`\fB$1\fR`);
  return /^[.']/.test(escaped) ? String.raw`\&${escaped}` : escaped;
}
