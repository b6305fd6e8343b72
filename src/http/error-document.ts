/**
 * What update servers and lock servers say about an error: `{"kind","value"}`, or whatever a proxy makes of it. Pure.
 */
import { KIBIBYTE } from '../text/units.ts';

/** An error document has a word and a sentence. What is longer is somebody's error page. */
const LONGEST_ERROR_BODY_BYTES = 64 * KIBIBYTE;

/**
 * Both fields may be anything, and a proxy's page has neither. The content type does not count: servers get it wrong.
 */
export function errorDocument(body: Buffer): { readonly kind?: unknown; readonly value?: unknown } {
  if (body.length > LONGEST_ERROR_BODY_BYTES) {
    return {};
  }
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    if (typeof json !== 'object' || json === null) {
      return {};
    }
    return {
      kind: Object.getOwnPropertyDescriptor(json, 'kind')?.value,
      value: Object.getOwnPropertyDescriptor(json, 'value')?.value,
    };
  } catch {
    return {};
  }
}
