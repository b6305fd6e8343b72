/** The keys of `lockd.toml`: how each is read, its default, and what the documentation says. Pure. */
import type { Freeze } from '../../src/calendar/freeze.ts';
import type { MaintenanceWindow } from '../../src/calendar/maintenance-window.ts';
import { isList, isTable, REFUSED } from '../../src/config/checker.ts';
import {
  absolutePath,
  listenAddress,
  LONGEST_INTERVAL_SECS,
  seconds,
  timeZone,
  wholeNumber,
  type ListenAddress,
  type Parser,
} from '../../src/config/checks.ts';
import { FREEZE_FIELDS, freezes } from '../../src/config/freezes.ts';
import { integer, PATH, SECONDS, TEXT, TEXTS, type JsonShape } from '../../src/config/json-shapes.ts';
import { maintenanceWindows, NEEDED_OF_WINDOW, WINDOW_FIELDS } from '../../src/config/maintenance-windows.ts';
import type { KeyDescriptor, Schema } from '../../src/config/read-keys.ts';
import type { TomlValue } from '../../src/config/toml.ts';
import { LOG_LEVELS, type LogLevel } from '../../src/log/log-line.ts';

/** More than a group has nodes. */
const MOST_SLOTS = 100_000;

export interface LockdValues {
  listen: ListenAddress;
  retry_after_secs: number;
  log_level: LogLevel;
  'tls.cert_file': string;
  'tls.key_file': string;
  'tls.client_ca_file': string;
  'metrics.listen': ListenAddress | undefined;
  'page.listen': ListenAddress | undefined;
  'page.token_hashes': readonly string[];
  'admin.socket': string;
  'admin.token_hashes': readonly string[];
  'etcd.endpoints': readonly string[];
  'etcd.user': string;
  'etcd.password_file': string;
  'etcd.ca_file': string;
  'etcd.cert_file': string;
  'etcd.key_file': string;
  'sqlite.file': string;
  group: readonly TomlValue[];
}

export interface LockdGroupValues {
  name: string;
  slots: number;
  max_hold_secs: number;
  pause_if_held_secs: number;
  token_hashes: readonly string[];
  client_names: readonly string[];
  time_zone: string;
  window: readonly MaintenanceWindow[];
  freeze: readonly Freeze[];
}

function text(pattern: RegExp, expected: string): Parser<string> {
  return (value, at) =>
    typeof value === 'string' && pattern.test(value) ? value : at.refuse(expected, value);
}

function texts(pattern: RegExp, expected: string): Parser<readonly string[]> {
  return (value, at) => {
    if (!isList(value)) {
      return at.refuse(`a list of ${expected}`, value);
    }
    const read = value.map((entry, index) => text(pattern, expected)(entry, at.inList(index)));
    const good = read.filter((entry) => entry !== REFUSED);
    return good.length === read.length ? good : REFUSED;
  };
}

const level: Parser<LogLevel> = (value, at) =>
  LOG_LEVELS.find((name) => name === value) ?? at.refuse(`one of ${LOG_LEVELS.join(', ')}`, value);

const tables: Parser<readonly TomlValue[]> = (value, at) =>
  isList(value) && value.length > 0 && value.every(isTable)
    ? value
    : at.refuse('a list of tables, each opened by [[group]]', value);

const TOKEN_HASH = /^sha256:[0-9a-f]{64}$/;
const hashes = texts(TOKEN_HASH, 'hashes such as zincati-fleet lockd token prints');

