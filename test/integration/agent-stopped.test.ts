/**
 * SIGTERM in each state of the machine: the built agent with a lock server, and callers in the middle of a request. It ends
 * with 0 within the unit's limit, loses no slot, leaves no half file, answers every caller, and the next start goes on.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import type { LockApi } from '../../sandbox/lock-fault.ts';
import { startLockServer, type LockServer, type LockServerOptions } from '../../sandbox/lock-server.ts';
import { setFaults, type Fault } from '../../sandbox/stand-in.ts';
import { EMPTY_RECORD } from '../../src/agent/record.ts';
import { readText, toText } from '../../src/agent/record-text.ts';
import { EXIT } from '../../src/cli/exit-codes.ts';
import { historyFile, readHistory } from '../../src/history/history-log.ts';
import { readLastWords } from '../../src/history/last-words.ts';
import { programId } from '../../src/identity/program-id.ts';
import type { AgentProcess } from '../support/agent-process.ts';
import type { LogindState } from '../support/fake-logind.ts';
import { zincati, type Outcome } from '../support/operator.ts';
import { NODE_UUID, ReleasedHost, type ReleasedHostOptions } from '../support/released-host.ts';

const GROUP = 'workers';
const LOGIND = join(import.meta.dirname, '../support/logind.py');
const FOREVER = 1000;
const WINDOW = `updates.strategy = ["fleet_lock", "periodic"]
[[updates.periodic.window]]
days = ["${['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][(new Date().getUTCDay() + 3) % 7]!}"]
start_time = "3:00"
length_minutes = 60
`;
const RARELY = 'agent.timing.steady_interval_secs = 3600\nagent.timing.retry_interval_secs = 3600\n';
const KEPT: readonly string[] = ['state.json', 'history.log', 'last-words.json'];

interface Scene {
  readonly host: ReleasedHost;
  readonly locks: LockServer;
}

interface Caller {
  readonly words: readonly string[];
  /** Lines of the agent, one after the other, that say how far the request has come. */
  readonly lines: readonly RegExp[];
  /** Undefined: it may have been answered already. */
  readonly code: number | undefined;
  readonly says: RegExp;
}

interface Moment {
  readonly where: string;
  readonly booted?: ReleasedHostOptions['booted'];
  readonly config?: string;
  readonly locks?: Partial<LockServerOptions>;
  /** A slot of the boot before, in the record and with the server. */
  readonly isHeld?: true;
  readonly faults?: readonly Fault[];
  /** Once the slot is asked for, logind says nothing about who is logged in. */
  readonly isLogindSilent?: true;
  readonly prepare?: (scene: Scene) => void;
  /** Lines of the agent, one after the other; then it is ended. */
  readonly lines: readonly RegExp[];
  readonly callers?: readonly Caller[];
  /** Before they call, once the lines have come. */
  readonly prepareCall?: (scene: Scene) => void;
  /** What the lock server has got by then. */
  readonly asked?: LockApi;
  /** What the server has lent when the agent has ended. */
  readonly holders: readonly string[];
  /** A line of the next life, with nothing in the way any more. */
  readonly goesOn: RegExp;
}

const APPLIED = /^info update applied, waiting for reboot/;
const GIVEN_BACK = /^info reboot slot given back after/;
const HELD = [NODE_UUID] as const;

