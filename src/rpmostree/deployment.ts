/**
 * Decodes rpm-ostree's deployment dictionaries, from D-Bus or from the output of `rpm-ostree status --json`. Only what
 * the agent decides with is kept. Pure.
 *
 * Invariants:
 * - A malformed deployment that is not booted is left out with a warning. It never stops the agent.
 * - A malformed booted deployment is an error that names the field.
 * - Nothing of a dictionary stays in memory: the metadata of an image may have 600 kB, a Deployment less than one.
 */
import type { Deployment } from '../agent/ports.ts';
import type { Payload } from '../agent/release.ts';
import { Variant } from '../dbus/types.ts';
import { messageOf, RpmOstreeError } from '../errors.ts';
import { METADATA_JSON, parseJsonText } from '../text/bounded-json.ts';
import { printable } from '../text/printable.ts';
import { parseImageReference } from './image-reference.ts';

export interface DecodedDeployments {
  readonly booted: Deployment;
  readonly staged: Deployment | undefined;
  /** In boot order. */
  readonly deployments: readonly Deployment[];
  /** Why deployments were left out, one sentence each. */
  readonly warnings: readonly string[];
}

/** Decodes the property `Deployments`. Throws RpmOstreeError `rpm_ostree_malformed_reply`. */
export function decodeDeployments(value: unknown): DecodedDeployments {
  const list = unwrap(value);
  if (!Array.isArray(list)) {
    throw malformed(`the property Deployments must be a list, got ${nameOfType(list)}`);
  }
  const deployments: Deployment[] = [];
  const warnings: string[] = [];
  for (const item of list) {
    try {
      deployments.push(decodeDeployment(item));
    } catch (error) {
      if (isIndispensable(item)) {
        throw error;
      }
      warnings.push(messageOf(error));
    }
  }
  const booted = deployments.find((deployment) => deployment.booted);
  if (booted === undefined) {
    throw malformed(['none of them is booted', ...warnings].join('; '));
  }
  const staged = deployments.find((deployment) => deployment.staged);
  return { booted, staged, deployments, warnings };
}

/** Without this deployment, readable or not, the agent cannot go on: it says that it is booted. */
export function isIndispensable(value: unknown): boolean {
  return lookup(value)?.('booted') === true;
}

/** Decodes a deployment in JSON form that replaces the booted one. Throws as {@link decodeDeployment} does. */
export function fromStatusJson(value: unknown): Deployment {
  return { ...decodeDeployment(value), booted: true, staged: false, finalizationLocked: undefined };
}

/** Decodes one deployment. Throws RpmOstreeError `rpm_ostree_malformed_reply`, whose message names the field. */
export function decodeDeployment(value: unknown): Deployment {
  const get = lookup(value);
  if (get === undefined) {
    throw malformed(`it must be a dictionary, got ${nameOfType(unwrap(value))}`);
  }
  const id = text(get, 'id');
  const checksum = text(get, 'checksum');
  if (id === undefined) {
    throw malformed("'id' must be a text, got nothing");
  }
  if (checksum === undefined) {
    throw malformed(`'checksum' of ${printable(id)} must be a text, got nothing`);
  }
  const imageReference = text(get, 'container-image-reference');
  const digest = text(get, 'container-image-reference-digest');
  const baseChecksum = text(get, 'base-checksum') ?? checksum;
  return {
    id,
    version: text(get, 'version') ?? text(get, 'base-version') ?? '',
    payload: payloadOf(imageReference, digest, baseChecksum),
    baseChecksum,
    stream: streamOf(get('base-commit-meta')),
    booted: flag(get, 'booted') ?? false,
    staged: flag(get, 'staged') ?? false,
    finalizationLocked: flag(get, 'finalization-locked'),
    imageReference,
    layeredPackages: LAYERED_BY.flatMap((key) => texts(get, key)),
  };
}

/** Packages of repositories, and those that were installed from files. */
export const LAYERED_BY: readonly string[] = [
  'packages',
  'requested-local-packages',
  'requested-local-fileoverride-packages',
];

function payloadOf(
  imageReference: string | undefined,
  digest: string | undefined,
  baseChecksum: string,
): Payload | undefined {
  if (imageReference === undefined) {
    return { scheme: 'checksum', value: baseChecksum };
  }
  const name = parseImageReference(imageReference)?.name;
  if (name === undefined || digest === undefined) {
    return undefined;
  }
  return { scheme: 'oci', value: `${name}@${digest}` };
}

/** Streams are used in URLs, tags and metric labels, so anything else is ignored. */
const STREAM = /^[A-Za-z0-9][\w.+-]{0,63}$/;

/** Looks in four places; the first that has a stream counts. */
function streamOf(meta: unknown): string | undefined {
  const get = lookup(meta);
  if (get === undefined) {
    return undefined;
  }
  const config = lookup(lookup(parsed(get('ostree.container.image-config')))?.('config'));
  const places: readonly (() => unknown)[] = [
    () => lookup(config?.('Labels'))?.('com.coreos.stream'),
    () => lookup(lookup(parsed(get('ostree.manifest')))?.('annotations'))?.('fedora-coreos.stream'),
    () => get('fedora-coreos.stream'),
    () => get('nestos.stream'),
  ];
  for (const place of places) {
    const value = place();
    if (typeof value === 'string' && STREAM.test(value)) {
      return value;
    }
  }
  return undefined;
}

function parsed(json: unknown): unknown {
  if (typeof json !== 'string') {
    return undefined;
  }
  try {
    return parseJsonText(json, METADATA_JSON);
  } catch {
    // Others built the image. Malformed or endless metadata only mean that no stream can be read from them.
    return undefined;
  }
}

type Lookup = (key: string) => unknown;

function unwrap(value: unknown): unknown {
  return value instanceof Variant ? value.value : value;
}

/** Access to dictionaries of both kinds; undefined for anything that is not a dictionary. */
function lookup(value: unknown): Lookup | undefined {
  const dictionary = unwrap(value);
  if (dictionary instanceof Map) {
    return (key) => unwrap(dictionary.get(key));
  }
  if (typeof dictionary !== 'object' || dictionary === null || Array.isArray(dictionary)) {
    return undefined;
  }
  const entries: ReadonlyMap<string, unknown> = new Map(Object.entries(dictionary));
  return (key) => entries.get(key);
}

function text(get: Lookup, key: string): string | undefined {
  const value = get(key);
  if (value === undefined || value === null || value === '') {
    return undefined;
  }
  if (typeof value !== 'string') {
    throw malformed(`'${key}' must be a text, got ${nameOfType(value)}`);
  }
  return value;
}

function flag(get: Lookup, key: string): boolean | undefined {
  const value = get(key);
  if (value === undefined || value === null) {
    return undefined;
  }
  if (typeof value !== 'boolean') {
    throw malformed(`'${key}' must be true or false, got ${nameOfType(value)}`);
  }
  return value;
}

function texts(get: Lookup, key: string): readonly string[] {
  const value = get(key);
  if (value === undefined || value === null) {
    return [];
  }
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw malformed(`'${key}' must be a list of texts, got ${nameOfType(value)}`);
  }
  return [...value];
}

function nameOfType(value: unknown): string {
  if (value === undefined || value === null) {
    return 'nothing';
  }
  if (Array.isArray(value)) {
    return 'a list';
  }
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return `${typeof value} '${printable(String(value)).slice(0, 40)}'`;
    default:
      return 'a structure';
  }
}

function malformed(what: string): RpmOstreeError {
  return new RpmOstreeError('rpm_ostree_malformed_reply', `cannot read a deployment: ${what}`);
}
