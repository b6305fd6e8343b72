/**
 * SIGHUP while the agent still loads its parts. The signal is sent from within: when the runtime is about to load the
 * agent itself, which is the longest part of its start. So no time is measured.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { unixAddress } from '../../src/dbus/address.ts';
import { AgentProcess } from '../support/agent-process.ts';

const PRELOADED = `import { registerHooks } from 'node:module';
let sent = false;
registerHooks({
  load(url, context, next) {
    if (!sent && /\\/chunks\\/run-agent-/.test(url)) {
      sent = true;
      process.kill(process.pid, 'SIGHUP');
    }
    return next(url, context);
  },
});`;

it('attack c: a reload that is asked for while the agent loads does not end it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'early-hangup-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  await writeAgentConfig(root, {
    baseUrl: 'http://127.0.0.1:9',
    more: 'identity.node_uuid = "0123456789abcdef0123456789abcdef"\nidentity.platform = "metal"\n',
  });
  await using agent = new AgentProcess({
    root,
    busAddress: unixAddress(join(root, 'no-bus.sock')),
    env: { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(PRELOADED)}` },
  });
  await agent.says(/^info starting update agent/);
  await agent.says(/^info registering as the update driver/);
  expect(agent.isOver).toBe(false);
});
