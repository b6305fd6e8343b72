/**
 * Release histories for the sandbox: short lists of releases in order, or whole Cincinnati graphs. Also makes
 * the nodes of a graph from them, for either way of addressing a release.
 *
 * The histories that come with the sandbox have the real versions, barriers, dead-ends and rollouts of Fedora
 * CoreOS. Their payloads are made up (the digest of a text), so nobody can mistake them for real ones.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Scheme } from '../src/agent/release.ts';
import { readRollout, type Rollout } from '../src/cincinnati/policy/rollout.ts';

export interface HistoryEntry {
  readonly version: string;
  /** Digits. In a list of releases, the position in it. */
  readonly ageIndex: string;
  /** 64 hex digits. They serve as commit and as image digest. */
  readonly digest: string;
  /** Reasons, for people. */
  readonly barrier?: string;
  readonly deadend?: string;
  readonly rollout?: Rollout;
}

export interface History {
  readonly entries: readonly HistoryEntry[];
  /** The edges of a whole graph that was loaded. They then replace those of the policy. */
  readonly edges: readonly (readonly [number, number])[] | undefined;
}

/** A node as in a Cincinnati answer. */
export interface WireNode {
  readonly version: string;
  readonly payload: string;
  readonly metadata: Readonly<Record<string, string>>;
}

const IMAGE = 'quay.io/fedora/fedora-coreos';
const PREFIX = 'org.fedoraproject.coreos.';

export class HistoryError extends Error {}

/** The history of `stable` or `testing` that comes with the sandbox. */
export async function carriedHistory(stream: 'stable' | 'testing'): Promise<History> {
  return await loadHistory(join(import.meta.dirname, 'graphs', `${stream}.json`));
}

/** Reads a history, or a graph with nodes and edges. Rejects with HistoryError, which names the file and the entry. */
export async function loadHistory(path: string): Promise<History> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new HistoryError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  try {
    return parseHistory(json);
  } catch (error) {
    if (!(error instanceof HistoryError)) {
      throw error;
    }
    throw new HistoryError(`cannot use ${path}: ${error.message}`);
  }
}

export function parseHistory(json: unknown): History {
  const file = fieldsOf(json, 'the file');
  const whole = file.get('nodes');
  if (whole !== undefined) {
    const entries = listOf(whole, 'nodes').map(entryOfNode);
    const edges = listOf(file.get('edges') ?? [], 'edges').map((edge, index) =>
      edgeOf(edge, `edges[${index}]`, entries.length),
    );
    return { entries: nonEmpty(entries, 'nodes'), edges };
  }
  const stream = textOf(file.get('stream'), 'stream');
  const entries = listOf(file.get('releases'), 'releases (or nodes)').map((item, index) =>
    entryOfRelease(item, index, stream),
  );
  return { entries: nonEmpty(entries, 'releases'), edges: undefined };
}

/** What identifies a release in a graph of the given scheme. */
export function payloadText({ digest }: HistoryEntry, scheme: Scheme): string {
  return scheme === 'oci' ? `${IMAGE}@sha256:${digest}` : digest;
}

export function wireNodes(history: History, scheme: Scheme): readonly WireNode[] {
  return history.entries.map((entry) => {
    const { ageIndex, barrier, deadend, rollout } = entry;
    const written: Record<string, string | undefined> = {
      [`${PREFIX}releases.age_index`]: ageIndex,
      [`${PREFIX}scheme`]: scheme,
      ...(barrier !== undefined && {
        [`${PREFIX}updates.barrier`]: 'true',
        [`${PREFIX}updates.barrier_reason`]: barrier,
      }),
      ...(deadend !== undefined && {
        [`${PREFIX}updates.deadend`]: 'true',
        [`${PREFIX}updates.deadend_reason`]: deadend,
      }),
      ...(rollout !== undefined && {
        [`${PREFIX}updates.rollout`]: 'true',
        [`${PREFIX}updates.start_epoch`]: rollout.startEpoch?.toString(),
        [`${PREFIX}updates.start_value`]: rollout.startValue?.toString(),
        [`${PREFIX}updates.duration_minutes`]: rollout.durationMinutes?.toString(),
      }),
    };
    const metadata: Record<string, string> = {};
    for (const [key, value] of Object.entries(written)) {
      if (value !== undefined) {
        metadata[key] = value;
      }
    }
    return { version: entry.version, payload: payloadText(entry, scheme), metadata };
  });
}

