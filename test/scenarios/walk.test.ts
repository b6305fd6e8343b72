/**
 * Whole walks through the sandbox's histories, by the pure machine and the real selection, as text for people
 * to read.
 */
import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../src/agent/ports.ts';
import type { Payload, Scheme } from '../../src/agent/release.ts';
import { parseGraph } from '../../src/cincinnati/graph/graph.ts';
import { selectUpdate, surroundingsOf } from '../../src/cincinnati/graph/select-update.ts';
import { carriedHistory, payloadText, wireNodes } from '../../sandbox/releases.ts';
import { offeredEdges } from '../../src/cincinnati/policy/offered-edges.ts';
import { deployment } from '../support/samples.ts';
import { SimulatedNode } from '../support/simulated-node.ts';

const START_AT = Date.UTC(2026, 10, 1);

async function nodeOn(stream: 'stable' | 'testing', version: string, scheme: Scheme): Promise<SimulatedNode> {
  const history = await carriedHistory(stream);
  const graph = parseGraph({
    nodes: wireNodes(history, scheme),
    edges: offeredEdges(history, { wariness: 0, nowMs: START_AT }),
  });
  const entry = history.entries.find((candidate) => candidate.version === version);
  if (entry === undefined) {
    throw new Error(`${version} is not in the history`);
  }
  const payload: Payload = { scheme, value: payloadText(entry, scheme) };
  const booted: Deployment = deployment(version, { booted: true, payload, stream });
  return new SimulatedNode(
    {
      check: (query) => ({ ...selectUpdate(surroundingsOf(graph, query.booted), query), notModified: false }),
    },
    [booted],
    START_AT,
  );
}

describe('a walk through the history of Fedora CoreOS', () => {
  it('stable: twenty hops, barrier by barrier, told in full', async () => {
    const node = await nodeOn('stable', '31.20200108.3.0', 'checksum');
    node.runUntil((n) => n.booted.version === '44.20260707.3.1' && n.effect.kind === 'wait');
    expect(node.reboots).toBe(20);
    await expect(`${node.log.join('\n')}\n`).toMatchFileSnapshot('walk.stable.txt');
  });

  it('stable, as images: the same releases in the same order', async () => {
    const commits = await nodeOn('stable', '31.20200108.3.0', 'checksum');
    const images = await nodeOn('stable', '31.20200108.3.0', 'oci');
    for (const node of [commits, images]) {
      node.runUntil((n) => n.booted.version === '44.20260707.3.1' && n.effect.kind === 'wait');
    }
    // Commits and images are named by different texts.
    const told = ({ log }: typeof images): readonly string[] =>
      log.map((line) => line.replace(/\(\S+\) will be excluded/, '(PAYLOAD) will be excluded'));
    expect(told(images)).toEqual(told(commits));
  });

  it('testing: the dead-end is reported and nothing is taken', async () => {
    const node = await nodeOn('testing', '30.20190716.1', 'checksum');
    node.runFor(24 * 3_600_000);
    expect(node.reboots).toBe(0);
    expect(node.effects.some((effect) => effect.kind === 'stage')).toBe(false);
    expect(node.log.filter((line) => line.includes('dead-end'))).toEqual([
      'WARN  current release detected as dead-end, reason: https://github.com/coreos/fedora-coreos-tracker/issues/215',
    ]);
  });
});
