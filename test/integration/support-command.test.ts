/** Command `support`: the real program on a host that is full of secrets. */
import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import os from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { EXIT } from '../../src/cli/exit-codes.ts';
import { schemaOf } from '../../src/cli/json-schemas.ts';
import { lineOf } from '../../src/history/entry-text.ts';
import { EXPLANATION, WAITING } from '../support/agent-samples.ts';
import { BusFixture } from '../support/bus-fixture.ts';
import { dictionary, FakeAgent, micros } from '../support/fake-agent.ts';
import { HostTree } from '../support/host-tree.ts';
import type { Outcome } from '../support/operator.ts';
import { schemaFaults } from '../support/schema-walk.ts';
import { runProgram } from '../support/source-program.ts';

const NODE = '12345678123412341234123456789abc';
const MACHINE = 'feedfeedfeedfeedfeedfeedfeedfeed';
const TOKEN = 'tok-6f1ed002ab5595859014ebf0951522d9';
const SECRETS = [NODE, MACHINE, TOKEN, 'p4ssw0rd', 'qu3ry', 'node-of-alice'];
const CONFIG = `identity.platform = "aws"
identity.node_uuid = "${NODE}"
cincinnati.base_url = "https://user:p4ssw0rd@updates.example.com/graphs?k=qu3ry"
updates.fleet_lock.base_url = "https://locks.example.com"
updates.fleet_lock.bearer_file = "/etc/zincati/token"
`;

let fixture: BusFixture;
beforeAll(async () => {
  fixture = await BusFixture.start();
});
afterAll(() => fixture.stop());

let host: HostTree;
beforeEach(async () => {
  host = await HostTree.create({
    '/etc/zincati/config.d/50.toml': CONFIG,
    '/etc/zincati/token': TOKEN,
    '/etc/machine-id': `${MACHINE}\n`,
    '/etc/hostname': 'node-of-alice\n',
    '/usr/lib/os-release': 'NAME="Fedora Linux"\nOSTREE_VERSION=43.1\nHOME_URL=https://x.example\n',
    '/usr/bin/journalctl': `#!/bin/sh
echo "arguments: $*"
echo "bad token ${TOKEN} on node-of-alice, id ${NODE}"
printf 'a \\033[2J cursor\\n'
`,
  });
  await chmod(host.at('/etc/zincati/token'), 0o640);
  await chmod(host.at('/usr/bin/journalctl'), 0o755);
  onTestFinished(() => host[Symbol.asyncDispose]());
});

const zincati = (...args: string[]): Promise<Outcome> =>
  runProgram({ root: host.root, env: { DBUS_SYSTEM_BUS_ADDRESS: fixture.bus.address } }, ...args);

async function anAgent(): Promise<void> {
  const agent = await FakeAgent.start(fixture.bus.address, {
    ...WAITING,
    StatusText: `checking https://user:p4ssw0rd@updates.example.com as ${NODE}`,
  });
  agent.on('Explain', () => EXPLANATION);
  agent.on('History', () => [
    dictionary({ at: micros(Date.now()), kind: 'offered', text: `offered by https://u:p4ssw0rd@x.example` }),
  ]);
  onTestFinished(() => agent[Symbol.asyncDispose]());
}

/** The metrics socket, as an agent has it. */
async function metrics(text: string): Promise<void> {
  await host.directory('/run/zincati/public');
  const server = createServer((socket) => socket.end(text));
  server.listen(host.at('/run/zincati/public/metrics.promsock'));
  await once(server, 'listening');
  onTestFinished(() => void server.close());
}

function sectionsOf(stdout: string): Readonly<Record<string, string>> {
  const document = JSON.parse(stdout) as { readonly sections: readonly { title: string; text: string }[] };
  expect(schemaFaults(document, schemaOf('Support'))).toEqual([]);
  return Object.fromEntries(document.sections.map(({ title, text }) => [title, text]));
}

