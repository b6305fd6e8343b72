/**
 * Permissions by a real polkit. The agent is an unprivileged user who asks about others, as on a host: root would be
 * answered in any case.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { AgentLink } from '../../src/cli/agent-link.ts';
import { AgentClient } from '../../src/cli/agent-client.ts';
import { getNameOwner } from '../../src/dbus/calls.ts';
import { connectBus } from '../../src/dbus/connect.ts';
import { SERVICE_NAME } from '../../src/service/experimental.ts';
import { AGENT_INTERFACE, AGENT_PATH } from '../../src/service/names.ts';
import { zincati } from '../support/operator.ts';
import { NO_ACTIONS, PolkitHost } from '../support/polkit-host.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Stands in for user zincati, which a machine with tests need not have. */
const AGENT = { name: 'nobody', uid: 65_534 };
const PERSON = 1;

const policy = readFileSync(join(ROOT, 'systemd/org.coreos.zincati.policy'), 'utf8');
const owned = policy.replaceAll('unix-user:zincati', `unix-user:${AGENT.name}`);
/** Of a version that had one action less. */
const older = owned.replace(/ *<action id="org.coreos.zincati.reboot-without-slot">[\s\S]*?<\/action>\n/, '');

let host: PolkitHost;

beforeEach(async () => {
  host = await PolkitHost.start();
});
afterEach(async () => {
  await host[Symbol.asyncDispose]();
});

/** The lines that it prints. */
async function startAgent(): Promise<AsyncIterator<string>> {
  const child = host.spawn(process.execPath, [join(ROOT, 'test/support/serve-agent.ts'), host.bus.address], {
    uid: AGENT.uid,
    gid: AGENT.uid,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) {
    throw new Error('it must have an output');
  }
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect(await lines.next()).toEqual({ done: false, value: 'ready' });
  return lines;
}

function call(uid: number, method: string, ...args: readonly string[]): Promise<string> {
  return host.call(uid, SERVICE_NAME, AGENT_PATH, `${AGENT_INTERFACE}.${method}`, ...args);
}

/** Resolves when the agent says so of polkit, with what it says to do. */
async function permissionsAre(polkit: string): Promise<string | undefined> {
  const link = await connectBus(host.bus.address, AbortSignal.timeout(10_000));
  await using client = new AgentClient(
    new AgentLink(link, (await getNameOwner(link, SERVICE_NAME)) ?? '', false),
  );
  let changed = Promise.withResolvers<undefined>();
  await client.onChange(() => changed.resolve(undefined));
  for (;;) {
    const { permissions } = await client.facts();
    if (permissions.polkit === polkit) {
      return permissions.text;
    }
    await changed.promise;
    changed = Promise.withResolvers();
  }
}

// Several users take root.
describe.runIf(process.getuid?.() === 0)('an agent that is not root', () => {
  it('lets everybody check, and others act as polkit says', async () => {
    await host.startPolkit(owned);
    const lines = await startAgent();
    expect(await call(PERSON, 'Check', '{}')).toContain('/org/coreos/zincati/job/1');
    expect(await lines.next()).toMatchObject({ value: `asked check ${PERSON}` });
    await expect(call(PERSON, 'Discard', '{}')).rejects.toThrow(
      /InteractiveAuthorizationRequired: a password is needed .*`sudo zincati discard`/,
    );
    // Nobody is there to ask for a password.
    await expect(call(PERSON, 'Discard', "{'interactive': <true>}")).rejects.toThrow(
      'AccessDenied: not allowed',
    );
    await call(0, 'Discard', '{}');
    expect(await lines.next()).toMatchObject({ value: 'asked discard 0' });
    expect(await permissionsAre('known')).toBeUndefined();
    expect((await zincati({ busAddress: host.bus.address }, 'status')).stdout).not.toContain('polkit');
  });

  it('unknown-actions: is answered about nobody unless it owns the actions, and says so', async () => {
    await host.startPolkit(policy.replaceAll(/ *<annotate .*\n/g, ''));
    await startAgent();
    await expect(call(PERSON, 'Check', '{}')).rejects.toThrow('AccessDenied: only root may');
    expect(await permissionsAre('unknown')).toContain('and 8 more');
  });

  it('lets root alone act where polkit does not know the actions', async () => {
    await host.startPolkit(NO_ACTIONS);
    const lines = await startAgent();
    await expect(call(PERSON, 'Check', '{}')).rejects.toThrow(
      'AccessDenied: only root may, since polkit does not know org.coreos.zincati.check; run `sudo zincati check`',
    );
    await call(0, 'Check', '{}');
    expect(await lines.next()).toMatchObject({ value: 'asked check 0' });
  });

  it('unknown-actions: status says so with the next step, until the file is there', async () => {
    await host.startPolkit(older);
    await startAgent();
    expect(await permissionsAre('unknown')).toMatch(/^only root may do all: .*\.reboot-without-slot; put /);
    const { stdout } = await zincati({ busAddress: host.bus.address }, 'status');
    expect(stdout).toMatch(
      /^access +only root may do all: polkit does not know org\.coreos\.zincati\.reboot-without-slot; put org\.coreos\.zincati\.policy of this version into \/usr\/share\/polkit-1\/actions$/m,
    );
    host.writeActions(owned);
    expect(await permissionsAre('known')).toBeUndefined();
  });

  it('unknown-actions: without polkit root alone may act, and others read so', async () => {
    await startAgent();
    expect(await permissionsAre('absent')).toContain('systemctl status polkit.service');
    // The test is root, who needs no polkit.
    const asRoot = await zincati({ busAddress: host.bus.address }, 'status');
    expect(asRoot.stdout).not.toContain('access');
    await host.startPolkit(owned);
    expect(await permissionsAre('known')).toBeUndefined();
  });
});
