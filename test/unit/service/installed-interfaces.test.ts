import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { interfacesXml } from '../../../src/dbus/introspection.ts';
import { ACTION_PREFIX, ACTIONS } from '../../../src/service/actions.ts';
import { agent1 } from '../../../src/service/agent1.ts';
import { jobInterface } from '../../../src/service/jobs.ts';
import { AGENT_INTERFACE } from '../../../src/service/names.ts';
import { FakeAgent } from '../../support/fake-agent-port.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const read = (name: string) =>
  readFileSync(join(import.meta.dirname, '../../..', name), { encoding: 'utf8' });

function served() {
  const log = { level: () => 'info' as const, setLevel: () => undefined, target: 'console' as const };
  const { interfaces } = agent1({ port: new FakeAgent(), clock: new VirtualClock(), log });
  const job = jobInterface(
    {
      path: '/org/coreos/zincati/job/1',
      kind: 'check',
      uids: new Set(),
      asker: { uid: 0 },
      state: 'done',
      progress: undefined,
      result: new Map(),
      endedMono: 0,
      cancel: async () => undefined,
    },
    async () => undefined,
  );
  return [...interfaces.filter(({ name }) => name === AGENT_INTERFACE), job];
}

describe('the installed files', () => {
  it('describe the interfaces as they are served', async () => {
    await expect(interfacesXml(served())).toMatchFileSnapshot(
      '../../../systemd/org.coreos.zincati.Agent1.xml',
    );
  });

  it('polkit knows each action, each has its owner, and a terminal without a session needs a password', () => {
    const policy = read('systemd/org.coreos.zincati.policy');
    const actions = [...policy.matchAll(/<action id="([^"]+)">([\s\S]*?)<\/action>/g)];
    expect(actions.map(([, id]) => id)).toEqual(ACTIONS.map((action) => ACTION_PREFIX + action));
    for (const [, id, content] of actions) {
      expect(content).toContain(
        '<annotate key="org.freedesktop.policykit.owner">unix-user:zincati</annotate>',
      );
      const any = id === `${ACTION_PREFIX}check` ? 'yes' : 'auth_admin';
      expect(content).toContain(`<allow_any>${any}</allow_any>`);
    }
  });

  it('docs/dbus.md has each method, property and action', () => {
    const text = read('docs/dbus.md');
    for (const { methods, properties = [], signals = [] } of served()) {
      for (const name of [
        ...methods.map(({ member }) => member),
        ...properties.map((property) => property.name),
        ...signals.map(({ member }) => member),
      ]) {
        expect(text).toMatch(new RegExp(`\`${name}[\`(]`));
      }
    }
    for (const action of ACTIONS) {
      expect(text).toContain(`\`${action}\``);
    }
  });
});
