/**
 * SIGHUP while the agent still loads its parts. The signal is sent from within: when the runtime is about to compile the
 * agent itself, which is the longest part of its start. So no time is measured.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { unixAddress } from '../../src/dbus/address.ts';
import { AgentProcess } from '../support/agent-process.ts';

const PRELOADED = `import { createRequire } from 'node:module';
const vm = createRequire('/')('node:vm');
const { Script } = vm;
let sent = false;
vm.Script = class extends Script {
  constructor(source, options) {
    if (!sent && /\\/chunks\\/run-agent-/.test(options.filename)) {
      sent = true;
      process.kill(process.pid, 'SIGHUP');
    }
    super(source, options);
  }
};`;

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