const STATES: readonly Moment[] = [
  {
    where: 'StartState, with rpm-ostree silent and a slot of before',
    isHeld: true,
    faults: [{ kind: 'hang', method: 'RegisterClient', remaining: FOREVER }],
    lines: [/^info registering as the update driver/],
    holders: HELD,
    goesOn: GIVEN_BACK,
  },
  {
    where: 'Initialized, with the lock server silent about what is given back',
    isHeld: true,
    prepare: ({ locks }) => locks.addFault({ kind: 'hang', api: 'steady-state', remaining: 1 }),
    lines: [/^debug Initialized: release-slot/],
    asked: 'steady-state',
    holders: HELD,
    goesOn: GIVEN_BACK,
  },
  {
    where: 'NoNewUpdate',
    booted: 'newest',
    lines: [/^debug NoNewUpdate: waiting/],
    holders: [],
    goesOn: /^debug NoNewUpdate: waiting/,
  },
  {
    where: 'ReportedSteady, with the update server silent',
    prepare: ({ host }) => host.server.addFault({ kind: 'stall', remaining: 1 }),
    lines: [/^debug ReportedSteady: check/],
    holders: [],
    goesOn: APPLIED,
  },
  {
    where: 'UpdateAvailable, after a staging that failed',
    faults: [{ kind: 'deploy-fails', remaining: FOREVER }],
    lines: [/^error failed to stage deployment: /],
    holders: [],
    goesOn: APPLIED,
  },
  {
    where: 'UpdateAvailable, in the middle of a download',
    faults: [{ kind: 'stall', remaining: 1 }],
    lines: [/^debug UpdateAvailable: stage/, /^debug Resolving revision/],
    holders: [],
    goesOn: APPLIED,
  },
  {
    where: 'UpdateStaged, outside of the window',
    config: WINDOW,
    lines: [/^debug UpdateStaged: waiting/],
    holders: [],
    goesOn: /^debug UpdateStaged: waiting/,
  },
  {
    where: 'UpdateStaged, with the slot lent and the answer to come',
    locks: { flavour: 'poseidon', drainMs: 600_000 },
    lines: [/^debug UpdateStaged: acquire-slot/],
    holders: HELD,
    goesOn: /^info reached steady state/,
  },
  {
    where: 'UpdateStaged, with a place kept at the lock server',
    locks: { flavour: 'heathcliff26', drainMs: 600_000 },
    lines: [/^debug UpdateStaged: acquire-slot/, /^debug UpdateStaged: waiting/],
    holders: HELD,
    goesOn: /^info reached steady state/,
  },
  {
    where: 'UpdateStaged, with the slot lent and nobody to say who is logged in',
    isLogindSilent: true,
    lines: [/^debug UpdateStaged: acquire-slot/, /^debug UpdateStaged: list-sessions/],
    holders: HELD,
    goesOn: GIVEN_BACK,
  },
  {
    where: 'UpdateStaged, with the finalization asked for',
    faults: [{ kind: 'hang', method: 'FinalizeDeployment', remaining: 1 }],
    lines: [/^info staged deployment .* proceeding to finalize it/],
    holders: HELD,
    goesOn: APPLIED,
  },
  {
    where: 'EndState, with the reboot to come',
    lines: [APPLIED, /^debug EndState: waiting/],
    holders: HELD,
    goesOn: /^debug EndState: waiting/,
  },
];

const requestOf = (what: string): RegExp => new RegExp(`^info request \\S+ of uid \\d+: ${what}`);
const ENDS = /^the agent ends\ntry again when the agent runs\n$/;
const ONE_AFTER_ANOTHER = Array.from({ length: 12 }, (_, index) => `1.${index}`);

const REQUESTS: readonly Moment[] = [
  {
    where: 'a check, with the update server silent',
    booted: 'newest',
    config: RARELY,
    lines: [/^debug NoNewUpdate: waiting/],
    prepareCall: ({ host }) => host.server.addFault({ kind: 'stall', remaining: 1 }),
    callers: [
      {
        words: ['check'],
        lines: [requestOf('check'), /^debug NoNewUpdate: check/],
        code: EXIT.noAgent,
        says: ENDS,
      },
    ],
    holders: [],
    goesOn: /^debug NoNewUpdate: waiting/,
  },
  {
    where: 'an update, in the middle of its download',
    config: `${WINDOW}${RARELY}`,
    faults: [
      { kind: 'deploy-fails', remaining: 1 },
      { kind: 'stall', remaining: 1 },
    ],
    lines: [/^error failed to stage deployment: /, /^debug UpdateAvailable: waiting/],
    callers: [
      {
        words: ['update'],
        lines: [requestOf('stage'), /^debug Resolving revision/],
        code: EXIT.noAgent,
        says: ENDS,
      },
      {
        words: ['wait', '--for', 'staged', '--timeout', '60s'],
        lines: [],
        code: EXIT.noAgent,
        says: /^the agent /,
      },
    ],
    holders: [],
    goesOn: /^info update staged: /,
  },
  {
    where: 'a reboot, with the lock server silent',
    config: WINDOW,
    lines: [/^debug UpdateStaged: waiting/],
    prepareCall: ({ locks }) => locks.addFault({ kind: 'hang', api: 'pre-reboot', remaining: 1 }),
    callers: [
      {
        words: ['reboot', '--override', 'window'],
        lines: [requestOf('reboot'), /^debug UpdateStaged: acquire-slot/],
        code: EXIT.noAgent,
        says: ENDS,
      },
    ],
    asked: 'pre-reboot',
    holders: [],
    goesOn: /^debug UpdateStaged: waiting/,
  },
  {
    where: 'a reboot, with the finalization asked for',
    config: WINDOW,
    faults: [{ kind: 'hang', method: 'FinalizeDeployment', remaining: 1 }],
    lines: [/^debug UpdateStaged: waiting/],
    callers: [
      {
        words: ['reboot', '--override', 'window'],
        lines: [requestOf('reboot'), /^info staged deployment .* proceeding to finalize it/],
        code: EXIT.noAgent,
        says: ENDS,
      },
    ],
    holders: HELD,
    goesOn: GIVEN_BACK,
  },
  {
    where: 'denials that are being written to record and history',
    booted: 'newest',
    lines: [/^debug NoNewUpdate: waiting/],
    callers: ONE_AFTER_ANOTHER.map((release, index) => ({
      words: ['deny', release],
      lines: index === 0 ? [requestOf('deny')] : [],
      code: undefined,
      says: /^(?:$|the agent )/,
    })),
    holders: [],
    goesOn: /^debug NoNewUpdate: waiting/,
  },
];

