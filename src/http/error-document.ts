/**
 * What update servers and lock servers say about an error: `{"kind","value"}`, a line of plain text, or whatever a proxy
 * makes of it. Pure.
 */
import { KIBIBYTE } from '../text/units.ts';

/** An error document has a word and a sentence. What is longer is somebody's error page. */
const LONGEST_ERROR_BODY_BYTES = 64 * KIBIBYTE;

/** A sentence for people has one line or a few; what is longer is somebody's error page. */
const LONGEST_PLAIN_TEXT = 1000;

/**
 * Both fields may be anything, and a proxy's page has neither. Plain text is the value. The content type does not count:
 * servers get it wrong.
 */
export function errorDocument(body: Buffer): { readonly kind?: unknown; readonly value?: unknown } {
  if (body.length > LONGEST_ERROR_BODY_BYTES) {
    return {};
  }
  const text = body.toString('utf8').trim();
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'string') {
      return { value: json };
    }
    if (typeof json !== 'object' || json === null) {
      return {};
    }
    return {
      kind: Object.getOwnPropertyDescriptor(json, 'kind')?.value,
      value: Object.getOwnPropertyDescriptor(json, 'value')?.value,
    };
  } catch {
    return isPlainText(text) ? { value: text } : {};
  }
}

/** Neither markup nor bytes, nor JSON that was cut off. */
function isPlainText(text: string): boolean {
  return (
    text !== '' &&
    text.length <= LONGEST_PLAIN_TEXT &&
    /^[^<{[\p{Cc}\uFFFD][^\p{Cc}\uFFFD]*$/u.test(text.replaceAll(/[\r\n\t]+/g, ' '))
  );
}
