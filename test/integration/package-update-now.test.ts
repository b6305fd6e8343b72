/**
 * `zincati-update-now` as root, with the built program and an agent that the test writes. Others plant links and hold
 * locks. It runs with a `/run` of its own and a systemctl that notes each call. Needs root.
 */
import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';

import { EXIT } from '../../src/cli/exit-codes.ts';
import { Variant } from '../../src/dbus/types.ts';
import { PROGRAM } from '../support/agent-process.ts';
import { EXPLANATION, WAITING } from '../support/agent-samples.ts';
import { BusFixture } from '../support/bus-fixture.ts';
import { dictionary, FakeAgent, type FakeJob, type Plain } from '../support/fake-agent.ts';
import { PROGRAM_LIMIT_MS } from '../support/limits.ts';

const SYSTEMD = join(import.meta.dirname, '../../systemd');
const isRoot = process.getuid?.() === 0;
const canRun = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;

/** As tmpfiles makes them. `member` is in group zincati, whose folders these are; `target` is a file of root. */
const HOST = `
mount -t tmpfs -o mode=0755 none /run
install -d -m 0775 -o 9001 -g 9001 /run/zincati /run/zincati/config.d
member() { setpriv --reuid=9002 --regid=9002 --groups=9001 "$@"; }
anybody() { setpriv --reuid=9003 --regid=9003 --clear-groups "$@"; }
target=$PART/target
[ -e "$target" ] || (umask 077; echo secret >"$target")
below() { find /run "$target" -printf '%p %y %m %u %l %s %T@ %C@\\n' | sort; }
`;
/** Of a program that has been ended. */
const GONE_SECS = 20;
const OVERRIDES = ['window', 'splay', 'freeze', 'manual', 'marker', 'fleet-lock', 'people'];

