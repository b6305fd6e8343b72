/**
 * Reads `lockd.toml`, and the files that it names.
 *
 * Invariants:
 * - Everything that is wrong is told at once: file, key, what was expected, what was found.
 * - An unknown key is an error. A lock that is not what its author thinks lends too much.
 * - No message has a byte of a key, a password or a token.
 */
import { createSecureContext } from 'node:tls';
import { Checker, type Findings } from '../../src/config/checker.ts';
import type { ListenAddress } from '../../src/config/checks.ts';
import { readKeys } from '../../src/config/read-keys.ts';
import { parseToml } from '../../src/config/toml.ts';
import { ConfigError, messageOf, printable, reasonOf } from '../../src/errors.ts';
import { readCredentialFile } from '../../src/files/credential-file.ts';
import { readSmallFile } from '../../src/files/read-small-file.ts';
import type { LogLevel } from '../../src/log/log-line.ts';
import { MEBIBYTE, SECOND_MS } from '../../src/text/units.ts';
import { allOf, reportRepeatedNames, reportUnknown, withDefaults } from '../toml-keys.ts';
import { groupOf, hexOf, KNOWN_GROUP_KEYS, type LockdGroup } from './config-groups.ts';
import { LOCKD_KEYS, type LockdValues } from './config-keys.ts';
import type { EtcdOptions } from './etcd-gateway.ts';

export const DEFAULT_CONFIG = '/etc/zincati-fleet/lockd.toml';

/** PEM. */
export interface ServerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa: Buffer | undefined;
}

export type StoreConfig =
  | { readonly kind: 'etcd'; readonly options: EtcdOptions }
  | { readonly kind: 'sqlite'; readonly file: string };

export interface LockdConfig {
  readonly listen: ListenAddress;
  readonly retryAfterMs: number;
  readonly logLevel: LogLevel;
  readonly tls: ServerTls | undefined;
  readonly metricsListen: ListenAddress | undefined;
  readonly pageListen: ListenAddress | undefined;
  readonly pageTokenHashes: readonly string[];
  readonly adminSocket: string | undefined;
  readonly adminTokenHashes: readonly string[];
  readonly store: StoreConfig;
  readonly groups: readonly LockdGroup[];
  /** One sentence each. */
  readonly warnings: readonly string[];
}

const MOST_BYTES = MEBIBYTE;
const MOST_PASSWORD_BYTES = 4096;
const LOOPBACK = /^(?:127\.|::1$|localhost$)/;

export function isLoopback({ host }: ListenAddress): boolean {
  return LOOPBACK.test(host);
}

/** Rejects with ConfigError. `warn`: about time zones that cannot be read, also later. */
export async function readLockdConfig(
  file: string,
  warn: (text: string) => void = () => undefined,
): Promise<LockdConfig> {
  const shown = printable(file);
  const bytes = await readSmallFile(file, MOST_BYTES).catch((error: unknown) => {
    throw new ConfigError('config_unreadable', `cannot read ${shown}: ${reasonOf(error)}`, { cause: error });
  });
  const findings: Findings = { errors: [], warnings: [], unknownKeys: [] };
  const at = new Checker(shown, findings);
  const values = withDefaults(LOCKD_KEYS, readKeys<LockdValues>(LOCKD_KEYS, parseToml(bytes, shown), at));
  const read = await Promise.all(
    values.group.map((table, index) => groupOf(table, at.inTable('group').inList(index), warn)),
  );
  const groups = read.flatMap((each) => each?.group ?? []);
  if (values.group.length === 0 && findings.errors.length === 0) {
    at.inTable('group').refuseText('must be there: a list of tables, each opened by [[group]]');
  }
  reportRepeatedNames(
    groups.map(({ name }) => name),
    at,
  );
  reportUnknown(findings, shown, [...Object.keys(LOCKD_KEYS), ...KNOWN_GROUP_KEYS], 'lockd');
  const files = new NamedFiles(at);
  const tls = await tlsOf(values, files, at);
  const store = await storeOf(values, files, at);
  if (values['tls.client_ca_file'] === '' && groups.some(({ clientNames }) => clientNames.length > 0)) {
    at.inTable('group').refuseText('must have client_names only where tls.client_ca_file is given');
  }
  const page = values['page.listen'];
  if (page !== undefined && !isLoopback(page) && values['page.token_hashes'].length === 0) {
    at.inTable('page')
      .inTable('listen')
      .refuseText(
        `must be an address of the loopback, such as "127.0.0.1:9092", where page.token_hashes is not given, got ${JSON.stringify(`${page.host}:${page.port}`)}`,
      );
  }
  if (findings.errors.length > 0 || store === undefined) {
    throw allOf(findings.errors);
  }
  return {
    listen: values.listen,
    retryAfterMs: values.retry_after_secs * SECOND_MS,
    logLevel: values.log_level,
    tls,
    metricsListen: values['metrics.listen'],
    pageListen: values['page.listen'],
    pageTokenHashes: values['page.token_hashes'].map(hexOf),
    adminSocket: values['admin.socket'] === '' ? undefined : values['admin.socket'],
    adminTokenHashes: values['admin.token_hashes'].map(hexOf),
    store,
    groups,
    warnings: [
      ...findings.warnings,
      ...read.flatMap((each) => each?.warnings ?? []),
      ...openDoors(values, groups, tls),
    ],
  };
}