async function put(root: string, file: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

async function sceneOf({ onTestFinished }: TestContext, moment: Moment): Promise<Scene> {
  const { booted = 'oldest', config = 'updates.strategy = "fleet_lock"\n', faults } = moment;
  let root = '';
  const logind = (state: LogindState): void =>
    writeFileSync(join(root, 'logind.json'), JSON.stringify(state));
  const locks = await startLockServer({
    groups: { [GROUP]: 1 },
    clock: Date,
    ...moment.locks,
    onRequest: ({ api }) => {
      if (moment.isLogindSilent === true && api === 'pre-reboot') {
        logind({ answers: { ListSessions: { hang: true } } });
      }
    },
  });
  onTestFinished(() => locks.stop());
  const host = await ReleasedHost.start({
    booted,
    config: `updates.fleet_lock.base_url = "${locks.baseUrl}"
updates.fleet_lock.timeout_secs = 900
identity.group = "${GROUP}"
${config}`,
    services: (at) => {
      root = at;
      logind({});
      const exec = `/usr/bin/python3 "${LOGIND}" "${join(at, 'logind.json')}"`;
      return [{ name: 'org.freedesktop.login1', exec }];
    },
  });
  onTestFinished(() => host[Symbol.asyncDispose]());
  await put(root, 'proc/sys/kernel/random/boot_id', '7d3b1c0e-3f1f-4f55-9d44-0c7f8f1d2a3b\n');
  if (moment.isHeld === true) {
    const client_params = { id: NODE_UUID, group: GROUP };
    const headers = { 'fleet-lock-protocol': 'true' };
    await fetch(`${locks.baseUrl}/v1/pre-reboot`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ client_params }),
    });
    const at = Date.now() - 60_000;
    const slot = { lender: 'fleet_lock', address: locks.baseUrl, group: GROUP, id: NODE_UUID };
    const record = { ...EMPTY_RECORD, slots: [{ ...slot, sinceAt: at, grantedAt: at }] };
    await put(root, 'var/lib/zincati/state.json', toText(record));
  }
  if (faults !== undefined) {
    setFaults(root, ...faults);
  }
  const scene = { host, locks };
  moment.prepare?.(scene);
  return scene;
}

/** Resolves when each line has come after the one before it. */
async function saysAll(agent: AgentProcess, lines: readonly RegExp[], from = 0): Promise<void> {
  let at = from;
  for (const line of lines) {
    at = (await agent.says(line, at)) + 1;
  }
}

