/** A host on its first boot, with the files of two examples as Ignition leaves them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

import { BootedHost } from '../support/booted-host.ts';
import { filesOf, type IgnitionConfig } from '../support/ignition.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples/provisioning');
const UNIT = 'zincati.service';
const TOKEN = '/etc/zincati/lock/token';
const AFTERBURN = '/usr/local/bin/afterburn';
const whyNot = BootedHost.whyNot();

/** Replaces Afterburn, which asks a cloud. It takes a while, and writes what it has found out. */
const FOUND = `#!/bin/sh
sleep 0.5
mkdir -p /run/metadata
printf 'AFTERBURN_AWS_AVAILABILITY_ZONE=eu-west-1a\\nAFTERBURN_AWS_REGION=eu-west-1\\n' >/run/metadata/afterburn
`;
const SERVICE = `[Service]\nType=oneshot\nExecStart=${AFTERBURN}\n`;

function example(name: string) {
  const config = JSON.parse(readFileSync(join(EXAMPLES, name, 'config.ign'), 'utf8')) as IgnitionConfig;
  return Object.fromEntries(filesOf(config).map(({ path, text, mode }) => [path, { text, mode }]));
}

describe.skipIf(whyNot !== undefined)(`a host${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  let host: BootedHost;
  beforeAll(async () => {
    host = await BootedHost.boot({
      files: {
        ...example('fleet-lock'),
        ...example('zone-as-group'),
        '/etc/zincati/config.d/20-platform.toml': '[identity]\nplatform = "aws"\n',
        '/usr/lib/systemd/system/afterburn.service': SERVICE,
        [AFTERBURN]: FOUND,
      },
    });
    return () => host[Symbol.asyncDispose]();
  });

  const log = () => host.sh(`journalctl --output=cat --unit=${UNIT}`);
  const since = async (unit: string, property: string) => Number(await host.property(unit, property));

  it('has the token where the agent can read it, and nobody else', async () => {
    expect(await host.sh(`stat --format='%a %U:%G' ${TOKEN}`)).toBe('640 root:zincati');
    const read = await host.runAs('zincati', 'cat', TOKEN);
    expect([read.status, read.stdout]).toEqual([0, 'replace-with-the-token-of-this-node\n']);
    expect((await host.runAs('nobody', 'cat', TOKEN)).status).not.toBe(0);
    expect((await host.runAs('zincati', 'sh', '-c', `echo x >>${TOKEN}`)).status).not.toBe(0);
  });

  it('starts the agent when Afterburn is done, as a member of the group of its zone', async () => {
    expect(await host.property(UNIT, 'ActiveState')).toBe('active');
    const [ended, started] = [
      await since('afterburn.service', 'ExecMainExitTimestampMonotonic'),
      await since(UNIT, 'ExecMainStartTimestampMonotonic'),
    ];
    expect(ended).toBeGreaterThan(0);
    expect(started).toBeGreaterThan(ended);
    expect(await log()).toContain(
      'identity.group is "workers-eu-west-1a", made from "workers-${AFTERBURN_AWS_AVAILABILITY_ZONE}" in /etc/zincati/config.d/57-zone.toml and the attributes in /run/metadata/afterburn',
    );
  });

  it('B27: is up without attributes, says why, and goes on by itself once they are there', async () => {
    // As the real one where the metadata server does not answer: the file is there, and empty.
    await host.write(AFTERBURN, '#!/bin/sh\n: >/run/metadata/afterburn\nexit 1\n');
    await host.sh(`systemctl restart afterburn.service || true`);
    const cursor = await host.cursor();
    expect((await host.run('systemctl', 'restart', UNIT)).status).toBe(0);
    expect(await host.property(UNIT, 'ActiveState')).toBe('active');
    const why = 'identity.group must be made from attribute AFTERBURN_AWS_AVAILABILITY_ZONE';
    await host.journal(cursor, why);
    expect(await host.property(UNIT, 'StatusText')).toContain(why);

    const agent = await host.property(UNIT, 'MainPID');
    await host.write(AFTERBURN, FOUND);
    await host.sh(`systemctl restart afterburn.service`);
    await host.journal(cursor, 'identity.group is "workers-eu-west-1a"');
    expect(await host.property(UNIT, 'ActiveState')).toBe('active');
    expect(await host.property(UNIT, 'MainPID')).toBe(agent);
  });
});
