/**
 * What update servers and lock servers say about an error: `{"kind","value"}`, a plain text, or whatever a proxy makes of
 * it. Pure.
 */
import { parseJsonBytes, SMALL_JSON } from '../text/bounded-json.ts';
import { printable } from '../text/printable.ts';

/** Bytes of a plain text that are looked at: its beginning tells enough. */
const PLAIN_TEXT_BYTES = 1200;
const LONGEST_PLAIN_TEXT = 300;
/** A page for browsers, or what is no text at all. */
const NOT_PLAIN = /^\s*<|[\0\uFFFD]/;

export interface ErrorDocument {
  readonly kind?: unknown;
  /** Of a plain text: its beginning, fit to be shown. */
  readonly value?: unknown;
}

/**
 * Both fields may be anything, and a proxy's page has neither. Plain text is the value. The content type does not count:
 * servers get it wrong.
 */
export function errorDocument(body: Buffer): ErrorDocument {
  let json: unknown;
  try {
    json = parseJsonBytes(body, SMALL_JSON);
  } catch (error) {
    return error instanceof SyntaxError ? { value: plainText(body) } : {};
  }
  if (typeof json !== 'object' || json === null) {
    return {};
  }
  return {
    kind: Object.getOwnPropertyDescriptor(json, 'kind')?.value,
    value: Object.getOwnPropertyDescriptor(json, 'value')?.value,
  };
}

function plainText(body: Buffer): string | undefined {
  // The end of what is looked at may cut a character in two.
  const start = new TextDecoder().decode(body.subarray(0, PLAIN_TEXT_BYTES), { stream: true });
  const text = printable(start.trim()).slice(0, LONGEST_PLAIN_TEXT);
  return text === '' || NOT_PLAIN.test(start) || /^[{["]/.test(text) ? undefined : text;
}
