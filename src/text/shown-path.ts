/**
 * A path of the configuration as people may see it. Somebody may have pasted the contents of a file in place of its path:
 * a key, a token, a password. Pure.
 *
 * Invariants:
 * - What does not look like a path is not shown, not even in part.
 * - What is shown is at most {@link LONGEST_SHOWN} characters long and printable.
 */
import { printable } from './printable.ts';

/** Stands for what is not shown. */
export const HIDDEN_PATH = 'a value that is not shown, since it does not look like a path';

/** Keys of the configuration beside which somebody may have put what belongs into the file. */
export const SECRET_KEY = /(?:_file|token|secret|password|credential)s?\b/;

/** Longer ones are cut: their beginning says enough. */
export const LONGEST_SHOWN = 200;

const PATH = /^[\p{L}\p{N}_./@:+~, -]+$/u;
/** How a path begins that is not absolute, or how it ends. */
const RELATIVE = /^(?:\.{1,2}|~)\/|\.[a-z]{1,8}$/;
/** Longer than any word that mixes these, and as keys and tokens are written. */
const ENCODED = /(?=[^/]*[A-Z])(?=[^/]*[a-z])(?=[^/]*\d)[A-Za-z0-9+=_-]{16,}|[0-9a-fA-F]{32,}/;
const MIXED = /[A-Za-z].*\d|\d.*[A-Za-z]/;

/** `text`, printable and bounded, or {@link HIDDEN_PATH}. */
export function shownPath(text: string): string {
  if (!looksLikePath(text)) {
    return HIDDEN_PATH;
  }
  return printable(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);
}

export function looksLikePath(text: string): boolean {
  if (!PATH.test(text) || mayBeSecret(text)) {
    return false;
  }
  return text.startsWith('/') || (RELATIVE.test(text) && !text.split('/').some((part) => MIXED.test(part)));
}

/** Whether `text` has in it what keys and tokens look like. */
export function mayBeSecret(text: string): boolean {
  return text.includes('-----BEGIN') || ENCODED.test(text);
}
