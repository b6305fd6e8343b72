/**
 * The grammar of D-Bus names. A bus disconnects any client that sends a malformed name, so names are checked before
 * they are sent. Pure.
 */

const LONGEST_NAME = 255;

const OBJECT_PATH = /^\/$|^(?:\/[A-Za-z0-9_]+)+$/;
const INTERFACE = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)+$/;
const MEMBER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const UNIQUE_NAME = /^:[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+$/;
const WELL_KNOWN_NAME = /^[A-Za-z_-][A-Za-z0-9_-]*(?:\.[A-Za-z_-][A-Za-z0-9_-]*)+$/;

export function isObjectPath(text: string): boolean {
  return OBJECT_PATH.test(text);
}

/** Error names have the same grammar. */
export function isInterfaceName(text: string): boolean {
  return text.length <= LONGEST_NAME && INTERFACE.test(text);
}

export function isMemberName(text: string): boolean {
  return text.length <= LONGEST_NAME && MEMBER.test(text);
}

export function isUniqueName(text: string): boolean {
  return text.length <= LONGEST_NAME && UNIQUE_NAME.test(text);
}

export function isBusName(text: string): boolean {
  return isUniqueName(text) || (text.length <= LONGEST_NAME && WELL_KNOWN_NAME.test(text));
}
