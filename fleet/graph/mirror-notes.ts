/**
 * `mirror.json` beside the graphs of a mirror: when each was fetched, from where, and what makes the next question
 * conditional.
 *
 * Invariants:
 * - It is a help. Without it, or with one that cannot be read, the next run asks for everything.
 * - It is served with the graphs, so no password of an address gets into it, and no query.
 */
import path from 'node:path';
import { readSmallFile } from '../../src/files/read-small-file.ts';
import { parseJsonBytes, type JsonLimits } from '../../src/text/bounded-json.ts';
import { KIBIBYTE, MEBIBYTE } from '../../src/text/units.ts';
import { writeServedFile } from './write-graph.ts';

export interface GraphNote {
  /** As people may see it. */
  readonly url: string;
  /** SHA-256 of the address with its query: what tells one view of rollouts from another. */
  readonly question: string;
  readonly sha256: string;
  readonly releases: number;
  readonly edges: number;
  /** RFC 3339: when these bytes came, and when they were last confirmed. */
  readonly fetched: string;
  readonly confirmed: string;
  readonly etag?: string;
  readonly lastModified?: string;
}

/** By the path of the graph below the folder. */
export type MirrorNotes = ReadonlyMap<string, GraphNote>;

const FILE = 'mirror.json';
const FORMAT = 1;
const LIMITS: JsonLimits = {
  bytes: MEBIBYTE,
  depth: 8,
  containers: 2000,
  values: 30_000,
  textLength: 4 * KIBIBYTE,
  keys: 2000,
};

export async function readMirrorNotes(folder: string): Promise<MirrorNotes> {
  let json: unknown;
  try {
    json = parseJsonBytes(await readSmallFile(path.join(folder, FILE), LIMITS.bytes), LIMITS);
  } catch {
    return new Map();
  }
  const graphs = fieldsOf(fieldsOf(json).get('graphs'));
  const notes = [...graphs].map(([name, value]) => [name, noteOf(fieldsOf(value))] as const);
  return new Map(notes.filter((entry): entry is [string, GraphNote] => entry[1] !== undefined));
}

/** Rejects with the system's error. */
export async function writeMirrorNotes(folder: string, notes: MirrorNotes): Promise<void> {
  const graphs = Object.fromEntries([...notes].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const text = `${JSON.stringify({ mirror: FORMAT, graphs }, undefined, 2)}\n`;
  await writeServedFile(path.join(folder, FILE), text);
}

function noteOf(fields: ReadonlyMap<string, unknown>): GraphNote | undefined {
  const text = (key: string): string | undefined => {
    const value = fields.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  const count = (key: string): number => Number(fields.get(key)) || 0;
  const [url, question, sha256] = [text('url'), text('question'), text('sha256')];
  const [fetched, confirmed] = [text('fetched'), text('confirmed')];
  const [etag, lastModified] = [text('etag'), text('lastModified')];
  if (url === undefined || question === undefined || sha256 === undefined || fetched === undefined) {
    return undefined;
  }
  return {
    ...{ url, question, sha256, fetched },
    confirmed: confirmed ?? fetched,
    releases: count('releases'),
    edges: count('edges'),
    ...(etag !== undefined && { etag }),
    ...(lastModified !== undefined && { lastModified }),
  };
}

function fieldsOf(value: unknown): ReadonlyMap<string, unknown> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return new Map<string, unknown>(isObject ? Object.entries(value) : []);
}
