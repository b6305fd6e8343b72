/** A text in quotes, as TOML has it. Pure. */

/** Control characters and what could reorder a line are escaped. JSON's other escapes are TOML's as well. */
export function quotedText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
