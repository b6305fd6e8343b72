/** The options of the benchmarks, parsed and checked. */
import { given, UsageError } from '../sandbox/program.ts';

export const TOPICS = [
  'start',
  'commands',
  'processor',
  'memory',
  'variants',
  'soak',
  'tick',
  'graph',
  'deployments',
  'machine',
  'flood',
  'simulate',
  'lockd',
] as const;
export type TopicName = (typeof TOPICS)[number];

export const USAGE = `Usage: npm run bench -- [OPTIONS]

Measures the built agent on this machine and prints tables in Markdown.

  --quick        few repetitions: for a look, not for figures to publish
  --only TOPIC   one of ${TOPICS.join(', ')}; may be given several times
  --beside DIR   another checkout that was built: its processor time is measured in turns with this one
  --json FILE    also writes every sample to FILE
  --help         this text
`;

export interface Options {
  readonly quick: boolean;
  readonly only: readonly TopicName[];
  readonly json: string | undefined;
  readonly beside: string | undefined;
}

/** Undefined if help was requested. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = given({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      beside: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    return undefined;
  }
  const only = values.only.map((name) => {
    const topic = TOPICS.find((known) => known === name);
    if (topic === undefined) {
      throw new UsageError(`--only must be one of ${TOPICS.join(', ')}, got "${name}"`);
    }
    return topic;
  });
  return {
    quick: values.quick,
    only: only.length === 0 ? TOPICS : only,
    json: values.json,
    beside: values.beside,
  };
}
