/**
 * What was printed in a walk, as it reads in docs/fleet/walk.md. Pure.
 *
 * Invariants:
 * - Of nodes it is chance which one is next. So those that hang, in the order of their ids, are those of the example, and the
 *   one that is asked is node20. Nodes of a single output are the first ones of the example.
 * - Lines that differ in their node alone come in any order, and are sorted.
 * - An instant is the example's now, and so many whole hours later. Ages are those of the example.
 * - How many wait for a slot, and who is first, is chance: they are those of the example.
 */
import { createHash } from 'node:crypto';

import { UTC } from '../../../src/calendar/zone-rules.ts';
import { localTime } from '../../../src/cli/terms.ts';
import { appSpecificId, ZINCATI_APP_ID } from '../../../src/identity/node-uuid.ts';
import { HOUR_MS } from '../../../src/text/units.ts';

const NOW = Date.parse('2026-11-26T09:41:00Z');
const HASH = 'sha256:65e1a4a7c2b9f03d8e5fd2a6b7c1904e3f8d5a2b6c7e9f01d4a8b3c5e7f92d16';
const TOKEN = 'Zk3vXw8Qn5rT1yB7mC9dE2fG4hJ6kL0pAsDfGhJkLzX';

/** Its id, as the agent tells it. The sandbox makes the machine's from the name. */
export function idOf(name: string): string {
  return appSpecificId(createHash('md5').update(name).digest('hex'), ZINCATI_APP_ID);
}

const byId = (names: readonly string[]): readonly string[] =>
  names.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));

/** How many the walk has. */
const NODES = 20;
const ASKED = 'node20';
const HUNG = byId(['node4', 'node9', 'node13', 'node18']);
const OTHERS = byId(['node2', 'node7', 'node11', 'node16']);
const WAITING = ['node20', 'node3', 'node12'].map(idOf);
/** Stands for the line until the names of others are settled. */
const PLACE = '  WAITERS';
const WAITERS = `  16 wait, the first for 5 s: ${WAITING.join(', ')}, ...`;

export class WalkNames {
  readonly #startedAt: number;
  /** Real, example. */
  readonly #nodes = new Map<string, string>();
  readonly #texts: (readonly [real: string, example: string])[];

  /** `texts`: folders, addresses and the like, which are the same each time. */
  constructor(startedAt: number, texts: readonly (readonly [real: string, example: string])[]) {
    this.#startedAt = startedAt;
    this.#texts = [...texts];
  }

  /** From now on a real text reads as one of the example. */
  add(real: string, example: string): void {
    this.#texts.push([real, example]);
  }

  token([token = '', hash = '']: readonly string[]): void {
    this.add(token, TOKEN);
    this.add(hash, HASH);
  }

  /** These hang, and that one is asked: real names. */
  hung(names: readonly string[], asked: string): void {
    byId(names).forEach((name, index) => this.#nodes.set(name, HUNG[index] ?? ''));
    this.#nodes.set(asked, ASKED);
  }

  /** A command of the page, as it is run. */
  real(text: string): string {
    const nodes = new Map([...this.#nodes].map(([real, example]) => [example, real]));
    const named = text.replaceAll(/\bnode\d+\b/g, (name) => nodes.get(name) ?? name);
    return this.#texts.reduce((all, [real, example]) => all.replaceAll(example, real), named);
  }

  /** What was printed, as the page has it. Nodes that the walk does not know yet are any, as long as each is another one. */
  example(text: string): string {
    const plain = this.#texts
      .reduce((all, [real, example]) => all.replaceAll(real, example), text)
      .replaceAll(/^ {2}\d+ wait, the first for .*$/gm, PLACE);
    const unknown = new Set(plain.match(/\b[\da-f]{32}\b/g)?.filter((id) => !this.#knows(id)));
    const others = new Map([...unknown].toSorted().map((id, index) => [id, idOf(OTHERS[index] ?? '')]));
    const ids = new Map([...this.#nodes].map(([real, example]) => [idOf(real), idOf(example)]));
    const named = plain
      .replaceAll(
        /^(node +)\S+ \(([\da-f]{4})\.\.\.([\da-f]{2})\)/gm,
        (_, head: string, from: string, to: string) => {
          const real = this.#nodesOf().find((name) => idOf(name).startsWith(from) && idOf(name).endsWith(to));
          const example = this.#nodes.get(real ?? '') ?? real ?? '';
          return `${head}${example} (${idOf(example).slice(0, 4)}...${idOf(example).slice(-2)})`;
        },
      )
      .replaceAll(/\b[\da-f]{32}\b/g, (id) => ids.get(id) ?? others.get(id) ?? id)
      .replaceAll(/^node\d+(?=  )/gm, (name) => this.#nodes.get(name) ?? name);
    return sortedRuns(this.#withInstants(named)).replaceAll(PLACE, WAITERS);
  }

  #nodesOf(): readonly string[] {
    return Array.from({ length: NODES }, (_, index) => `node${index + 1}`);
  }

  #knows(id: string): boolean {
    return [...this.#nodes.keys()].some((name) => idOf(name) === id);
  }

  #withInstants(text: string): string {
    const at = (real: number): number => NOW + Math.round((real - this.#startedAt) / HOUR_MS) * HOUR_MS;
    const iso = (real: string): string => new Date(at(Date.parse(real))).toISOString();
    return text
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, iso)
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, (real) => iso(real).replace('.000', ''))
      .replaceAll(
        /(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) (\d{1,2} [A-Z][a-z]{2})( \d{4})? (\d\d:\d\d) UTC( \((?:now|in [^)]*)\))?/g,
        (
          _,
          date: string,
          year = ` ${new Date(this.#startedAt).getUTCFullYear()}`,
          time: string,
          away?: string,
        ) => {
          const shown = at(Date.parse(`${date}${year} ${time} UTC`));
          const hours = (shown - NOW) / HOUR_MS;
          const distance = hours === 0 ? ' (now)' : ` (in ${hours} h)`;
          return `${localTime(shown, { now: NOW, zone: UTC })}${away === undefined ? '' : distance}`;
        },
      )
      .replaceAll(/\(\d+ (?:s|min)(?: \d+ s)?\)/g, '(20 s)')
      .replaceAll(/\b\d+ (?:s|min)(?: \d+ s)? ago\b/g, '5 s ago')
      .replaceAll(/(?<=^  [\da-f]{32}.*, )\d+ (?:s|min)(?: \d+ s)?$/gm, '5 s')
      .replaceAll(/^(health .* UTC) \(now\)/gm, '$1 (5 s ago)')
      .replaceAll(/^(booted .* UTC) \(now\)$/gm, '$1 (20 s)')
      .replaceAll(/, next (?:now|in .*)$/gm, ', next now');
  }
}

/** Of a line, what is not chance. */
const masked = (line: string): string =>
  line.replaceAll(/\b[\da-f]{32}\b/g, 'ID').replace(/^node\d+(?=  )/, 'NODE');

function sortedRuns(text: string): string {
  const runs: string[][] = [];
  for (const line of text.split('\n')) {
    const run = runs.at(-1);
    if (run?.[0] !== undefined && masked(run[0]) === masked(line)) {
      run.push(line);
    } else {
      runs.push([line]);
    }
  }
  return runs
    .flatMap((run) => run.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: a.startsWith('node') })))
    .join('\n');
}
