/** Parsers for the values of single keys. Each checks type and range; a refusal says what was expected. Pure. */
import { isIP, isIPv4 } from 'node:net';

import { DAY_MS, SECOND_MS } from '../text/units.ts';
import { expandTemplate, TEMPLATE_NAMES } from '../text/url-template.ts';
import { type Checker, isList, type Refused, REFUSED } from './checker.ts';
import type { TomlValue } from './toml.ts';

export type Parser<T> = (value: TomlValue, at: Checker) => T | Refused;

export const yesOrNo: Parser<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : at.refuse('true or false', value);

/** Ten years. Longer intervals are shortened to this, so that arithmetic with instants stays exact. */
export const LONGEST_INTERVAL_SECS = (10 * 366 * DAY_MS) / SECOND_MS;

export const seconds: Parser<number> = (value, at) => {
  if (typeof value !== 'bigint' || value <= 0n) {
    return at.refuse('a whole number of seconds greater than 0', value);
  }
  return value > BigInt(LONGEST_INTERVAL_SECS) ? LONGEST_INTERVAL_SECS : Number(value);
};

export function wholeNumber(least: number, most: number, unit: string): Parser<number> {
  return (value, at) =>
    typeof value === 'bigint' && value >= BigInt(least) && value <= BigInt(most)
      ? Number(value)
      : at.refuse(`a whole number of ${unit} from ${least} to ${most}`, value);
}

/** Accepts integers too: `1` means `1.0`. */
export const fraction: Parser<number> = (value, at) => {
  const number = typeof value === 'bigint' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= 1
    ? number
    : at.refuse('a number from 0.0 to 1.0', value);
};

/** A text that matches `pattern`, or an empty text. The latter means "as if not set" and overrides an earlier file. */
export function word(pattern: RegExp, characters: string): Parser<string> {
  return (value, at) => {
    if (typeof value !== 'string') {
      return at.refuse('a text', value);
    }
    return value === '' || pattern.test(value) ? value : at.refuse(`a text of ${characters} only`, value);
  };
}

const UUID_DIGITS = /^[0-9a-f]{32}$/;
/** `{…}` and `urn:uuid:…`, as other programs write identities and Zincati reads them. */
const UUID_WRAPPED = /^(?:\{([^{}]*)\}|urn:uuid:(.*))$/i;

export const uuid: Parser<string> = (value, at) => {
  if (typeof value !== 'string') {
    return at.refuse('a text of 32 hexadecimal digits', value);
  }
  const [, inBraces, afterUrn] = UUID_WRAPPED.exec(value) ?? [];
  const digits = (inBraces ?? afterUrn ?? value).replaceAll('-', '').toLowerCase();
  // Zincati accepts it, and a lock server may have lent a slot under it. A node that works must not stop or be renamed.
  if (/^0{32}$/.test(digits)) {
    at.warn(
      'is all zeros: a node of the same name can take and give back its reboot slot; give each node its own',
    );
  }
  return value === '' || UUID_DIGITS.test(digits)
    ? digits
    : at.refuse('32 hexadecimal digits, with or without dashes', value);
};

/** As the kernel has it, without the byte at the end. */
const LONGEST_PATH = 4095;

/** An absolute path on the host, or an empty text, which means "as if not set". */
export const absolutePath: Parser<string> = (value, at) =>
  typeof value === 'string' &&
  value.length <= LONGEST_PATH &&
  (value === '' || /^\/(?:\P{Cc}*[^\p{Cc}/])$/u.test(value))
    ? value
    : at.refuse('the absolute path of a file', value);

const USER_NAME = /^[^\s:/\p{Cc}]+$/u;

export const userNames: Parser<readonly string[]> = (value, at) => {
  if (!isList(value)) {
    return at.refuse('a list of user names', value);
  }
  const names = value.filter((entry) => typeof entry === 'string' && USER_NAME.test(entry));
  value.forEach((entry, index) => {
    if (!names.includes(entry)) {
      at.inList(index).refuse('the name of a user', entry);
    }
  });
  return names.length === value.length ? [...new Set(names)].map(String) : REFUSED;
};

