/** Faults that the real policy engine's reading of graphs has shown. */
import { replace, type PutBackFault } from '../fault.ts';

export const GRAPH_FAULTS: readonly PutBackFault[] = [
  {
    id: 'graph-1',
    fault: 'a rollout begins when no clock can, where the real engine takes its start for not given',
    changes: [
      replace('src/cincinnati/policy/rollout.ts', 'readRollout', (original) => (given) => {
        const { startEpoch } = given;
        const isWhole = startEpoch !== undefined && /^[+-]?\d+$/.test(startEpoch);
        return { ...original(given), ...(isWhole && { startEpoch: Number(startEpoch) }) };
      }),
    ],
    project: 'unit',
    test: 'test/unit/cincinnati/policy/rollout.test.ts',
    named: 'graph 1: numbers of a rollout',
  },
  {
    id: 'graph-2',
    fault: 'a release that the real engine rolls out is given to all nodes at once',
    changes: [
      replace('src/cincinnati/review/read-graph.ts', 'policyEntry', (original) => (texts) => {
        const { rollout, ...entry } = original(texts);
        const isMarked = texts.get('org.fedoraproject.coreos.updates.rollout') === 'true';
        return { ...entry, ...(isMarked && rollout !== undefined && { rollout }) };
      }),
    ],
    project: 'unit',
    test: 'test/unit/zincati-fleet/read-plan.test.ts',
    named: 'graph 2: a release with the key of a rollout rolls out',
  },
];
