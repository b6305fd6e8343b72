/**
 * F7 as a kind: a reboot slot of before, and an agent that lacks what it does not need for giving it back. The
 * built agent, a lock server, and each reason that may keep a configuration or a node from being understood.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import { startLockServer, type LockServer } from '../../sandbox/lock-server.ts';
import { editSysroot, setFaults } from '../../sandbox/stand-in.ts';
import { EMPTY_RECORD, type AgentRecord } from '../../src/agent/record.ts';
import { toText } from '../../src/agent/record-text.ts';
import { NODE_UUID, ReleasedHost } from '../support/released-host.ts';

const GROUP = 'workers';
const BOOT_ID = '7d3b1c0e-3f1f-4f55-9d44-0c7f8f1d2a3b';
const BEFORE = '11111111-3f1f-4f55-9d44-0c7f8f1d2a3b';
const SINCE_AT = Date.parse('2026-11-20T10:00:00Z');
const CMDLINE = 'proc/cmdline';
const ID = `identity.node_uuid = "${NODE_UUID}"`;
const AWS = 'identity.platform = "aws"';
const WORKERS = `identity.group = "${GROUP}"`;
const OF_AFTERBURN = 'identity.group = "workers-${AFTERBURN_AWS_REGION}"';
const OFF = 'updates.enabled = false';
const LOCK = 'updates.strategy = "fleet_lock"\nupdates.fleet_lock.base_url = "LOCK"';
const NO_SUCH_ZONE = `updates.strategy = ["fleet_lock", "periodic"]
updates.fleet_lock.base_url = "LOCK"
updates.periodic.time_zone = "Mars/Olympus"
[[updates.periodic.window]]
days = ["Sat"]
start_time = "3:00"
length_minutes = 60
`;

interface Reason {
  readonly why: string;
  /** Lines of the drop-in; `LOCK` is the lock server's address. */
  readonly config: readonly string[];
  /** Whether the slot stands in the record. Otherwise only the configuration knows of it. */
  readonly isRecorded: boolean;
  readonly files?: Readonly<Record<string, string>>;
  readonly sick?: (root: string) => void;
  /** Ends with 78 once it has given the slot back. */
  readonly isRefused?: true;
}

const NO_PLATFORM = { [CMDLINE]: 'quiet\n' };

/** What of a node that is switched off nobody needs. */
const UNNEEDED: readonly Reason[] = [
  {
    why: 'it is disabled, and the kernel command line names no platform',
    config: [OFF, ID, WORKERS, LOCK],
    isRecorded: false,
    files: NO_PLATFORM,
  },
  {
    why: 'it is disabled, and the kernel command line is not there',
    config: [OFF, ID, WORKERS, LOCK],
    isRecorded: false,
  },
  {
    why: 'it is disabled, and its update server waits for an attribute',
    config: [OFF, ID, AWS, WORKERS, LOCK, 'cincinnati.base_url = "https://x/${AFTERBURN_AWS_REGION}"'],
    isRecorded: false,
  },
  {
    why: 'it is disabled, and the deployments cannot be read',
    config: [OFF, ID, AWS, WORKERS, LOCK],
    isRecorded: false,
    sick: (root) => setFaults(root, { kind: 'wrong-types', where: 'booted', remaining: 1000 }),
  },
  {
    why: 'it is disabled, and the lock server has no address any more',
    config: [OFF, ID, AWS, WORKERS, 'updates.strategy = "fleet_lock"'],
    isRecorded: true,
  },
  {
    why: 'it has no rollout wariness',
    config: [ID, AWS, WORKERS, LOCK],
    isRecorded: false,
  },
  {
    why: 'it does not know its stream',
    config: [ID, AWS, WORKERS, LOCK],
    isRecorded: false,
    sick: (root) =>
      editSysroot(root, (sysroot) => ({
        ...sysroot,
        deployments: sysroot.deployments.map((deployment) => ({ ...deployment, streamIn: [] })),
      })),
  },
  {
    why: 'no deployment says that it is booted',
    config: [ID, AWS, WORKERS, LOCK],
    isRecorded: false,
    sick: (root) => setFaults(root, { kind: 'wrong-types', where: 'booted', remaining: 1000 }),
  },
];

/** What has to be waited for; the record knows all that is needed meanwhile. */
const AWAITED: readonly Reason[] = [OFF, ''].flatMap((off) => [
  {
    why: `Afterburn has not named its group yet (${off})`,
    config: [off, ID, AWS, OF_AFTERBURN, LOCK],
    isRecorded: true,
  },
  {
    why: `the lock server's address waits for an attribute (${off})`,
    config: [
      off,
      ID,
      AWS,
      WORKERS,
      'updates.strategy = "fleet_lock"\nupdates.fleet_lock.base_url = "http://${AFTERBURN_X}"',
    ],
    isRecorded: true,
  },
  {
    why: `the machine has no id yet (${off})`,
    config: [off, AWS, WORKERS, LOCK],
    isRecorded: true,
  },
]);

/** What a person has to mend; the agent ends, and the other nodes of the group are not kept waiting for that. */
const REFUSED: readonly Reason[] = [
  {
    why: 'a drop-in is no TOML',
    config: [OFF, ID, AWS, WORKERS, LOCK, '[broken'],
    isRecorded: true,
    isRefused: true,
  },
  {
    why: 'the address of the update server is a number',
    config: [OFF, ID, AWS, WORKERS, LOCK, 'cincinnati.base_url = 7'],
    isRecorded: true,
    isRefused: true,
  },
  {
    why: 'the time zone of its windows is not known',
    config: [OFF, ID, AWS, WORKERS, NO_SUCH_ZONE],
    isRecorded: true,
    isRefused: true,
  },
  {
    why: 'it is enabled, and the kernel command line names no platform',
    config: [ID, WORKERS, LOCK],
    isRecorded: true,
    files: NO_PLATFORM,
    isRefused: true,
  },
  {
    why: 'the lock server is to be told of a platform that is not known',
    config: [OFF, ID, WORKERS, LOCK.replace('"LOCK"', '"LOCK/${platform}"')],
    isRecorded: true,
    files: NO_PLATFORM,
    isRefused: true,
  },
];

