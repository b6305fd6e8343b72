/** What a node does while updates are switched off: on a node without I/O, in virtual time. */
import { describe, expect, it } from 'vitest';
import { EMPTY_RECORD } from '../../../src/agent/record.ts';
import type { SlotPlace } from '../../../src/agent/slot-place.ts';
import type { Policy } from '../../../src/agent/state.ts';
import { checkResult, deployment, payloadOf, POLICY, release, staged } from '../../support/samples.ts';
import { KindError, SimulatedNode, type World } from '../../support/simulated-node.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const V2 = release('2.0', 2);
const PLACE: SlotPlace = { lender: 'fleet_lock', address: 'https://lock', group: 'workers', id: 'n1' };
const OFF: Policy = { ...POLICY, enabled: false, jitter: false };
const LENDING_OFF: Policy = { ...OFF, hasLenders: true, slotPlaces: [PLACE] };
const DISABLED = 'INFO  initialization complete, auto-updates logic disabled by configuration';

function switchedOff(world: Partial<World> = {}): SimulatedNode {
  return new SimulatedNode(
    { policy: OFF, check: () => checkResult({ kind: 'update', release: V2 }), ...world },
    [deployment('1.0', { booted: true }), deployment('0.9')],
  );
}

function kinds(node: SimulatedNode): string[] {
  return node.effects.map(({ kind }) => kind);
}

describe('a node whose updates are switched off', () => {
  it('diff 5: reads the deployments, so that metrics know what is booted, and says so once', () => {
    const node = switchedOff();
    node.runFor(HOUR);
    expect(kinds(node).filter((kind) => kind !== 'wait')).toEqual(['read-status', 'save']);
    expect(node.model.memory.host?.booted.version).toBe('1.0');
    expect(node.stateName).toBe('EndState');
    expect(node.log.filter((line) => line === DISABLED)).toHaveLength(1);
  });

  it('diff 5: goes on looking now and then, as Zincati ticks', () => {
    const node = switchedOff();
    // At the start, after three hours and after six.
    node.runFor(7 * HOUR);
    expect(kinds(node).filter((kind) => kind === 'read-status')).toHaveLength(3);
  });

  it('diff 5: is switched off also where rpm-ostree does not answer, and tries again until it does', () => {
    let isDown = true;
    const said: string[] = [];
    const node = switchedOff({
      policy: LENDING_OFF,
      statusFault: () => (isDown ? new KindError('rpm_ostree_unreachable') : undefined),
      release: () => {
        said.push('give');
        return undefined;
      },
    });
    node.record = { ...EMPTY_RECORD, slots: [{ ...PLACE, sinceAt: 0 }] };
    node.restart();
    node.runUntil(({ stateName }) => stateName === 'EndState');
    expect(node.log).toContain(DISABLED);
    node.runFor(HOUR);
    expect(said).toEqual(['give']);
    expect(node.model.memory.host).toBeUndefined();
    isDown = false;
    node.runFor(10 * MINUTE);
    expect(node.model.memory.host?.booted.version).toBe('1.0');
    expect(node.stateName).toBe('EndState');
    expect(node.log.filter((line) => line === DISABLED)).toHaveLength(1);
  });

  it('keeps the slot when it starts anew within its own reboot, and asks for no reboot again', () => {
    const said: string[] = [];
    const node = switchedOff({
      policy: LENDING_OFF,
      rebootComes: () => false,
      release: () => {
        said.push('give');
        return undefined;
      },
    });
    const asked = { version: '2.0', payload: payloadOf('2.0'), at: node.at, bootId: 'boot-0' };
    node.deployments = [staged('2.0', { finalizationLocked: false }), deployment('1.0', { booted: true })];
    node.record = { ...EMPTY_RECORD, asked, slots: [{ ...PLACE, sinceAt: 0, grantedAt: 0 }] };
    node.restart();
    node.runFor(10 * MINUTE);
    expect(said).toEqual([]);
    expect(node.model.state).toMatchObject({ name: 'EndState', cause: 'reboot-pending' });
    // Nothing comes of it. Then the slot goes back, and the node stays as it is.
    node.runFor(HOUR);
    expect(said).toEqual(['give']);
    expect(node.model.state).toMatchObject({ name: 'EndState', cause: 'disabled' });
    expect(kinds(node)).not.toContain('finalize');
  });

  it('does not go back to polling when its staged deployment is taken away while the reboot is awaited', () => {
    const node = switchedOff({ rebootComes: () => false });
    const asked = { version: '2.0', payload: payloadOf('2.0'), at: node.at, bootId: 'boot-0' };
    node.deployments = [staged('2.0', { finalizationLocked: false }), deployment('1.0', { booted: true })];
    node.record = { ...EMPTY_RECORD, asked };
    node.restart();
    node.runFor(MINUTE);
    node.deployments = [deployment('1.0', { booted: true })];
    node.runFor(HOUR);
    expect(node.model.state).toMatchObject({ name: 'EndState', cause: 'disabled' });
  });

  it('tells no lender whose address names a stream that nobody knows, and is well all the same', () => {
    const said: (string | undefined)[] = [];
    const node = switchedOff({
      policy: { ...LENDING_OFF, slotPlaces: [{ ...PLACE, address: 'https://${stream}.lock' }] },
      release: ({ stream }) => {
        said.push(stream);
        return stream === undefined ? new KindError('stream_unknown') : undefined;
      },
    });
    node.deployments = [deployment('1.0', { booted: true, stream: undefined })];
    node.restart();
    node.runFor(HOUR);
    expect(said).toEqual([]);
    expect(node.model.memory.steady.streak).toBeUndefined();
    node.deployments = [deployment('1.0', { booted: true })];
    node.runFor(4 * HOUR);
    expect(said).toEqual(['stable']);
  });
});
