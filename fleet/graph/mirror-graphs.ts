/**
 * Copies graphs of a server into a folder that any web server can hand out.
 *
 * Invariants:
 * - A good copy is replaced only by a good one: by a graph without an error of `graph check`, from which no release is gone.
 * - What has not changed keeps its file, and so its time and its ETag.
 * - One graph that fails does not keep the others.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { checkGraph } from '../../src/cincinnati/review/check-graph.ts';
import { readGraph } from '../../src/cincinnati/review/read-graph.ts';
import { messageOf, printable, reasonOf } from '../../src/errors.ts';
import { isMissing } from '../../src/files/error-code.ts';
import { readSmallFile } from '../../src/files/read-small-file.ts';
import { GRAPH_JSON } from '../../src/text/bounded-json.ts';
import { shownAddress } from '../../src/text/shown-address.ts';
import { type Fetched, type GraphFetcher, wasGivenUp } from './fetch-graph.ts';
import { graphAddress } from './graph-address.ts';
import { type GraphScope, pathInFolder } from './graph-scope.ts';
import { type GraphNote, type MirrorNotes, readMirrorNotes, writeMirrorNotes } from './mirror-notes.ts';
import { writeServedFile } from './write-graph.ts';

export interface MirrorOptions {
  readonly address: string;
  readonly folder: string;
  readonly scopes: readonly GraphScope[];
  /** Whose view of rollouts, 0 to 1. */
  readonly wariness: number;
  /** Releases may be gone. */
  readonly allowRemoved: boolean;
  readonly fetcher: Pick<GraphFetcher, 'fetch'>;
  readonly nowAt: () => number;
  readonly signal: AbortSignal;
}

export interface Mirrored {
  readonly scope: GraphScope;
  /** Below the folder. */
  readonly file: string;
  /** `refused`: what came is not good. `failed`: nothing came, or it could not be written. */
  readonly outcome: 'new' | 'changed' | 'unchanged' | 'refused' | 'failed';
  /** Of what lies in the folder now. */
  readonly releases: number;
  readonly edges: number;
  /** Why it was refused or failed, one sentence each. */
  readonly reasons: readonly string[];
  /** Whether a good copy from before is there. */
  readonly hasCopy: boolean;
}

/** A reason for each fault would bury the first one. */
const MOST_REASONS = 5;

/** Calls `onDone` after each graph. Rejects with CancelledError when it was given up. */
export async function mirrorGraphs(
  options: MirrorOptions,
  onDone: (mirrored: Mirrored) => void = () => undefined,
): Promise<readonly Mirrored[]> {
  const notes = new Map(await readMirrorNotes(options.folder));
  const done: Mirrored[] = [];
  for (const scope of options.scopes) {
    const mirrored = await mirrorOne(options, scope, notes);
    done.push(mirrored);
    onDone(mirrored);
  }
  return done;
}

interface Copy {
  readonly bytes: Buffer;
  readonly sha256: string;
}