describe('with an agent', () => {
  it('has everything, and no secret', async () => {
    await anAgent();
    await metrics('zincati_build_info{version="0.1.0"} 1\n');
    const { code, stdout, stderr } = await zincati('support');
    expect([code, stderr]).toEqual([EXIT.ok, '']);
    for (const secret of [...SECRETS, '\u001b']) {
      expect(stdout).not.toContain(secret);
    }
    expect(stdout.match(/^== .* ==$/gm)).toEqual([
      '== program ==',
      '== host ==',
      '== unit ==',
      '== configuration ==',
      '== configuration check ==',
      '== status ==',
      '== why ==',
      '== history ==',
      '== metrics ==',
      '== journal ==',
    ]);
    for (const kept of [
      'zincati 0.1.0',
      'OSTREE_VERSION=43.1',
      'cincinnati.base_url = "https://updates.example.com/graphs"',
      'identity.node_uuid = "1234...bc"',
      'the configuration is good',
      '"kind":"Status"',
      '"kind":"Explanation"',
      'offered by https://***@x.example',
      'zincati_build_info{version="0.1.0"} 1',
      'bad token *** on THIS-HOST, id 1234...bc',
      '-n 200 -u zincati.service',
    ]) {
      expect(stdout).toContain(kept);
    }
    const name = os.hostname();
    expect(stdout).not.toContain(`"name":"${name}"`);
  });

  it('is JSON on request', async () => {
    await anAgent();
    const sections = sectionsOf((await zincati('support', '--json')).stdout);
    expect(JSON.parse(sections['why'] ?? '')).toMatchObject({ kind: 'Explanation' });
    expect(sections['metrics']).toMatch(/^\(not available: /);
  });
});

describe('without an agent', () => {
  it('has the rest, and says what is missing and why', async () => {
    await host.write(
      '/var/lib/zincati/history.log',
      lineOf({ at: Date.now(), kind: 'staged', text: 'staged it', fields: {} }),
    );
    await host.write('/usr/bin/journalctl', '#!/bin/sh\necho no journal here >&2\nexit 1\n');
    await host.write('/etc/zincati/config.d/60.toml', 'updates.enabled = 1\n');
    const sections = sectionsOf((await zincati('support', '--json')).stdout);
    expect(JSON.parse(sections['status'] ?? '')).toMatchObject({ kind: 'Status', running: false });
    expect(sections['why']).toMatch(/^\(not available: /);
    expect(sections['history']).toMatch(/^\(from the file: the agent cannot be reached.*\)\n.*staged it$/);
    expect(sections['journal']).toBe('(not available: no journal here)');
    expect(sections['configuration']).toMatch(/^\(not available: .*updates\.enabled must be/);
    expect(sections['configuration check']).toMatch(/^error: .*updates\.enabled must be/);
  });

  it('connects to no socket behind a link in the folder of the agent', async () => {
    await metrics('secret of another socket\n');
    const other = await HostTree.create();
    onTestFinished(() => other[Symbol.asyncDispose]());
    const target = host.at('/run/zincati/public');
    await other.directory('/run/zincati');
    await symlink(target, other.at('/run/zincati/public'));
    const through = await runProgram({ root: other.root }, 'support', '--json');
    expect(sectionsOf(through.stdout)['metrics']).toMatch(/^\(not available: (?:ELOOP|ENOTDIR)/);
    const third = await HostTree.create();
    onTestFinished(() => third[Symbol.asyncDispose]());
    await third.directory('/run/zincati/public');
    await symlink(`${target}/metrics.promsock`, third.at('/run/zincati/public/metrics.promsock'));
    const last = await runProgram({ root: third.root }, 'support', '--json');
    expect(sectionsOf(last.stdout)['metrics']).toMatch(/^\(not available: .* must be a socket\)$/);
  });
});

describe('a file', () => {
  it('is made for its owner alone', async () => {
    const file = host.at('/bundle.txt');
    const { code, stdout, stderr } = await zincati('support', '--output', file);
    expect([code, stdout]).toEqual([EXIT.ok, '']);
    expect(stderr).toBe(`${file} is written; read it before it goes to others\n`);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toMatch(/^== program ==\nzincati /);
  });

  it('is never one that is there, nor behind a link', async () => {
    await host.write('/mine', 'kept');
    await symlink(host.at('/nowhere'), host.at('/dangling'));
    for (const name of ['/mine', '/dangling']) {
      const { code, stderr } = await zincati('support', '--output', host.at(name));
      expect(code).toBe(EXIT.failure);
      expect(stderr).toBe(`cannot make ${host.at(name)}: it is there already\n`);
    }
    expect(await readFile(host.at('/mine'), 'utf8')).toBe('kept');
    await expect(stat(host.at('/nowhere'))).rejects.toThrow('ENOENT');
  });
});
