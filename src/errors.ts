/**
 * Every error class of the agent.
 *
 * Invariants:
 * - Each instance has a `kind` from the catalogue below, or a sanitised kind that a Cincinnati server sent.
 * - Each kind is fit for a metric label; docs/errors.md explains those of the catalogue.
 * - Messages follow one grammar: "cannot X: Y must be Z, got V".
 */

import { printable } from './text/printable.ts';

export { printable };

/** Anything that the agent expects to go wrong. `kind` is stable, `message` is for people, `cause` is the origin. */
export abstract class AgentError extends Error {
  abstract readonly kind: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

export const CONFIG_ERROR_KINDS = ['config_unreadable', 'config_syntax', 'config_invalid'] as const;
export type ConfigErrorKind = (typeof CONFIG_ERROR_KINDS)[number];

/** The configuration cannot be used. The message names the file, the key, what was expected and what was found. */
export class ConfigError extends AgentError {
  readonly kind: ConfigErrorKind;
  /** Warnings that may explain the error, one sentence each. */
  readonly notes: readonly string[];
  /** What is missing may come by itself, so nobody has to change a file. */
  readonly mayCome: boolean;

  constructor(
    kind: ConfigErrorKind,
    message: string,
    options?: ErrorOptions & { readonly notes?: readonly string[]; readonly mayCome?: boolean },
  ) {
    super(message, options);
    this.kind = kind;
    this.notes = options?.notes ?? [];
    this.mayCome = options?.mayCome ?? false;
  }
}

export const IDENTITY_ERROR_KINDS = [
  'identity_machine_id',
  'identity_platform',
  'identity_basearch',
  'identity_stream',
] as const;
export type IdentityErrorKind = (typeof IDENTITY_ERROR_KINDS)[number];

/** A fact about this node is missing. The message says which key to set. */
export class IdentityError extends AgentError {
  readonly kind: IdentityErrorKind;
  /** What is missing may come by itself, so nobody has to set a key. */
  readonly mayCome: boolean;

  constructor(
    kind: IdentityErrorKind,
    message: string,
    options?: ErrorOptions & { readonly mayCome?: boolean },
  ) {
    super(message, options);
    this.kind = kind;
    this.mayCome = options?.mayCome ?? false;
  }
}

/** Whether the configuration, or the identity of the node, is at fault. Pure. */
export function isSetupError(error: unknown): error is ConfigError | IdentityError {
  return error instanceof ConfigError || error instanceof IdentityError;
}

export const CINCINNATI_ERROR_KINDS = [
  'client_failed_request',
  'client_failed_json_decoding',
  'client_failed_node_lookup',
  'client_failed_node_parsing',
  'client_failed_build',
] as const;
export type CincinnatiErrorKind = (typeof CINCINNATI_ERROR_KINDS)[number];

/**
 * An update check failed. `kind` is one of {@link CINCINNATI_ERROR_KINDS}, `generic_http_CODE`, or the kind that the
 * server sent, with its length and characters bounded. `retryAfterMs`: from the server's Retry-After; undefined without
 * one.
 */
export class CincinnatiError extends AgentError {
  readonly kind: string;
  readonly retryAfterMs: number | undefined;

