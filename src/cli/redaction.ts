/**
 * Takes out of a text what strangers must not see: secrets, and who this node is. Pure.
 *
 * Invariants:
 * - What is known to be secret is taken out wherever it stands.
 * - What looks like a secret is taken out too: better too much than too little.
 * - A shortened id still tells two nodes apart.
 */
import { withoutSecrets } from '../text/secrets.ts';

export interface Known {
  /** Passwords and tokens, as they may stand in a text. */
  readonly secrets: readonly string[];
  /** Ids of 32 hex digits: the node's, the machine's, the boot's. */
  readonly ids: readonly string[];
  /** Names of this host. */
  readonly hostNames: readonly string[];
}

const HIDDEN = '***';
const HOST = 'THIS-HOST';
/** Names that are no secret, and stand in ordinary sentences. */
const EVERYDAY_NAMES: ReadonlySet<string> = new Set([
  'localhost',
  'fedora',
  'core',
  'host',
  'node',
  'zincati',
]);
const SHORTEST_NAME = 2;

const PRIVATE_KEY =
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/g;
/**
 * User and password of an address: up to the last @ before a blank, since a password may have one. The digest of an image
 * stays.
 */
const USER_IN_ADDRESS = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s"'<>]{0,2000}@(?!sha(?:256|512):)/gi;
const QUERY = /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s"'<>?#]{1,2000})[?#][^\s"'<>]*/gi;
const CREDENTIAL = /\b(Bearer|Basic|Digest|Negotiate)\s+[\w~+/.=-]{6,}/gi;
/** `token=...`, `"password": "..."`, `api_key = '...'`. A file's name is no secret: `bearer_file` and the like stay. */
const NAMED_SECRET =
  /((?:pass(?:word|wd|phrase)?|token|secret|api[_-]?key|access[_-]?key|credential|authorization|cookie)["']?\s*[=:]\s*)(?:"[^"\n]*"|'[^'\n]*'|[^\s,;"'}]+)/gi;

/** `text` as it may be shown to anybody. */
export function redacted(text: string, { secrets, ids, hostNames }: Known): string {
  const shapeless = text
    .replaceAll(PRIVATE_KEY, '(a private key was here)')
    .replaceAll(CREDENTIAL, `$1 ${HIDDEN}`)
    .replaceAll(USER_IN_ADDRESS, `$1${HIDDEN}@`)
    .replaceAll(QUERY, `$1?${HIDDEN}`)
    .replaceAll(NAMED_SECRET, `$1${HIDDEN}`);
  const shortened = ids
    .filter((id) => id !== '')
    .reduce((left, id) => withoutId(left, id), withoutSecrets(shapeless, secrets));
  return namesToHide(hostNames).reduce((left, name) => withoutName(left, name), shortened);
}

/** `1e0a...9c`. */
export function shortId(id: string): string {
  return `${id.slice(0, 4)}...${id.slice(-2)}`;
}

/** With and without the dashes of a UUID, in either case. */
function withoutId(text: string, id: string): string {
  const dashed = id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return [id, dashed].reduce(
    (left, form) => left.replaceAll(new RegExp(escaped(form), 'gi'), shortId(id)),
    text,
  );
}

/** Whole names, and what comes before the first dot; the longest first. */
function namesToHide(hostNames: readonly string[]): readonly string[] {
  const all = new Set(hostNames.flatMap((name) => [name, name.split('.')[0] ?? '']));
  return [...all]
    .filter((name) => name.length >= SHORTEST_NAME && !EVERYDAY_NAMES.has(name.toLowerCase()))
    .toSorted((a, b) => b.length - a.length);
}

/** Not within a longer word. */
function withoutName(text: string, name: string): string {
  return text.replaceAll(new RegExp(`(?<![\\w-])${escaped(name)}(?![\\w-])`, 'gi'), HOST);
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