async function mirrorOne(
  options: MirrorOptions,
  scope: GraphScope,
  notes: Map<string, GraphNote>,
): Promise<Mirrored> {
  const name = pathInFolder(scope);
  const file = path.join(options.folder, name);
  const note = notes.get(name);
  let copy: Copy | undefined;
  const base = (): Omit<Mirrored, 'outcome' | 'reasons'> => ({
    ...{ scope, file: name, hasCopy: copy !== undefined },
    releases: note?.releases ?? 0,
    edges: note?.edges ?? 0,
  });
  try {
    copy = await copyAt(file);
    const url = graphAddress(options.address, scope, options.wariness);
    const asked = {
      url: shownAddress(`${url.origin}${url.pathname}`),
      question: digestOf(Buffer.from(`${url.origin}${url.pathname}${url.search}`)),
    };
    const isNoted = note?.question === asked.question && copy?.sha256 === note.sha256;
    const fetched = await options.fetcher.fetch(url, isNoted ? note : {}, options.signal);
    if ('notModified' in fetched) {
      if (note !== undefined) {
        await remember(options, notes, name, { ...note, confirmed: isoOf(options.nowAt()) });
      }
      return { ...base(), outcome: 'unchanged', reasons: [] };
    }
    const { reasons, releases, edges } = judge(fetched.bytes, copy, options);
    if (reasons.length > 0) {
      return { ...base(), outcome: 'refused', reasons };
    }
    const sha256 = digestOf(fetched.bytes);
    const isChanged = copy?.sha256 !== sha256;
    if (isChanged) {
      await writeServedFile(file, fetched.bytes);
    }
    const now = isoOf(options.nowAt());
    await remember(options, notes, name, {
      ...{ ...asked, sha256, releases, edges },
      fetched: isChanged ? now : (note?.fetched ?? now),
      confirmed: now,
      ...validatorsOf(fetched),
    });
    const outcome = copy === undefined ? 'new' : isChanged ? 'changed' : 'unchanged';
    return { ...base(), outcome, releases, edges, reasons: [], hasCopy: true };
  } catch (error) {
    if (wasGivenUp(error)) {
      throw error;
    }
    return { ...base(), outcome: 'failed', reasons: [messageOf(error)] };
  }
}

function judge(
  bytes: Buffer,
  copy: Copy | undefined,
  { nowAt, allowRemoved }: MirrorOptions,
): { readonly reasons: readonly string[]; readonly releases: number; readonly edges: number } {
  const { kind, findings, releases, edges } = checkGraph(bytes, nowAt());
  const errors = findings.filter(({ severity }) => severity === 'error');
  const reasons = errors.map(({ line, column, reason }) =>
    printable(`line ${line}, column ${column}: ${reason}`),
  );
  if (kind === 'updates') {
    reasons.push('it must be a graph, got the updates that graphs are made of');
  }
  const gone = reasons.length > 0 || allowRemoved || copy === undefined ? [] : goneFrom(bytes, copy.bytes);
  const [first] = gone;
  if (first !== undefined) {
    const others = gone.length === 1 ? '' : ` and ${gone.length - 1} more`;
    reasons.push(
      printable(
        `the releases of the copy must still be there, got none that is ${first}${others}: their nodes would fall off the graph (--allow-removed takes it)`,
      ),
    );
  }
  const shown = reasons.slice(0, MOST_REASONS);
  const more = reasons.length - shown.length;
  return { reasons: more > 0 ? [...shown, `and ${more} more`] : shown, releases, edges };
}

/** Versions of the copy whose payloads are gone. A copy that cannot be read has none. */
function goneFrom(bytes: Buffer, copy: Buffer): readonly string[] {
  try {
    const there = new Set(readGraph(bytes).graph.nodes.map(({ payload }) => payload));
    return readGraph(copy)
      .graph.nodes.filter(({ payload, problem }) => problem === undefined && !there.has(payload))
      .map(({ version }) => version);
  } catch {
    return [];
  }
}

async function copyAt(file: string): Promise<Copy | undefined> {
  try {
    const bytes = await readSmallFile(file, GRAPH_JSON.bytes);
    return { bytes, sha256: digestOf(bytes) };
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw new Error(`cannot read the copy ${printable(file)}: ${reasonOf(error)}`, { cause: error });
  }
}

async function remember(
  { folder }: MirrorOptions,
  notes: Map<string, GraphNote>,
  name: string,
  note: GraphNote,
): Promise<void> {
  notes.set(name, note);
  const known: MirrorNotes = notes;
  await writeMirrorNotes(folder, known);
}

function validatorsOf(fetched: Fetched): Pick<GraphNote, 'etag' | 'lastModified'> {
  return 'bytes' in fetched
    ? {
        ...(fetched.etag !== undefined && { etag: fetched.etag }),
        ...(fetched.lastModified !== undefined && { lastModified: fetched.lastModified }),
      }
    : {};
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}