/** What the service manager, the lock server and the next life find. Resolves with the number of requests taken so far. */
async function expectCleanEnd(
  { expect }: TestContext,
  { host, locks }: Scene,
  agent: AgentProcess,
): Promise<number> {
  const folder = join(host.root, 'var/lib/zincati');
  const names: readonly string[] = await readdir(folder);
  expect(names.filter((name) => !KEPT.includes(name))).toEqual([]);
  expect(await readdir(join(host.root, 'run/zincati/public')).catch(() => [])).toEqual([]);
  expect(agent.said.filter((line) => line.startsWith('stderr'))).toEqual([]);
  expect(agent.said.at(-1)).toBe('info stopping update agent');
  expect(String((await readLastWords(host.root))?.text)).toMatch(/^it was stopped; at last: ./);
  const read = readText(await readFile(join(folder, 'state.json'), 'utf8'));
  expect(read).toMatchObject({ kind: 'record', dropped: [] });
  // Not lost: whatever the server has lent stands in the record.
  const slots = read.kind === 'record' ? read.record.slots : [];
  const places = slots.map(({ address, group, id }) => `${address} ${group} ${id}`);
  for (const id of await locks.holders(GROUP)) {
    expect(places).toContain(`${locks.baseUrl} ${GROUP} ${id}`);
  }
  const { read: history } = await readHistory(historyFile(host.root));
  expect(history.damaged).toBe(0);
  const begun = history.entries.filter(({ kind }) => kind === 'request').map(({ fields }) => fields);
  // What was taken has one end. Nothing was cut off.
  expect(begun.filter(({ outcome }) => outcome === 'CutOff')).toEqual([]);
  const idsOf = (isEnd: boolean) =>
    begun.filter(({ outcome }) => (outcome !== undefined) === isEnd).map(({ request }) => request);
  const ended = idsOf(true);
  expect(ended).toEqual([...new Set(ended)]);
  // One that came as the agent ended has an end alone.
  const taken = idsOf(false);
  expect(ended).toEqual(expect.arrayContaining(taken));
  return taken.length;
}

describe.concurrent('SIGTERM', () => {
  it.for([...STATES, ...REQUESTS])('sigterm: in $where', async (moment, context) => {
    const { expect } = context;
    const scene = await sceneOf(context, moment);
    const { host, locks } = scene;
    const agent = host.startAgent();
    await saysAll(agent, moment.lines);
    moment.prepareCall?.(scene);
    const from = agent.said.length;
    const answers: Promise<Outcome>[] = [];
    for (const { words, lines } of moment.callers ?? []) {
      answers.push(zincati(host, ...words));
      await saysAll(agent, lines, from);
    }
    const { asked } = moment;
    await expect
      .poll(() => asked === undefined || locks.requests.some(({ api }) => api === asked))
      .toBe(true);
    await expect.poll(() => locks.holders(GROUP)).toEqual(moment.holders);
    // Killed after the unit's limit, as the service manager would.
    expect(await agent.stop()).toEqual([0, null]);
    for (const [index, { code, stderr }] of (await Promise.all(answers)).entries()) {
      const caller = moment.callers![index]!;
      expect([EXIT.ok, EXIT.noAgent]).toContain(code);
      expect(code).toBe(caller.code ?? code);
      expect(stderr).toMatch(caller.says);
    }
    expect(await locks.holders(GROUP)).toEqual(moment.holders);
    const taken = await expectCleanEnd(context, scene, agent);
    expect(taken > 0).toBe(moment.callers !== undefined);
    setFaults(host.root);
    writeFileSync(join(host.root, 'logind.json'), '{}');
    const next = host.startAgent();
    await next.says(moment.goesOn);
    expect(await next.stop()).toEqual([0, null]);
    await expectCleanEnd(context, scene, next);
  });

  it('sigterm: a program that holds a slot of the node keeps it, and gives it back', async (context) => {
    const { expect } = context;
    const scene = await sceneOf(context, {
      where: '',
      booted: 'newest',
      lines: [],
      holders: [],
      goesOn: /./,
    });
    const { host, locks } = scene;
    const agent = host.startAgent();
    await agent.says(/^debug NoNewUpdate: waiting/);
    const gate = join(host.root, 'gate');
    execFileSync('mkfifo', [gate]);
    const running = zincati(host, 'run-locked', '--app', 'db', '--', 'sh', '-c', 'read x < "$0"', gate);
    // Opened as soon as the command runs, which is when the slot is lent.
    const writer = await open(gate, 'w');
    expect(await locks.holders(GROUP)).toEqual([programId(NODE_UUID, 'db')]);
    expect(await agent.stop()).toEqual([0, null]);
    expect(await locks.holders(GROUP)).toEqual([programId(NODE_UUID, 'db')]);
    await writer.write('x\n');
    await writer.close();
    expect((await running).code).toBe(0);
    expect(await locks.holders(GROUP)).toEqual([]);
  });
});
