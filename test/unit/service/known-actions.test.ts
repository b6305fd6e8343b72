import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type BusValue, isDictionary, Variant } from '../../../src/dbus/types.ts';
import { ACTIONS } from '../../../src/service/actions.ts';
import { PAUSE_MS, permissionText } from '../../../src/service/known-actions.ts';
import { AGENT_INTERFACE, AGENT_PATH } from '../../../src/service/names.ts';
import { AgentBus } from '../../support/agent-bus.ts';
import { settle } from '../../support/virtual-clock.ts';

const CORE = ':1.2';
let bus: AgentBus;
beforeEach(async () => {
  bus = await AgentBus.start();
  bus.uids.set(CORE, 1000);
});
afterEach(async () => {
  await bus.stop();
});

async function permissions(): Promise<Readonly<Record<string, BusValue>>> {
  const place = { path: AGENT_PATH, interface: 'org.freedesktop.DBus.Properties' };
  const { args } = await bus.call(CORE, 'Get', 'ss', [AGENT_INTERFACE, 'Permissions'], place);
  const [found] = args;
  if (!(found instanceof Variant) || !isDictionary(found.value)) {
    throw new Error('it must be a dictionary');
  }
  return Object.fromEntries(
    [...found.value].map(([key, one]) => [String(key), one instanceof Variant ? one.value : one]),
  );
}

/** A look that begins now is over. */
async function looked(): Promise<void> {
  for (let turns = 0; turns < 30; turns += 1) {
    await settle();
  }
}

const told = () =>
  bus.signals.filter(
    ({ member, args }) =>
      member === 'PropertiesChanged' && (args[1] as Map<string, unknown>).has('Permissions'),
  );

describe('unknown-actions: who may act', () => {
  it('is known at the start, after one question for each action', async () => {
    expect(bus.actionsAsked).toBe(ACTIONS.length);
    expect(await permissions()).toEqual({ polkit: 'known', text: '' });
  });

  it.each(['unregistered', 'not owned'] as const)(
    'is root alone where the actions are %s',
    async (answer) => {
      bus.actionIs = () => answer;
      await bus.clock.advance(PAUSE_MS);
      await bus.polkitChanged();
      await looked();
      expect(await permissions()).toEqual({
        polkit: 'unknown',
        missing: ACTIONS,
        text: 'only root may act: polkit does not know org.coreos.zincati.check and 8 more; put org.coreos.zincati.policy of this version into /usr/share/polkit-1/actions',
      });
      expect(told()).toHaveLength(1);
    },
  );

  it('is told of the very actions that a policy of an older version lacks', async () => {
    bus.actionIs = (action) => (action.endsWith('.reboot-without-slot') ? 'unregistered' : 'known');
    await bus.clock.advance(PAUSE_MS);
    await bus.polkitChanged();
    await looked();
    expect(await permissions()).toMatchObject({ polkit: 'unknown', missing: ['reboot-without-slot'] });
  });

  it('is root alone without polkit, and one refusal is enough to find out', async () => {
    bus.actionIs = () => 'absent';
    bus.polkit = () => 'absent';
    await bus.clock.advance(PAUSE_MS);
    const refused = await bus.act(CORE, 'Discard');
    expect(refused.args[0]).toContain('only root may, since polkit does not know');
    await looked();
    expect(await permissions()).toEqual({
      polkit: 'absent',
      text: 'only root may act: polkit does not answer; `systemctl status polkit.service` says why',
    });
  });

  it('is looked at at most once in a pause, whoever sends signals, and then once for all of them', async () => {
    bus.actionIs = () => 'absent';
    for (let count = 0; count < 50; count += 1) {
      await bus.polkitChanged();
    }
    await looked();
    expect(bus.actionsAsked).toBe(ACTIONS.length);
    await bus.clock.advance(PAUSE_MS);
    await looked();
    expect(bus.actionsAsked).toBe(ACTIONS.length + 1);
    expect(await permissions()).toMatchObject({ polkit: 'absent' });
  });

  it('has nothing to say where all is well', () => {
    expect(permissionText({ kind: 'known' })).toBe('');
    expect(permissionText({ kind: 'unknown', actions: ['deny'] })).toBe(
      'only root may do all: polkit does not know org.coreos.zincati.deny; put org.coreos.zincati.policy of this version into /usr/share/polkit-1/actions',
    );
  });
});