function entryOfRelease(item: unknown, index: number, stream: string): HistoryEntry {
  const at = `releases[${index}]`;
  const fields = fieldsOf(item, at);
  const version = textOf(fields.get('version'), `${at}.version`);
  const barrier = fields.get('barrier');
  const deadend = fields.get('deadend');
  const rollout = fields.get('rollout');
  return {
    version,
    ageIndex: String(index),
    digest: createHash('sha256').update(`zincati sandbox: ${stream} ${version}`).digest('hex'),
    ...(barrier !== undefined && { barrier: textOf(barrier, `${at}.barrier`) }),
    ...(deadend !== undefined && { deadend: textOf(deadend, `${at}.deadend`) }),
    ...(rollout !== undefined && { rollout: rolloutOf(fieldsOf(rollout, `${at}.rollout`), `${at}.rollout`) }),
  };
}

function rolloutOf(fields: ReadonlyMap<string, unknown>, at: string): Rollout {
  const number = (key: string): number | undefined => {
    const value = fields.get(key);
    return value === undefined ? undefined : numberOf(value, `${at}.${key}`);
  };
  return withoutGaps({
    startEpoch: number('startEpoch'),
    startValue: number('startValue'),
    durationMinutes: number('durationMinutes'),
  });
}

function entryOfNode(item: unknown, index: number): HistoryEntry {
  const at = `nodes[${index}]`;
  const fields = fieldsOf(item, at);
  const payload = textOf(fields.get('payload'), `${at}.payload`);
  const digest = /^(?:[^@]+@sha256:)?([0-9a-f]{64})$/.exec(payload)?.[1];
  if (digest === undefined) {
    throw new HistoryError(
      `${at}.payload must be 64 hexadecimal digits or NAME@sha256:HEX, got "${payload}"`,
    );
  }
  const metadata = fieldsOf(fields.get('metadata'), `${at}.metadata`);
  const about = (key: string): unknown => metadata.get(`${PREFIX}updates.${key}`);
  const text = (key: string): string | undefined => {
    const value = about(key);
    return value === undefined ? undefined : textOf(value, `${at}: ${key}`);
  };
  const reason = (key: string): string => textOf(about(key) ?? 'no reason given', `${at}: ${key}`);
  return {
    version: textOf(fields.get('version'), `${at}.version`),
    ageIndex: textOf(metadata.get(`${PREFIX}releases.age_index`), `${at}: age_index`),
    digest,
    ...(about('barrier') === 'true' && { barrier: reason('barrier_reason') }),
    ...(about('deadend') === 'true' && { deadend: reason('deadend_reason') }),
    // That it is there is enough to the real engine, whatever it says.
    ...(about('rollout') !== undefined && {
      rollout: readRollout({
        startEpoch: text('start_epoch'),
        startValue: text('start_value'),
        durationMinutes: text('duration_minutes'),
      }),
    }),
  };
}

function withoutGaps(rollout: { readonly [K in keyof Rollout]: number | undefined }): Rollout {
  const { startEpoch, startValue, durationMinutes } = rollout;
  return {
    ...(startEpoch !== undefined && { startEpoch }),
    ...(startValue !== undefined && { startValue }),
    ...(durationMinutes !== undefined && { durationMinutes }),
  };
}

function edgeOf(value: unknown, at: string, nodeCount: number): readonly [number, number] {
  const [from, to, ...rest] = listOf(value, at);
  const isNode = (index: unknown): index is number =>
    typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < nodeCount;
  if (isNode(from) && isNode(to) && rest.length === 0) {
    return [from, to];
  }
  throw new HistoryError(`${at} must be two indices of nodes, got ${JSON.stringify(value)}`);
}

function fieldsOf(value: unknown, at: string): ReadonlyMap<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return new Map<string, unknown>(Object.entries(value));
  }
  throw new HistoryError(`${at} must be an object, got ${JSON.stringify(value)}`);
}

function listOf(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value)) {
    return value;
  }
  throw new HistoryError(`${at} must be a list, got ${JSON.stringify(value)}`);
}

function textOf(value: unknown, at: string): string {
  if (typeof value === 'string' && value !== '') {
    return value;
  }
  throw new HistoryError(`${at} must be a text, got ${JSON.stringify(value)}`);
}

function numberOf(value: unknown, at: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) {
    return value;
  }
  throw new HistoryError(`${at} must be a number, got ${JSON.stringify(value)}`);
}

function nonEmpty<T>(list: readonly T[], at: string): readonly T[] {
  if (list.length > 0) {
    return list;
  }
  throw new HistoryError(`${at} must have at least one entry, got none`);
}