let fixture: BusFixture;
beforeAll(async () => {
  fixture = await BusFixture.start();
});
afterAll(() => fixture.stop());

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'update-now-'));
  // Others must be able to reach the script, as in /usr/bin.
  chmodSync(folder, 0o755);
  for (const [name, place] of [
    ['zincati-update-now', 'bin'],
    ['zincati', 'libexec'],
  ] as const) {
    mkdirSync(join(folder, place));
    cpSync(join(SYSTEMD, name), join(folder, place, name));
    chmodSync(join(folder, place, name), 0o755);
  }
  mkdirSync(join(folder, 'lib/zincati'), { recursive: true });
  symlinkSync(dirname(PROGRAM), join(folder, 'lib/zincati/program'));
  writeFileSync(join(folder, 'bin/systemctl'), '#!/bin/sh\necho "$*" >>"$PART/units"\n', { mode: 0o755 });
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const environment = () => ({
  PATH: `${folder}/bin:${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
  PART: folder,
  DBUS_SYSTEM_BUS_ADDRESS: fixture.bus.address,
});
/** Runs bash in a mount namespace of its own, after HOST. */
async function onHost(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--mount', '--propagation', 'private', 'bash', '-euc', `${HOST}${script}`],
    { timeout: PROGRAM_LIMIT_MS, env: environment() },
  );
  return stdout.trim();
}

/** Runs it, and tells what it said and left. Rejects when anything below /run, or the target, is another than before. */
const UNCHANGED = `before=$(below)
zincati-update-now 2>&1 && status=0 || status=$?
diff <(echo "$before") <(below) >&2
echo "status $status"`;

async function anAgent(properties: Readonly<Record<string, Plain>> = {}): Promise<FakeAgent> {
  const agent = await FakeAgent.start(fixture.bus.address, { ...WAITING, ...properties });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

const staged = (job: FakeJob): void => job.done({ text: '44.1 is staged' });
const rebooting = async (): Promise<FakeAgent> =>
  (await anAgent())
    .onJob('Stage', staged)
    .onJob('Reboot', (job) => job.done({ text: 'the reboot into 44.1 is asked for' }));
const REBOOTED = '44.1 is staged\nthe reboot into 44.1 is asked for\nstatus 0';
const refusing = (code: string, words: string) => (job: FakeJob) =>
  job.done({ error: code, text: words, changed: false });

/** The calls that act, with their options. */
function acted({ calls }: FakeAgent): readonly unknown[] {
  return calls
    .filter(({ member }) => member !== 'GetAll' && member !== 'Explain')
    .map(({ member, options }) => [
      member,
      Object.fromEntries<unknown>(
        [...options].map(([key, value]) => [String(key), value instanceof Variant ? value.value : value]),
      ),
    ]);
}

const STAGE = ['Stage', { 'ignore-rollout': true }];
const REBOOT = ['Reboot', { override: OVERRIDES }];

/** Begins it in a group of its own, by the shell of Fedora, and resolves when it has asked for staging. */
async function begun(agent: FakeAgent) {
  let job: FakeJob | undefined;
  agent.onJob('Stage', (begins) => void (job = begins)).onJob('Reboot', (other) => other.done({}));
  const said = onHost(`before=$(below)
    mkfifo "$PART/out"
    env --default-signal=INT setsid bash --posix "$PART/bin/zincati-update-now" >"$PART/out" 2>&1 &
    echo $! >"$PART/pid"
    # The pipe ends with the last process that it has started.
    timeout ${GONE_SECS} cat "$PART/out"
    wait $! && status=0 || status=$?
    diff <(echo "$before") <(below) >&2
    echo "status $status"`);
  await Promise.race([agent.called('Stage'), said]);
  const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  return { pid, said, staged: () => job?.done({ text: '44.1 is staged' }) };
}

describe.runIf(canRun)('zincati-update-now', () => {
  it('overrides the strategy and people, and nothing else', async () => {
    const agent = await rebooting();
    expect(await onHost(UNCHANGED)).toBe(REBOOTED);
    expect(acted(agent)).toEqual([STAGE, REBOOT]);
  });

  it('succeeds when there is no update', async () => {
    const agent = (await anAgent({ Staged: dictionary({}) })).onJob('Stage', (job) =>
      job.done({ text: 'the update server offers nothing newer', changed: false }),
    );
    expect(await onHost(UNCHANGED)).toBe('the update server offers nothing newer\nstatus 0');
    expect(acted(agent)).toEqual([STAGE]);
  });

  it.each(['Stage', 'Reboot'])('succeeds when the reboot is on its way already: %s', async (member) => {
    const tooLate = refusing('TooLate', 'the reboot into 44.1 is on its way');
    (await anAgent()).onJob('Stage', staged).onJob('Reboot', tooLate).onJob(member, tooLate);
    const before = member === 'Stage' ? '' : '44.1 is staged\n';
    expect(await onHost(UNCHANGED)).toBe(`${before}the reboot into 44.1 is on its way\nstatus 0`);
  });

  it.each<[string, string, string, number]>([
    ['updates that are turned off', 'Stage', 'Disabled', EXIT.blocked],
    ['staging that goes wrong', 'Stage', 'Failed', EXIT.failure],
    ['a hold', 'Reboot', 'Blocked', EXIT.blocked],
    ['what somebody else has staged', 'Reboot', 'NotStaged', EXIT.blocked],
    ['an agent that ends', 'Stage', 'ShuttingDown', EXIT.noAgent],
  ])('fails with the reason: %s', async (_, member, code, status) => {
    (await anAgent())
      .onJob('Stage', staged)
      .onJob(member, refusing(code, 'for this reason'))
      .on('Explain', () => EXPLANATION);
    const said = await onHost(UNCHANGED);
    expect(said).toMatch(/^for this reason$/m);
    expect(said.endsWith(`\nstatus ${status}`)).toBe(true);
  });

  it('fails with the reason: an agent that does not run', async () => {
    const said = await onHost(UNCHANGED);
    expect(said).toMatch(/^the agent cannot be reached/);
    expect(said.endsWith(`\nstatus ${EXIT.noAgent}`)).toBe(true);
  });

  it('is for root, and takes no arguments', async () => {
    const agent = await rebooting();
    const refused = await onHost(`anybody zincati-update-now 2>&1 || echo "status $?"
      zincati-update-now --now 2>&1 || echo "status $?"`);
    expect(refused.split('\n')).toEqual([
      'zincati-update-now: cannot go on: it must be run by root',
      'status 1',
      'zincati-update-now: cannot go on: there must be no arguments, got "--now"',
      'status 1',
    ]);
    expect(acted(agent)).toEqual([]);
  });
});

describe.runIf(canRun)('F1: root touches nothing that others can plant', () => {
  const DROP_IN = 'config.d/99-update-now.toml';
  const OVERRIDE = 'override-interactive-check';

  it.each([
    ['nothing', ':'],
    ['a link for a drop-in', `member ln -s "$target" /run/zincati/${DROP_IN}`],
    ['a link for an override', `member ln -s "$target" /run/zincati/${OVERRIDE}`],
    ['a pipe that blocks', `member mkfifo /run/zincati/${OVERRIDE}; member mkfifo /run/zincati/${DROP_IN}`],
    [
      'a link for the folder of drop-ins',
      'mkdir "$PART/etc"; rmdir /run/zincati/config.d; member ln -s "$PART/etc" /run/zincati/config.d',
    ],
    ['a link for its old folder', 'ln -s /run/zincati /run/zincati-update-now'],
    ['its old folder, of somebody else', 'install -d -m 0755 -o 9002 /run/zincati-update-now'],
  ])('writes nothing, and follows nothing: %s', async (_, plant) => {
    await rebooting();
    const [said, inside] = (
      await onHost(`${plant}\n${UNCHANGED}\necho --; [ ! -e "$PART/etc" ] || find "$PART/etc" -mindepth 1`)
    ).split('\n--');
    expect([said, inside]).toEqual([REBOOTED, '']);
  });

  it('runs the program beside it, whatever link it is called by', async () => {
    await rebooting();
    const said = await onHost(`mkdir "$PART/theirs"{,/bin,/libexec}
      ln -s "$PART/bin/zincati-update-now" "$PART/theirs/bin/update"
      printf '#!/bin/sh\\necho theirs\\n' >"$PART/theirs/libexec/zincati"; chmod 755 "$PART/theirs/libexec/zincati"
      "$PART/theirs/bin/update"`);
    expect(`${said}\nstatus 0`).toBe(REBOOTED);
  });

  it('shows what the agent says without control characters', async () => {
    (await anAgent()).onJob('Stage', refusing('Failed', '\x1b]0;evil\x07'));
    const said = await onHost(UNCHANGED);
    expect(said).toContain(']0;evil');
    expect(said).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });
});

describe.runIf(canRun)('F16: nobody but root can keep root out', () => {
  it('runs while others hold a lock on everything that they can open', async () => {
    const agent = await rebooting();
    await onHost(`for place in "$PART"/bin/zincati-update-now "$PART"/libexec/zincati /run /run/zincati; do
        coproc HOLD { anybody flock --nonblock "$place" sh -c 'echo held; read -r _'; }
        read -r held <&"\${HOLD[0]}"
        zincati-update-now >&2
        echo >&"\${HOLD[1]}"
        wait "$HOLD_PID"
      done`);
    expect(acted(agent)).toEqual(Array.from({ length: 4 }, () => [STAGE, REBOOT]).flat());
  });

  it('runs twice at once, and the agent answers the second', async () => {
    const agent = await anAgent();
    const first = await begun(agent);
    agent.onJob('Stage', refusing('Busy', 'a release is being staged already'));
    expect(await onHost('zincati-update-now 2>&1 || echo "status $?"')).toMatch(
      /^a release is being staged already\n.*\nstatus 4$/,
    );
    first.staged();
    expect(await first.said).toBe('44.1 is staged\nthe reboot is asked for\nstatus 0');
  });
});

/** Signals that end it, and whether they go to its whole group, as from a terminal. */
const SIGNALS = [
  ['SIGHUP', 'its group'],
  ['SIGINT', 'its group'],
  ['SIGHUP', 'it alone'],
  ['SIGTERM', 'it alone'],
  ['SIGKILL', 'it alone'],
] as const;

/** Ends it while the agent stages, and tells what it has said. The staging ends after it. */
async function ended(agent: FakeAgent, signal: NodeJS.Signals, whom: string): Promise<string> {
  const { pid, said, staged: nowStaged } = await begun(agent);
  process.kill(whom === 'it alone' ? pid : -pid, signal);
  const all = await said;
  nowStaged();
  return all;
}

describe.runIf(canRun)('R6: the agent is not restarted into a shutdown', () => {
  const units = (): boolean => existsSync(join(folder, 'units'));

  it.each([
    ['the reboot is asked for', staged],
    ['the reboot is on its way', refusing('TooLate', 'the reboot into 44.1 is on its way')],
    ['the agent ends', refusing('ShuttingDown', 'the agent ends')],
    ['the host stays up', refusing('Failed', 'no room')],
  ])('nor otherwise: when %s', async (_, stages) => {
    (await rebooting()).onJob('Stage', stages);
    await onHost('zincati-update-now || true');
    expect(units()).toBe(false);
  });

  it.each(SIGNALS)('nor when it is ended: %s to %s', async (signal, whom) => {
    await ended(await anAgent(), signal, whom);
    expect(units()).toBe(false);
  });
});

describe.runIf(canRun)('B25: nothing stays behind', () => {
  it.each([
    ['there is no update', { Staged: dictionary({}) }],
    ['the reboot is on its way', {}],
  ])('when %s', async (_, properties) => {
    (await anAgent(properties)).onJob('Stage', staged).onJob('Reboot', (job) => job.done({}));
    expect(await onHost(UNCHANGED)).toMatch(/\nstatus 0$/);
  });

  it.each(SIGNALS)('when it is ended, and no reboot is asked for: %s to %s', async (signal, whom) => {
    const agent = await anAgent();
    const status = Number(/status (\d+)$/.exec(await ended(agent, signal, whom))?.[1]);
    expect(status).toBeGreaterThan(128);
    expect(acted(agent)).toEqual([STAGE]);
  });
});
