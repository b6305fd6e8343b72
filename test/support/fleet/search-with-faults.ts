/**
 * Searches once for each seeded fault, in one process: `search-with-faults.ts [ID]...`. Prints one JSON document.
 *
 * Invariant: each fault has modules of its own, loaded anew under an address that names it. So no fault meets another.
 */
import { registerHooks, type LoadFnOutput } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import type * as bounds from '../../../src/fleet/search/bounds.ts';
import type * as searching from '../../../src/fleet/search/search.ts';
import { replacedNames } from '../../put-back/plugin.ts';
import { SEARCH_FAULTS, type SearchFault } from '../../put-back/search-faults.ts';
import { withSubstitutes } from '../../put-back/transform.ts';

const PROJECT = path.resolve(import.meta.dirname, '../../..');
const SOURCES = pathToFileURL(path.join(PROJECT, 'src')).href;
const RUNTIME = path.join(PROJECT, 'test/put-back/substitute.ts');

/** What a search for a fault has found. */
export interface Caught {
  readonly id: string;
  readonly property: string | undefined;
  readonly depth: number | undefined;
  readonly states: number;
}

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const fault = faultIn(context.parentURL);
    return fault !== undefined && found.url.startsWith(SOURCES) && faultIn(found.url) === undefined
      ? { ...found, url: `${found.url}?fault=${fault}` }
      : found;
  },
  load(url, context, next) {
    const loaded = next(url, context);
    const id = faultIn(url);
    const names =
      id === undefined ? undefined : replacedNames(id).get(path.relative(PROJECT, fileURLToPath(url)));
    return id === undefined || names === undefined
      ? loaded
      : { ...loaded, source: withSubstitutes(textOf(loaded.source), names, { id, runtime: RUNTIME }) };
  },
});

function textOf(source: LoadFnOutput['source']): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}

function faultIn(url: string | undefined): string | undefined {
  return url === undefined ? undefined : (new URL(url).searchParams.get('fault') ?? undefined);
}

async function caught({ id, bounds: wanted }: SearchFault): Promise<Caught> {
  const { search } = (await import(`${SOURCES}/fleet/search/search.ts?fault=${id}`)) as typeof searching;
  const { ONE_NODE, TWO_NODES } = (await import(
    `${SOURCES}/fleet/search/bounds.ts?fault=${id}`
  )) as typeof bounds;
  const { violation, states } = search({ ...(wanted.nodes === 1 ? ONE_NODE : TWO_NODES), ...wanted });
  return { id, property: violation?.property, depth: violation?.depth, states };
}

const all: Caught[] = [];
for (const fault of SEARCH_FAULTS) {
  all.push(await caught(fault));
}
process.stdout.write(`${JSON.stringify(all)}\n`);
