/** The built agent takes its group and its update server from Afterburn's file, or says why it cannot. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { standInRelease } from '../../sandbox/stand-in.ts';
import { ATTRIBUTES_FILE } from '../../src/config/attribute-template.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { OF_AWS, runAfterburn } from '../support/afterburn.ts';
import { startStandInHost, type StandInHost } from '../support/stand-in-host.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/zincati.cjs');
const MORE = `[identity]
group = "workers-\${AFTERBURN_AWS_AVAILABILITY_ZONE}"
node_uuid = "0123456789abcdef0123456789abcdef"
platform = "aws"
`;
const FILE = '/etc/zincati/config.d/90-more.toml';

let host: StandInHost;
beforeEach(async () => {
  host = await startStandInHost({ releases: [standInRelease(0, { version: '1.0' })], booted: '1.0' });
});
afterEach(() => host.close());

async function place(path: string, contents: string): Promise<void> {
  await mkdir(dirname(join(host.root, path)), { recursive: true });
  await writeFile(join(host.root, path), contents);
}

let agent: ChildProcess | undefined;
afterEach(() => agent?.kill('SIGKILL'));

function startAgent() {
  const child = spawn(process.execPath, [PROGRAM, 'agent', '-v', '--root', host.root], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: host.busAddress },
  });
  agent = child;
  return { child, log: text(child.stderr), exited: once(child, 'exit') };
}

it('asks the server of its region, as a member of the group of its zone, and the journal says why', async () => {
  const asked = Promise.withResolvers<URL>();
  await using server = createServer((request, response) => {
    asked.resolve(new URL(request.url ?? '', 'http://h'));
    response.setHeader('content-type', 'application/json').end('{"nodes":[],"edges":[]}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await writeAgentConfig(host.root, {
    baseUrl: `http://127.0.0.1:${port}/\${AFTERBURN_AWS_REGION}/\${stream}`,
    more: MORE,
  });
  await runAfterburn(join(host.root, ATTRIBUTES_FILE), () => Promise.resolve(OF_AWS));
  const { child, log, exited } = startAgent();
  const early = exited.then(() => undefined);
  const url = await Promise.race([asked.promise, early]);
  if (url === undefined) {
    return expect.unreachable(await log);
  }
  expect(url.pathname).toBe('/eu-west-1/stable/v1/graph');
  expect(url.searchParams.get('group')).toBe('workers-eu-west-1a');
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(await log).toContain(
    `identity.group is "workers-eu-west-1a", made from "workers-\${AFTERBURN_AWS_AVAILABILITY_ZONE}" in ${join(host.root, FILE)} and the attributes in ${ATTRIBUTES_FILE}`,
  );
  expect(await log).toContain("in update group 'workers-eu-west-1a'");
});

it.each([
  [
    'field 16: the value of one is itself one',
    'AFTERBURN_AWS_AVAILABILITY_ZONE=${AFTERBURN_AWS_REGION}\n',
    'whose values name no attribute themselves',
  ],
  [
    'they are of another cloud',
    'AFTERBURN_GCP_HOSTNAME=h\n',
    `got AFTERBURN_AWS_AVAILABILITY_ZONE; it has AFTERBURN_GCP_HOSTNAME`,
  ],
])('B27: does not start when %s, and says which file, key and attribute', async (_what, attributes, said) => {
  await writeAgentConfig(host.root, { baseUrl: 'http://127.0.0.1:1', more: MORE });
  await place(ATTRIBUTES_FILE, attributes);
  const { log, exited } = startAgent();
  expect(await exited).toEqual([EXIT.config, null]);
  expect(await log).toContain(`${join(host.root, FILE)}: identity.group must `);
  expect(await log).toContain(said);
});
