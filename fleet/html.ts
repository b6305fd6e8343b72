/**
 * HTML from templates. Pure.
 *
 * Invariant: whatever is put into a template is escaped, unless it came out of a template itself.
 */
import { printable } from '../src/errors.ts';

/** A piece of HTML that may stand as it is. Only {@link markup} and {@link trusted} make one. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | readonly Html[];

/** A template: `` markup`<b>${name}</b>` ``. Control characters are shown, not sent. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(
    strings.map((text, index) => (index === 0 ? '' : written(parts[index - 1] ?? '')) + text).join(''),
  );
}

/** Of the program's own text alone, such as a style sheet. */
export function trusted(text: string): Html {
  return new Html(text);
}

export function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function written(part: Part): string {
  if (part instanceof Html) {
    return part.text;
  }
  return typeof part === 'object' ? part.map(({ text }) => text).join('') : escaped(printable(String(part)));
}
