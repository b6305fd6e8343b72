/**
 * Checks what docs/hardening.md says of a Node that does not compile. If this fails, that drop-in may have
 * become possible.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { Machine } from '../../sandbox/machine.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { prepareHost, standInRelease } from '../../sandbox/stand-in.ts';

const PROJECT = join(import.meta.dirname, '../..');

it('a Node without its compiler runs the agent, and has no HTTP', async () => {
  const history = await carriedHistory('stable');
  const root = await mkdtemp('/tmp/jitless-');
  const [entry] = history.entries;
  const release = standInRelease(1, { version: entry!.version, checksum: entry!.digest });
  prepareHost(root, { releases: [release], booted: release.version });
  const server = await startCincinnatiServer({ history, stream: 'stable', basearch: 'x86_64', clock: Date });
  await writeAgentConfig(root, { baseUrl: server.baseUrl });
  const failed = Promise.withResolvers<string>();
  const ready = Promise.withResolvers<undefined>();
  const machine = new Machine({
    root,
    agent: [process.execPath, '--jitless', join(PROJECT, 'dist/zincati.cjs')],
    agentArgs: ['-v', '--log-format', 'json'],
    nodeId: '0123456789abcdef0123456789abcdef',
    daemon: {},
    events: {
      onBoot: () => undefined,
      onNotify: (key) => {
        if (key === 'READY') {
          ready.resolve(undefined);
        }
      },
      onLog: (text) => {
        const { msg = '' } = (text.startsWith('{') ? JSON.parse(text) : {}) as { readonly msg?: string };
        if (msg.startsWith('failed to check Cincinnati for updates')) {
          failed.resolve(msg);
        }
      },
      onCrash: () => failed.reject(new Error('the agent must not end')),
      onFailure: failed.reject,
    },
  });
  onTestFinished(async () => {
    await machine.stop();
    await server.stop();
    await rm(root, { recursive: true, force: true });
  });
  await machine.start();
  await ready.promise;
  const said = 'WebAssembly is not supported in this environment, but is required for HTTP/1 parsing';
  expect(await failed.promise).toContain(said);
  expect(await readFile(join(PROJECT, 'docs/hardening.md'), 'utf8')).toContain(said);
});