/**
 * One of `names`, or a list of them. The result is always a list, without repetitions. An empty text gives an empty list,
 * which means "as if not set".
 */
export function namesOutOf<const N extends string>(names: readonly N[]): Parser<readonly N[]> {
  const expected = `one of ${names.join(', ')}, or a list of them`;
  return (value, at) => {
    if (value === '') {
      return [];
    }
    const entries = isList(value) ? value : [value];
    if (entries.length === 0) {
      return at.refuse(expected, value);
    }
    const chosen: N[] = [];
    const refused: TomlValue[] = [];
    entries.forEach((entry, index) => {
      const name = names.find((known) => known === entry);
      if (name === undefined) {
        (isList(value) ? at.inList(index) : at).refuse(
          isList(value) ? `one of ${names.join(', ')}` : expected,
          entry,
        );
        refused.push(entry);
      } else if (!chosen.includes(name)) {
        chosen.push(name);
      }
    });
    return chosen.length === 0 || refused.length > 0 ? REFUSED : chosen;
  };
}

/** An http(s) address that may contain templates. It is checked with each template replaced by a letter. */
export const urlTemplate: Parser<string> = (written, at) => {
  const expected = 'an http:// or https:// address';
  if (typeof written !== 'string') {
    return at.refuse(expected, written);
  }
  // Blanks around an address are no part of it, for Zincati neither.
  const value = written.trim();
  if (value === '') {
    return value;
  }
  const address = expandTemplate(value, { basearch: 'x', group: 'x', platform: 'x', stream: 'x' });
  if (address.includes('${')) {
    const known = TEMPLATE_NAMES.map((name) => `\${${name}}`).join(', ');
    return at.refuse(
      `${expected} with no other templates than ${known}, and attributes such as \${AFTERBURN_AWS_REGION}`,
      value,
    );
  }
  const url = URL.parse(address);
  const http = url !== null && (url.protocol === 'http:' || url.protocol === 'https:');
  if (!http) {
    return at.refuse(expected, written);
  }
  return /[\s\p{Cc}]/u.test(value) ? at.refuse(`${expected} without blanks`, written) : value;
};

/** The folders of tzdata that have every zone once more, with and without leap seconds. */
const SAME_ZONES = /^(?:posix|right)\//;

/** `localtime`, or a zone that the runtime knows. Bare offsets such as `+02:00` are not zone names. */
export const timeZone: Parser<string> = (value, at) => {
  const expected = 'a time zone name such as "Europe/Berlin", or "localtime"';
  if (typeof value !== 'string') {
    return at.refuse(expected, value);
  }
  if (value === '' || value === 'localtime') {
    return value;
  }
  // The clock of the host does not count leap seconds, so that all three are one zone.
  const name = value.replace(SAME_ZONES, '');
  return /^[A-Za-z]/.test(name) && isKnownZone(name) ? name : at.refuse(expected, value);
};

function isKnownZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export interface ListenAddress {
  /** An IP address without brackets, or `localhost`. */
  readonly host: string;
  readonly port: number;
}

const HOST_AND_PORT = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/;

export const listenAddress: Parser<ListenAddress> = (value, at) => {
  const expected = 'ADDRESS:PORT with an IP address or localhost, such as "127.0.0.1:9100" or "[::1]:9100"';
  const match = typeof value === 'string' ? HOST_AND_PORT.exec(value) : null;
  if (match === null) {
    return at.refuse(expected, value);
  }
  const [, bracketed, bare = '', digits] = match;
  const port = Number(digits);
  const host = bracketed ?? bare;
  const good = bracketed === undefined ? isIPv4(host) || host === 'localhost' : isIP(host) === 6;
  return good && port >= 1 && port <= 65_535 ? { host, port } : at.refuse(expected, value);
};
