/** Command `graph diff`: what differs between two graphs, and which nodes change their mind. */
import { EXIT } from '../../src/cli/exit-codes.ts';
import { compareGraphs, isSame } from '../../src/cincinnati/review/compare-graphs.ts';
import type { CommandSpec, Given } from '../command-spec.ts';
import { instantOption } from '../instant-option.ts';
import { diffJson, diffText } from './diff-report.ts';
import { loadGraph, readNamed, SOURCE_OPTIONS } from './graph-source.ts';
import { isAddress } from './graph-address.ts';
import { warinessOption } from './wariness.ts';

export const GRAPH_DIFF: CommandSpec = {
  name: 'graph diff',
  words: ['FILE|URL', 'FILE|URL'],
  summary: 'what differs between two graphs, and what that means for the nodes at each release',
  options: {
    wariness: { value: 'N', doc: 'whose view of rollouts: 0 first, which is so unless given, 1 last' },
    at: { value: 'DATE', doc: 'what rollouts have reached by then, now unless given' },
    ...SOURCE_OPTIONS,
    'exit-code': { doc: 'exit with 1 where they differ' },
    json: { doc: 'print everything as JSON instead' },
  },
  notes: ['Exit codes: 0 done; with --exit-code: 0 they are the same, 1 they differ.'],
  run: diff,
};

async function diff({ words: [before = '', after = ''], values, flags }: Given): Promise<number> {
  const wariness = warinessOption(values.get('wariness') ?? '0');
  const at = values.get('at');
  const nowMs = at === undefined ? Date.now() : instantOption('at', at);
  // Options of addresses are for those of the two that are one.
  const none = new Map<string, string>();
  const anyAddress = [before, after].some(isAddress);
  const [old, young] = [
    await loadGraph(before, anyAddress && !isAddress(before) ? none : values),
    await loadGraph(after, anyAddress && !isAddress(after) ? none : values),
  ];
  const difference = compareGraphs(readNamed(old), readNamed(young), { wariness, nowMs });
  const names = { before: old.name, after: young.name };
  process.stdout.write(flags.has('json') ? diffJson(names, difference) : diffText(names, difference));
  return flags.has('exit-code') && !isSame(difference) ? EXIT.failure : EXIT.ok;
}