const endpoints = texts(/^https?:\/\/[^\s/?#@]+\/?$/, 'addresses such as "https://etcd-1.example:2379"');

function key<T>(type: string, parse: Parser<T>, json: JsonShape, fallback: T, doc: string): KeyDescriptor<T> {
  return { type, parse, json, fallback, doc };
}

function file(doc: string): KeyDescriptor<string> {
  return key('absolute path', absolutePath, PATH, '', doc);
}

export const LOCKD_KEYS: Schema<LockdValues> = {
  listen: key(
    'text "ADDRESS:PORT"',
    listenAddress,
    TEXT,
    { host: '127.0.0.1', port: 9090 },
    'where nodes ask',
  ),
  retry_after_secs: key(
    'integer',
    wholeNumber(1, 3600, 'seconds'),
    integer(1, 3600),
    60,
    'when a node that is refused may ask again',
  ),
  log_level: key('text', level, { enum: LOG_LEVELS }, 'info', 'the least severe lines that are logged'),
  'tls.cert_file': file("the server's certificate and its chain, PEM; without it, plain HTTP"),
  'tls.key_file': file('its key, PEM'),
  'tls.client_ca_file': file('authorities, PEM; with it, every client needs a certificate of one of them'),
  'metrics.listen': key(
    'text "ADDRESS:PORT"',
    listenAddress,
    TEXT,
    undefined,
    'where metrics are; without it, nowhere',
  ),
  'page.listen': key(
    'text "ADDRESS:PORT"',
    listenAddress,
    TEXT,
    undefined,
    'where the page for people is; without it, nowhere',
  ),
  'page.token_hashes': key(
    'list of texts',
    hashes,
    TEXTS,
    [],
    'tokens that open the page; without one, it must be at an address of the loopback',
  ),
  'admin.socket': key(
    'absolute path',
    absolutePath,
    PATH,
    '/run/zincati-fleet-lockd/admin.sock',
    'the socket of `zincati-fleet locks`; empty: none',
  ),
  'admin.token_hashes': key(
    'list of texts',
    hashes,
    TEXTS,
    [],
    'tokens for `zincati-fleet locks` from elsewhere; without one, there is the socket alone',
  ),
  'etcd.endpoints': key('list of texts', endpoints, TEXTS, [], 'the members of etcd'),
  'etcd.user': key(
    'text',
    text(/^\P{Cc}*$/u, 'the name of a user'),
    TEXT,
    '',
    'the user of etcd; empty: no login',
  ),
  'etcd.password_file': file('its password'),
  'etcd.ca_file': file('authorities for etcd, PEM; without it, those of the host'),
  'etcd.cert_file': file('the client certificate for etcd, PEM'),
  'etcd.key_file': file('its key, PEM'),
  'sqlite.file': file('the file, in place of etcd'),
  group: key(
    'list of tables',
    tables,
    { type: 'array', items: { type: 'object' } },
    [],
    'the groups, see below',
  ),
};

export const LOCKD_GROUP_KEYS: Schema<LockdGroupValues> = {
  name: key(
    'text',
    text(/^[a-zA-Z0-9.-]{1,200}$/, 'a name of letters, digits, dots and dashes'),
    TEXT,
    '',
    'its name',
  ),
  slots: key(
    'integer',
    wholeNumber(0, MOST_SLOTS, 'slots'),
    integer(0, MOST_SLOTS),
    1,
    'how many nodes may be down at once',
  ),
  max_hold_secs: key(
    'integer',
    seconds,
    SECONDS,
    3600,
    'a slot that is held longer is an alarm; it is not freed',
  ),
  pause_if_held_secs: key(
    'integer',
    wholeNumber(0, LONGEST_INTERVAL_SECS, 'seconds'),
    integer(0, LONGEST_INTERVAL_SECS),
    0,
    'the group pauses itself when a node holds a slot longer; 0: it never does',
  ),
  token_hashes: key(
    'list of texts',
    hashes,
    TEXTS,
    [],
    'its nodes must have one of these tokens; without one, none is asked for',
  ),
  client_names: key(
    'list of texts',
    texts(/^(?:\*\.)?[^\s*,]{1,253}$/, 'names such as "node-1.example" or "*.workers.example"'),
    TEXTS,
    [],
    'its nodes must have a certificate of one of these names; needs `tls.client_ca_file`',
  ),
  time_zone: key('text', timeZone, TEXT, 'UTC', 'time zone of its windows and freezes'),
  window: {
    ...key<readonly MaintenanceWindow[]>(
      'list of tables',
      maintenanceWindows,
      { type: 'array' },
      [],
      'when slots are lent, each opened by [[group.window]]; without one, always',
    ),
    fields: WINDOW_FIELDS,
    needed: NEEDED_OF_WINDOW,
  },
  freeze: {
    ...key<readonly Freeze[]>(
      'list of tables',
      freezes,
      { type: 'array' },
      [],
      'when none are lent, each opened by [[group.freeze]]',
    ),
    fields: FREEZE_FIELDS,
    needed: Object.keys(FREEZE_FIELDS),
  },
};