  constructor(kind: string, message: string, options?: ErrorOptions & { retryAfterMs?: number | undefined }) {
    super(message, options);
    this.kind = kind;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

export const HTTP_ERROR_KINDS = [
  /** No connection: name not found, refused, unreachable, or the proxy said no. */
  'http_unreachable',
  'http_tls',
  'http_timeout',
  'http_too_large',
  'http_redirect_refused',
  /** The connection broke midway, or the reply is not HTTP. */
  'http_broken_reply',
  'http_bad_proxy',
  /** A file with a certificate, a key or a token cannot be used. */
  'http_bad_credentials',
] as const;
export type HttpErrorKind = (typeof HTTP_ERROR_KINDS)[number];

/** An HTTP request got no complete answer. An answer of any status is not an HttpError. */
export class HttpError extends AgentError {
  readonly kind: HttpErrorKind;

  constructor(kind: HttpErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export const FLEET_LOCK_ERROR_KINDS = [
  /** No valid address can be made from the settings. */
  'fleet_lock_misconfigured',
  /** A file with a certificate, a key or a token cannot be used. */
  'fleet_lock_credentials',
  /** No complete answer came, so it is unknown whether the server did what it was asked. */
  'fleet_lock_unreachable',
  /** 401, 403: the server does not accept this node. */
  'fleet_lock_unauthorized',
  /** Other 4xx, or a redirect: the server does not understand the request, or sends it elsewhere. */
  'fleet_lock_refused',
  /** 5xx, 429: the server cannot answer at the moment. */
  'fleet_lock_unavailable',
] as const;
export type FleetLockErrorKind = (typeof FLEET_LOCK_ERROR_KINDS)[number];

/**
 * The lock server did not do what it was asked, for a reason other than that all slots are taken. `label` is the metric
 * label: one of Zincati's, or the kind that the server sent, bounded. `retryAfterMs`: from the server's Retry-After;
 * undefined without one.
 */
export class FleetLockError extends AgentError {
  readonly kind: FleetLockErrorKind;
  readonly label: string;
  readonly retryAfterMs: number | undefined;

  constructor(
    kind: FleetLockErrorKind,
    label: string,
    message: string,
    options?: ErrorOptions & { retryAfterMs?: number | undefined },
  ) {
    super(message, options);
    this.kind = kind;
    this.label = label;
    this.retryAfterMs = options?.retryAfterMs;
  }
}

export const BUS_ERROR_KINDS = [
  'bus_unreachable',
  'bus_auth_failed',
  'bus_closed',
  'bus_call_timeout',
  'bus_call_cancelled',
  'bus_remote_error',
  'bus_malformed_message',
] as const;
export type BusErrorKind = (typeof BUS_ERROR_KINDS)[number];

/**
 * A D-Bus connection or call failed. For kind `bus_remote_error`, `errorName` is the remote error's D-Bus name, and
 * `remoteText` its own words, printable.
 */
export class BusError extends AgentError {
  readonly kind: BusErrorKind;
  readonly errorName: string | undefined;
  readonly remoteText: string | undefined;

  constructor(
    kind: BusErrorKind,
    message: string,
    options?: ErrorOptions & { errorName?: string | undefined; remoteText?: string | undefined },
  ) {
    super(message, options);
    this.kind = kind;
    this.errorName = options?.errorName;
    this.remoteText = options?.remoteText;
  }
}

export const RPM_OSTREE_ERROR_KINDS = [
  /** Another transaction runs. The agent waits; it never counts as a failure. */
  'rpm_ostree_busy',
  /** A reboot is under way, and nothing is begun any more. It never counts as a failure. */
  'rpm_ostree_rebooting',
  'rpm_ostree_access_denied',
  'rpm_ostree_unreachable',
  'rpm_ostree_malformed_reply',
  /** The transaction ended with Finished(false, text). */
  'rpm_ostree_transaction_failed',
  /** The daemon died midway. The outcome is unknown until the deployments are read again. */
  'rpm_ostree_transaction_lost',
  /** The transaction made no progress for too long, and was cancelled. */
  'rpm_ostree_transaction_stalled',
  /** Another client cancelled the transaction. It is not a failure; the agent tries again. */
  'rpm_ostree_transaction_cancelled',
  'rpm_ostree_no_staged_deployment',
  'rpm_ostree_staged_mismatch',
  /** Somebody has changed what is staged since it was read. Nothing was done. */
  'rpm_ostree_staged_changed',
  'rpm_ostree_already_unlocked',
  'rpm_ostree_inhibited',
  'rpm_ostree_unverified_target',
  'rpm_ostree_failed',
] as const;
export type RpmOstreeErrorKind = (typeof RPM_OSTREE_ERROR_KINDS)[number];

/** rpm-ostree refused, failed or vanished. */
export class RpmOstreeError extends AgentError {
  readonly kind: RpmOstreeErrorKind;

  constructor(kind: RpmOstreeErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

/** The agent's record cannot be written. */
export class RecordError extends AgentError {
  readonly kind = 'record_unwritable';
}

/** The agent cannot start: it has another user than the unit, or another agent is at work. */
export class StartError extends AgentError {
  readonly kind = 'cannot_start';
}

/** A wait ended because its owner abandoned it, on SIGTERM or at a deadline of its own. Never logged as a failure. */
export class CancelledError extends AgentError {
  readonly kind = 'cancelled';
}

/** The message of anything thrown, made printable on one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return printable(text === '' && error instanceof Error ? error.name : text);
}

/** `EACCES: permission denied, open '/x'`, as Node words an error of the system. */
const OF_THE_SYSTEM = /^([A-Z][A-Z0-9]+): ([^,]+), \w+/;

/** The same in plain words where the system says it: `permission denied (EACCES)`. The caller names the file. */
export function reasonOf(error: unknown): string {
  const text = messageOf(error);
  const [, code, words] = OF_THE_SYSTEM.exec(text) ?? [];
  return code === undefined || words === undefined ? text : `${words} (${code})`;
}

/** The same with its line breaks kept: a configuration with several faults has one on each line. */
export function linesOf(error: unknown): string {
  return error instanceof Error && error.message !== ''
    ? error.message.split('\n').map(printable).join('\n')
    : messageOf(error);
}

/** The `kind` of anything thrown; `internal` when it is not an {@link AgentError}. */
export function kindOf(error: unknown): string {
  return error instanceof AgentError ? error.kind : 'internal';
}
