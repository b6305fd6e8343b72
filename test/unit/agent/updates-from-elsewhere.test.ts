/**
 * Field 23: nodes of a Kubernetes cluster. Their images are derived from a base, are in no graph, and name no stream. The
 * cluster's own daemon rebases them past the agent, and reboots at once.
 */
import { describe, expect, it } from 'vitest';
import { healthOf, HEALTHY } from '../../../src/agent/health.ts';
import type { CheckQuery, CheckResult, Deployment } from '../../../src/agent/ports.ts';
import { samePayload } from '../../../src/agent/release.ts';
import { checkResult, deployment, PASSING, POLICY, release } from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SWITCHED_OFF = { ...POLICY, enabled: false };
const ON_GRAPH = release('1.0', 1);
const NEWER = release('2.0', 2);

/** An image that was built on the base of `version`, with the cluster's programs in it. */
function derived(version: string, changes: Partial<Deployment> = {}): Deployment {
  const image = `registry.example.com/k8s/node-image:${version}`;
  return deployment(version, {
    id: `nestos-${version}.0`,
    payload: {
      scheme: 'oci',
      value: `registry.example.com/k8s/node-image@sha256:${version.padEnd(64, '0')}`,
    },
    imageReference: `ostree-unverified-image:docker://${image}`,
    stream: undefined,
    ...changes,
  });
}

/** What `rpm-ostree rebase --bypass-driver` leaves: nothing locks it. */
function rebased(version: string): Deployment {
  return derived(version, { staged: true, finalizationLocked: false });
}

function node(world: Partial<World>, booted: Deployment = derived('1', { booted: true })): SimulatedNode {
  return new SimulatedNode({ check: offGraph, ...world }, [booted]);
}

function offGraph(): CheckResult {
  return checkResult({ kind: 'off-graph' });
}

/** A graph with one edge. */
function graph({ booted }: CheckQuery): CheckResult {
  const knows = (payload = ON_GRAPH.payload): boolean => samePayload(booted.payload, payload);
  if (knows()) {
    return checkResult({ kind: 'update', release: NEWER });
  }
  return checkResult(knows(NEWER.payload) ? { kind: 'no-update' } : { kind: 'off-graph' });
}

function rebase(simulated: SimulatedNode, version: string): void {
  simulated.deployments = [rebased(version), ...simulated.deployments.filter((d) => !d.staged)];
}

function complaints({ log }: SimulatedNode): string[] {
  return log.filter((line) => /^(?:WARN|ERROR)/.test(line));
}

function effects({ effects: all }: SimulatedNode): Set<string> {
  return new Set(all.map(({ kind }) => kind));
}

describe('field 23: a node whose updates come from elsewhere', () => {
  it('is quiet where the configuration says so, and touches nothing, over rebases and reboots', () => {
    const simulated = node({ policy: SWITCHED_OFF });
    for (const version of ['2', '3', '4']) {
      simulated.runFor(10 * DAY);
      rebase(simulated, version);
      simulated.runFor(2 * DAY);
      expect(simulated.staged).toMatchObject({ version, staged: true });
      expect(healthOf(simulated.model, simulated)).toEqual(HEALTHY);
      simulated.reboot();
      simulated.runFor(HOUR);
      expect(simulated.booted).toMatchObject({
        version,
        imageReference: `ostree-unverified-image:docker://registry.example.com/k8s/node-image:${version}`,
      });
    }
    expect(complaints(simulated)).toEqual([]);
    expect(healthOf(simulated.model, simulated)).toEqual(HEALTHY);
    expect([...effects(simulated)].toSorted()).toEqual(['read-status', 'save', 'wait']);
  });

  it('is told once to be off the graph where updates are on, and is asked nothing of a deployment that is pending', () => {
    const simulated = node({ survey: () => PASSING });
    simulated.runFor(30 * DAY);
    expect(complaints(simulated)).toEqual([
      'WARN  booted deployment 1 not found in the update graph: no updates until it is there',
    ]);
    rebase(simulated, '2');
    simulated.runFor(DAY);
    expect(simulated.staged).toMatchObject({ version: '2', finalizationLocked: false });
    const touching = ['stage', 'discard-staged', 'acquire-slot', 'finalize'];
    expect(touching.filter((kind) => effects(simulated).has(kind))).toEqual([]);
    simulated.reboot();
    simulated.runFor(DAY);
    expect(simulated.booted.version).toBe('2');
  });

  it('is told once that its image names no stream, and not at each check', () => {
    const simulated = node({ check: () => new KindError('identity_stream', 'no stream') });
    simulated.runFor(30 * DAY);
    expect(complaints(simulated)).toEqual([expect.stringContaining('no stream')]);
    expect(healthOf(simulated.model, simulated).cause).toBe('stream_unknown');
  });

  it.each<[string, Partial<World>]>([
    ['off the graph', { check: offGraph }],
    ['without a stream', { check: () => new KindError('identity_stream', 'no stream') }],
    ['without an answer', { check: () => new KindError('generic_http_502', 'bad gateway') }],
    [
      'unable to stage what it was offered',
      {
        check: () => checkResult({ kind: 'update', release: NEWER }),
        stageFault: () => new KindError('rpm_ostree_transaction_failed', 'no space'),
      },
    ],
  ])('that is %s is OK as soon as updates are switched off, and stays so', (_, world) => {
    const simulated = node(world);
    simulated.runFor(5 * DAY);
    expect(healthOf(simulated.model, simulated).level).not.toBe('OK');
    simulated.reconfigure(SWITCHED_OFF);
    expect(healthOf(simulated.model, simulated)).toEqual(HEALTHY);
    simulated.runFor(10 * DAY);
    expect(healthOf(simulated.model, simulated)).toEqual(HEALTHY);
  });

  it.each<[string, (simulated: SimulatedNode) => void]>([
    ['updates were on all the time', () => undefined],
    ['updates are switched on again', (simulated) => simulated.reconfigure(POLICY)],
  ])('updates when it follows a graph later, and %s', (_, follow) => {
    const wasOn = _.includes('all the time');
    const simulated = node({ check: graph, survey: () => PASSING, policy: wasOn ? POLICY : SWITCHED_OFF });
    simulated.runFor(2 * DAY);
    rebase(simulated, '2');
    simulated.reboot();
    simulated.runFor(2 * DAY);
    // Somebody rebases it to a release of the graph.
    simulated.deployments = [
      deployment(ON_GRAPH.version, { staged: true, finalizationLocked: false }),
      ...simulated.deployments,
    ];
    simulated.reboot();
    simulated.runFor(HOUR);
    follow(simulated);
    simulated.runUntil(({ reboots }) => reboots === 3, 1000);
    expect(simulated.booted.version).toBe(NEWER.version);
    simulated.runFor(2 * DAY);
    expect(healthOf(simulated.model, simulated)).toEqual(HEALTHY);
  });
});