/** Reads what keys name, and tells the checker what is wrong. */
class NamedFiles {
  readonly #at: Checker;

  constructor(at: Checker) {
    this.#at = at;
  }

  /** Undefined: none is named, or it cannot be used. */
  async read(
    key: string,
    path: string,
    options: { readonly secret: boolean; readonly maxBytes: number },
  ): Promise<Buffer | undefined> {
    if (path === '') {
      return undefined;
    }
    try {
      return await readCredentialFile('/', { key, path, ...options });
    } catch (error) {
      this.refuse(key, messageOf(error).replace(`${key}: `, ''));
      return undefined;
    }
  }

  refuse(key: string, sentence: string): void {
    key
      .split('.')
      .reduce((at, part) => at.inTable(part), this.#at)
      .refuseText(`names a file: ${sentence}`);
  }
}

async function tlsOf(values: LockdValues, files: NamedFiles, at: Checker): Promise<ServerTls | undefined> {
  const open = { secret: false, maxBytes: MEBIBYTE };
  const cert = await files.read('tls.cert_file', values['tls.cert_file'], open);
  const key = await files.read('tls.key_file', values['tls.key_file'], { ...open, secret: true });
  const clientCa = await files.read('tls.client_ca_file', values['tls.client_ca_file'], open);
  if ((values['tls.cert_file'] === '') !== (values['tls.key_file'] === '')) {
    at.inTable('tls').refuseText('must have both cert_file and key_file, or none');
  }
  if (values['tls.client_ca_file'] !== '' && values['tls.cert_file'] === '') {
    at.inTable('tls').refuseText('must have cert_file and key_file where client_ca_file is given');
  }
  if (cert === undefined || key === undefined) {
    return undefined;
  }
  try {
    createSecureContext({ cert, key, ...(clientCa !== undefined && { ca: clientCa }) });
  } catch (error) {
    files.refuse('tls.key_file', `it must be the key of tls.cert_file, both PEM, got: ${messageOf(error)}`);
  }
  if (clientCa !== undefined && !/-----BEGIN CERTIFICATE-----/.test(clientCa.toString('latin1'))) {
    files.refuse('tls.client_ca_file', 'it must hold a PEM certificate, got none');
  }
  return { cert, key, clientCa };
}

async function storeOf(
  values: LockdValues,
  files: NamedFiles,
  at: Checker,
): Promise<StoreConfig | undefined> {
  const endpoints = values['etcd.endpoints'];
  const file = values['sqlite.file'];
  if ((endpoints.length === 0) === (file === '')) {
    at.refuseText('must have either etcd.endpoints or sqlite.file');
    return undefined;
  }
  if (file !== '') {
    return { kind: 'sqlite', file };
  }
  const open = { secret: false, maxBytes: MEBIBYTE };
  const ca = await files.read('etcd.ca_file', values['etcd.ca_file'], open);
  const cert = await files.read('etcd.cert_file', values['etcd.cert_file'], open);
  const key = await files.read('etcd.key_file', values['etcd.key_file'], { ...open, secret: true });
  const password = await files.read('etcd.password_file', values['etcd.password_file'], {
    secret: true,
    maxBytes: MOST_PASSWORD_BYTES,
  });
  const user = values['etcd.user'];
  if ((user === '') !== (values['etcd.password_file'] === '')) {
    at.inTable('etcd').refuseText('must have both user and password_file, or none');
  }
  if ((values['etcd.cert_file'] === '') !== (values['etcd.key_file'] === '')) {
    at.inTable('etcd').refuseText('must have both cert_file and key_file, or none');
  }
  return {
    kind: 'etcd',
    options: {
      endpoints,
      ...(password !== undefined && {
        login: { user, password: password.toString('utf8').replace(/[\r\n]+$/, '') },
      }),
      tls: {
        ...(ca !== undefined && { ca }),
        ...(cert !== undefined && { cert }),
        ...(key !== undefined && { key }),
      },
    },
  };
}

function openDoors(
  { listen, 'admin.token_hashes': adminTokens, 'page.listen': page }: LockdValues,
  groups: readonly LockdGroup[],
  tls: ServerTls | undefined,
): readonly string[] {
  const ofPage =
    page !== undefined && !isLoopback(page) && tls === undefined
      ? ['tokens for the page travel in clear text: tls.cert_file is not given']
      : [];
  if (isLoopback(listen)) {
    return ofPage;
  }
  const hasTokens = adminTokens.length > 0 || groups.some(({ tokenHashes }) => tokenHashes.length > 0);
  const open = groups.filter(
    ({ tokenHashes, clientNames }) =>
      tokenHashes.length === 0 && clientNames.length === 0 && tls?.clientCa === undefined,
  );
  return [
    ...ofPage,
    ...(tls === undefined && hasTokens ? ['tokens travel in clear text: tls.cert_file is not given'] : []),
    ...open.map(
      ({ name }) => `whoever reaches ${listen.host}:${listen.port} can free the slots of group ${name}`,
    ),
  ];
}