interface Stage {
  readonly host: ReleasedHost;
  readonly locks: LockServer;
}

async function put(root: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

async function stage(
  { onTestFinished }: TestContext,
  { config, isRecorded, files = {}, sick }: Reason,
  record: Partial<AgentRecord> = {},
): Promise<Stage> {
  const locks = await startLockServer({ groups: { [GROUP]: 1 }, clock: Date });
  onTestFinished(() => locks.stop());
  const host = await ReleasedHost.start({ booted: 'newest', config: '' });
  onTestFinished(() => host[Symbol.asyncDispose]());
  const { root } = host;
  const taken = await fetch(`${locks.baseUrl}/v1/pre-reboot`, {
    method: 'POST',
    headers: { 'fleet-lock-protocol': 'true' },
    body: JSON.stringify({ client_params: { id: NODE_UUID, group: GROUP } }),
  });
  if (!taken.ok) {
    throw new Error(`the slot must be lent, got ${taken.status}`);
  }
  await put(
    root,
    'etc/zincati/config.d/90-more.toml',
    config.map((line) => `${line.replace('LOCK', locks.baseUrl)}\n`).join(''),
  );
  await put(root, 'proc/sys/kernel/random/boot_id', `${BOOT_ID}\n`);
  if (isRecorded) {
    const slot = {
      lender: 'fleet_lock',
      address: locks.baseUrl,
      group: GROUP,
      id: NODE_UUID,
      sinceAt: SINCE_AT,
      grantedAt: SINCE_AT,
    };
    await put(root, 'var/lib/zincati/state.json', toText({ ...EMPTY_RECORD, slots: [slot], ...record }));
  }
  for (const [file, text] of Object.entries(files)) {
    await put(root, file, text);
  }
  sick?.(root);
  return { host, locks };
}

const target = { payload: { scheme: 'checksum', value: 'a'.repeat(64) }, version: '1.0' } as const;

describe.concurrent('F7-kind: a slot of before goes back although', () => {
  it.for([...UNNEEDED, ...AWAITED, ...REFUSED])('$why', async (reason, context) => {
    const { expect } = context;
    const { host, locks } = await stage(context, reason, {
      asked: { ...target, at: SINCE_AT, bootId: BEFORE },
    });
    const agent = host.startAgent();
    // Each answer is followed by a line.
    while ((await locks.holders(GROUP)).length > 0) {
      await agent.says(/./, agent.said.length);
    }
    if (reason.isRefused === true) {
      expect(await agent.exit()).toEqual([78, null]);
    } else {
      expect(await agent.stop()).toEqual([0, null]);
    }
    if (reason.isRecorded) {
      expect(JSON.parse(await readFile(join(host.root, 'var/lib/zincati/state.json'), 'utf8'))).toMatchObject(
        {
          slots: [],
        },
      );
    }
    const given = agent.said.filter((line) => line.startsWith('info reboot slot given back after'));
    expect(given).toHaveLength(reason.isRecorded ? 1 : 0);
    expect(agent.said.filter((line) => /^stderr|cannot give back/.test(line))).toEqual([]);
  });
});

describe.concurrent('a slot is kept', () => {
  it('F7-asked: while a reboot that was asked for in this boot may be under way', async (context) => {
    const { expect } = context;
    const [reason] = REFUSED;
    const { host, locks } = await stage(context, reason!, {
      asked: { ...target, at: Date.now(), bootId: BOOT_ID },
    });
    const agent = host.startAgent();
    expect(await agent.exit()).toEqual([78, null]);
    expect(await locks.holders(GROUP)).toEqual([NODE_UUID]);
    expect(locks.requests.map(({ api }) => api)).toEqual(['pre-reboot']);
  });

  it('F7-asked: the same, where the deployments cannot be read', async (context) => {
    const { expect } = context;
    const { host, locks } = await stage(
      context,
      { ...UNNEEDED.at(-1)!, isRecorded: true },
      { asked: { ...target, at: Date.now(), bootId: BOOT_ID } },
    );
    const agent = host.startAgent();
    const first = await agent.says(/^debug StartState: waiting/);
    await agent.says(/^debug StartState: waiting/, first + 1);
    expect(await agent.stop()).toEqual([0, null]);
    expect(await locks.holders(GROUP)).toEqual([NODE_UUID]);
    expect(locks.requests.map(({ api }) => api)).toEqual(['pre-reboot']);
  });
});

describe.concurrent('a configuration that cannot be used', () => {
  it('F7-mended: is taken as soon as it is mended, while a slot cannot go back', async (context) => {
    const { expect } = context;
    const [reason] = REFUSED;
    const { host, locks } = await stage(context, reason!);
    locks.addFault({ kind: 'status', api: 'steady-state', status: 503, remaining: 2 });
    const agent = host.startAgent();
    await agent.says(/^error failed to report steady state/);
    await put(host.root, 'etc/zincati/config.d/90-more.toml', [ID, AWS, WORKERS, ''].join('\n'));
    await agent.says(/^info the configuration is complete, after/);
    await agent.says(/^info reboot slot given back after/);
    expect(await locks.holders(GROUP)).toEqual([]);
    expect(await agent.stop()).toEqual([0, null]);
  });
});
