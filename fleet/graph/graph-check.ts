/** Command `graph check`: everything that is wrong with a graph, with its place. */
import { EXIT } from '../../src/cli/exit-codes.ts';
import { type Checked, checkGraph } from '../../src/cincinnati/review/check-graph.ts';
import { printable } from '../../src/errors.ts';
import type { CommandSpec, Given } from '../command-spec.ts';
import { loadGraph, SOURCE_OPTIONS } from './graph-source.ts';

/** The format's own number: it grows when a reader would have to change. */
const FORMAT = 1;

export const GRAPH_CHECK: CommandSpec = {
  name: 'graph check',
  words: ['FILE|URL'],
  summary: 'check an update graph, or updates/STREAM.json of Fedora CoreOS, by all rules at once',
  options: {
    ...SOURCE_OPTIONS,
    strict: { doc: 'a warning fails as an error does' },
    json: { doc: 'print everything as JSON instead' },
  },
  notes: [
    'URL is what cincinnati.base_url of a node is, or the address of a file that ends in .json.',
    'Exit codes: 0 no error, 1 an error, or the graph cannot be read.',
  ],
  run: check,
};

async function check({ words: [source = ''], values, flags }: Given): Promise<number> {
  const { name, bytes } = await loadGraph(source, values);
  const checked = checkGraph(bytes, Date.now());
  process.stdout.write(flags.has('json') ? checkJsonText(name, checked) : checkText(name, checked));
  const { errors, warnings } = counts(checked);
  return errors > 0 || (flags.has('strict') && warnings > 0) ? EXIT.failure : EXIT.ok;
}

export function counts({ findings }: Pick<Checked, 'findings'>): {
  readonly errors: number;
  readonly warnings: number;
} {
  const errors = findings.filter(({ severity }) => severity === 'error').length;
  return { errors, warnings: findings.length - errors };
}

/** One line for each finding, as compilers have it, and one that sums up. */
export function checkText(name: string, checked: Checked): string {
  const { errors, warnings } = counts(checked);
  const lines = checked.findings.map(
    ({ severity, rule, line, column, reason }) =>
      `${name}:${line}:${column}: ${severity}: ${reason} [${rule}]`,
  );
  const size =
    checked.kind === 'graph'
      ? `graph of ${several(checked.releases, 'release')} and ${several(checked.edges, 'edge')}`
      : checked.kind === 'updates'
        ? `updates of ${several(checked.releases, 'release')}`
        : 'not a graph';
  const sum = `${name}: ${size}: ${several(errors, 'error')}, ${several(warnings, 'warning')}`;
  return [...lines, sum].map((line) => `${printable(line)}\n`).join('');
}

function checkJsonText(source: string, checked: Checked): string {
  const { kind, releases, edges, findings } = checked;
  return `${JSON.stringify({ graphCheck: FORMAT, source, kind, releases, edges, ...counts(checked), findings })}\n`;
}

function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
