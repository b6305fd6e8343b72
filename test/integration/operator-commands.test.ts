/** The commands of the operator: the built program, an agent that the test writes, and a real bus between them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { EXIT } from '../../src/cli/exit-codes.ts';
import { KINDS } from '../../src/cli/json-document.ts';
import { schemaOf } from '../../src/cli/json-schemas.ts';
import { Variant } from '../../src/dbus/types.ts';
import { DENIAL, double, EXPLANATION, HOLD, WAITING } from '../support/agent-samples.ts';
import { PROGRAM } from '../support/agent-process.ts';
import { BusFixture } from '../support/bus-fixture.ts';
import { HostBus, type FakeUnit } from '../support/host-bus.ts';
import { dictionary, FakeAgent, micros, type Plain, refusal } from '../support/fake-agent.ts';
import { zincati as run, type Outcome } from '../support/operator.ts';
import { schemaFaults } from '../support/schema-walk.ts';

let fixture: BusFixture;
beforeAll(async () => {
  fixture = await BusFixture.start();
});
afterAll(() => fixture.stop());

const zincati = (...args: string[]): Promise<Outcome> => run({ busAddress: fixture.bus.address }, ...args);

async function anAgent(properties: Readonly<Record<string, Plain>> = {}): Promise<FakeAgent> {
  const agent = await FakeAgent.start(fixture.bus.address, { ...WAITING, ...properties });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

async function optionsOf(agent: FakeAgent, member: string): Promise<Readonly<Record<string, unknown>>> {
  const { options } = await agent.called(member);
  return Object.fromEntries<unknown>(
    [...options].map(([key, value]) => [String(key), value instanceof Variant ? value.value : value]),
  );
}

/** The document, held to the schema of its kind. */
function json(outcome: Outcome): Record<string, unknown> {
  expect(outcome.stdout.endsWith('\n')).toBe(true);
  const document = JSON.parse(outcome.stdout) as Record<string, unknown>;
  const kind = KINDS.find((known) => known === document['kind']);
  expect(kind === undefined ? ['unknown kind'] : schemaFaults(document, schemaOf(kind))).toEqual([]);
  return document;
}

describe('status', () => {
  it('shows what the agent says, and asks nothing of it but its properties', async () => {
    const agent = await anAgent();
    const { code, stdout, stderr } = await zincati('status');
    expect([code, stderr]).toEqual([EXIT.ok, '']);
    expect(stdout).toMatch(/^staged {4}43\.20260413\.3\.2 {3}a plain `reboot` does not apply it/m);
    expect(stdout).toMatch(/^waits {5}no maintenance window is open; the next opens Sat 28 Nov 02:00 CET/m);
    expect(agent.calls.map(({ member }) => member)).toEqual(['GetAll']);
  });

  it('is JSON on request', async () => {
    await anAgent();
    const outcome = await zincati('status', '--json');
    expect(json(outcome)).toMatchObject({
      apiVersion: 'zincati.v1',
      kind: 'Status',
      running: true,
      agent: {
        staged: { version: '43.20260413.3.2', locked: true },
        checks: { nextAt: '2026-11-25T15:48:30.000Z' },
      },
    });
  });

  it.each([
    ['OK', EXIT.ok],
    ['DEGRADED', EXIT.degraded],
    ['STUCK', EXIT.stuck],
  ])('tells %s by its exit code, when asked to', async (level, code) => {
    await anAgent({ Health: dictionary({ level }) });
    expect((await zincati('status', '--exit-code')).code).toBe(code);
    expect((await zincati('status')).code).toBe(EXIT.ok);
  });

  it('says first that nobody is there', async () => {
    const { code, stdout } = await zincati('status');
    expect(code).toBe(EXIT.noAgent);
    expect(stdout).toMatch(/^the agent cannot be reached, and neither can systemd: /);
    expect(json(await zincati('status', '--json'))).toMatchObject({ kind: 'Status', running: false });
  });

  it('says first that there is no bus', async () => {
    const { code, stdout } = await run({ busAddress: 'unix:path=/nowhere' }, 'status');
    expect(code).toBe(EXIT.noAgent);
    expect(stdout).toMatch(/^the agent cannot be asked: cannot reach D-Bus at .*\nis the message bus up\?/);
  });
});

describe('status --watch', () => {
  it('prints each change, the end of the agent, and the next agent', async () => {
    const first = await FakeAgent.start(fixture.bus.address, WAITING);
    await using watch = watchStatus(fixture.bus.address);
    expect(await watch.next()).toMatchObject({ running: true, agent: { health: { level: 'OK' } } });
    first.set({ Health: dictionary({ level: 'DEGRADED' }) });
    expect(await watch.next()).toMatchObject({ running: true, agent: { health: { level: 'DEGRADED' } } });
    await first[Symbol.asyncDispose]();
    expect(await watch.next()).toMatchObject({ running: false });
    await anAgent({ State: 'NoNewUpdate' });
    expect(await watch.next()).toMatchObject({ running: true, agent: { state: 'NoNewUpdate' } });
  });
});

/** `status --watch --json`: its documents, one by one. */
function watchStatus(busAddress: string) {
  const child = spawn(process.execPath, [PROGRAM, 'status', '--watch', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, DBUS_SYSTEM_BUS_ADDRESS: busAddress },
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async next(): Promise<unknown> {
      const { value, done } = await lines.next();
      if (done === true) {
        throw new Error('it must go on');
      }
      return JSON.parse(value);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

describe('status, where the agent does not run', () => {
  it.each<[string, FakeUnit | undefined, RegExp]>([
    [
      'a configuration that cannot be used',
      { activeState: 'failed', result: 'exit-code', execMainStatus: 78, fileState: 'enabled' },
      /^the agent does not run: zincati\.service failed \(exit-code, status 78\)\ncorrect the configuration as /,
    ],
    [
      'last words',
      { activeState: 'inactive', result: 'success', fileState: 'disabled', statusText: 'evil \u001b[2J' },
      /^the agent does not run: zincati\.service is not started, and is disabled\nsudo systemctl enable --now/,
    ],
    [
      'masked',
      { loadState: 'masked', fileState: 'masked' },
      /^the agent does not run: zincati\.service is masked\nsudo systemctl unmask/,
    ],
    ['no unit', undefined, /^the agent does not run: this host has no zincati\.service\n/],
  ])('%s', async (_, unit, text) => {
    await using host = await HostBus.start({
      daemon: 'dbus-daemon',
      systemd: { systemState: 'running', units: unit === undefined ? {} : { 'zincati.service': unit } },
      activatable: {},
    });
    const { code, stdout } = await run({ busAddress: host.address }, 'status');
    expect(code).toBe(EXIT.noAgent);
    expect(stdout).toMatch(text);
    expect(stdout).not.toContain('\u001b');
    const other = await run({ busAddress: host.address }, 'why');
    expect([other.code, other.stdout]).toEqual([EXIT.noAgent, '']);
    expect(other.stderr).toMatch(text);
    expect(json(await run({ busAddress: host.address }, 'status', '--json'))).toMatchObject({
      running: false,
    });
  });
});

describe('why', () => {
  it('shows the gates of a fresh look', async () => {
    const agent = (await anAgent()).on('Explain', () => EXPLANATION);
    const { code, stdout } = await zincati('why', '--override', 'window', '--override', 'people');
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(
      /^Not now: no maintenance window is open; .*Earliest reboot: Sat 28 Nov 02:07 CET.*\n43\.20260413\.3\.2 is staged\./,
    );
    expect(stdout).toMatch(/^ {2}people {11}NO {4}1 logged in/m);
    expect(await optionsOf(agent, 'Explain')).toEqual({ override: ['window', 'people'] });
  });

  it('is JSON on request', async () => {
    (await anAgent()).on('Explain', () => EXPLANATION);
    expect(json(await zincati('why', '--json'))).toMatchObject({
      kind: 'Explanation',
      lower: { kind: 'at', at: '2026-11-28T01:07:00.000Z' },
      gates: expect.arrayContaining([
        expect.objectContaining({ gate: 'people', verdict: 'block' }),
      ]) as unknown,
    });
  });

  it('needs the agent', async () => {
    const { code, stdout, stderr } = await zincati('why');
    expect([code, stdout]).toEqual([EXIT.noAgent, '']);
    expect(stderr).toMatch(/^the agent cannot be reached/);
  });
});

describe('jobs', () => {
  it('update: waits for the end of the job, and tells it', async () => {
    const agent = (await anAgent()).onJob('Stage', (job) => {
      job.progress({ fraction: double(0.5), text: 'half' });
      job.done({ text: '44.1 is staged', release: '44.1' });
    });
    const { code, stdout, stderr } = await zincati('update', '--to', '44.1', '--ignore-rollout');
    expect([code, stdout, stderr]).toEqual([EXIT.ok, '44.1 is staged\n', '']);
    expect(await optionsOf(agent, 'Stage')).toEqual({ to: '44.1', 'ignore-rollout': true });
  });

  it('update --reboot: asks for the reboot with the overrides, and for nothing else', async () => {
    const agent = (await anAgent())
      .onJob('Stage', (job) => job.done({ text: '44.1 is staged already', changed: false }))
      .onJob('Reboot', (job) => job.done({ text: 'the reboot is asked for' }));
    const { code, stdout } = await zincati('update', '--reboot', '--override', 'window');
    expect([code, stdout]).toEqual([EXIT.ok, '44.1 is staged already\nthe reboot is asked for\n']);
    expect(await optionsOf(agent, 'Stage')).toEqual({});
    expect(await optionsOf(agent, 'Reboot')).toEqual({ override: ['window'] });
  });

  it.each([
    ['what it asks for', 'TooLate', [], EXIT.ok],
    ['another release than --to', 'TooLate', ['--to', '44.2'], EXIT.blocked],
    ["somebody else's release", 'NotStaged', [], EXIT.blocked],
  ])('update --reboot: where the node is about to boot %s', async (_, error, more, expected) => {
    (await anAgent())
      .onJob('Stage', (job) => job.done({ text: '44.1 is staged' }))
      .onJob('Reboot', (job) => job.done({ error, text: 'for this reason', changed: false }));
    const { code, stdout, stderr } = await zincati('update', '--reboot', ...more);
    expect(code).toBe(expected);
    expect((expected === EXIT.ok ? stdout : stderr).split('\n')).toContain('for this reason');
  });

  it('reboot --dry-run', async () => {
    const agent = (await anAgent()).onJob('Reboot', (job) => job.done({ text: 'it would reboot now' }));
    expect((await zincati('reboot', '--dry-run')).stdout).toBe('it would reboot now\n');
    expect(await optionsOf(agent, 'Reboot')).toEqual({ 'dry-run': true });
  });

  it('check: nothing to do has an exit code of its own', async () => {
    (await anAgent()).onJob('Check', (job) => job.done({ text: 'there is no update', changed: false }));
    expect(await zincati('check')).toEqual({
      code: EXIT.nothing,
      stdout: 'there is no update\n',
      stderr: '',
    });
  });

  it('a refusal by gates shows them', async () => {
    (await anAgent())
      .onJob('Reboot', (job) =>
        job.done({ error: 'Blocked', text: 'the window is closed', gates: ['periodic'] }),
      )
      .on('Explain', () => EXPLANATION);
    const { code, stdout, stderr } = await zincati('reboot');
    expect([code, stdout]).toEqual([EXIT.blocked, '']);
    expect(stderr).toMatch(
      /^not now: no maintenance window is open\n {2}window {2}NO {4}the next opens .*\n`--override window` passes it once; `zincati why`/,
    );
  });

  it('a refusal is JSON on request, and the sentence still goes to standard error', async () => {
    (await anAgent()).onJob('Reboot', (job) =>
      job.done({ error: 'Blocked', text: 'closed', gates: ['periodic'] }),
    );
    const outcome = await zincati('reboot', '--json');
    expect(json(outcome)).toMatchObject({
      kind: 'Error',
      exitCode: 4,
      error: 'Blocked',
      gates: ['periodic'],
    });
    expect(outcome.stderr).toMatch(/^closed\n/);
  });

  it('an agent that ends meanwhile ends the wait', async () => {
    const agent = await anAgent();
    agent.onJob('Stage', () => void agent[Symbol.asyncDispose]());
    const { code, stderr } = await zincati('update');
    expect(code).toBe(EXIT.noAgent);
    expect(stderr).not.toBe('');
  });
});

describe('holds and denials', () => {
  it('hold: until a local time, with a reason', async () => {
    const agent = (await anAgent()).on('Hold', () => 'h2');
    const { code, stdout } = await zincati('hold', '--until', '2099-11-28 18:00', '--reason', 'release week');
    expect(code).toBe(EXIT.ok);
    expect(stdout).toMatch(
      /^the reboot is held until Sat 28 Nov 2099 18:00 CET \(in \d+ d\); `zincati release h2`/,
    );
    expect((await agent.called('Hold')).args).toEqual(['reboot']);
    expect(await optionsOf(agent, 'Hold')).toEqual({
      until: micros(Date.parse('2099-11-28T17:00:00Z')),
      reason: 'release week',
    });
  });

  it('hold: refuses an instant that is over', async () => {
    await anAgent();
    const { code, stderr } = await zincati('hold', '--until', '2020-01-01');
    expect(code).toBe(EXIT.usage);
    expect(stderr).toMatch(/^--until must be in the future, got Wed 1 Jan 2020 00:00 CET/);
  });

  it('hold without arguments lists', async () => {
    await anAgent({ Holds: [HOLD] });
    expect((await zincati('hold')).stdout).toMatch(
      /^h1: no reboot until Fri 27 Nov( 2026)? 18:00 CET .* by root/,
    );
    expect(json(await zincati('hold', '--json'))).toMatchObject({ kind: 'Holds', holds: [{ id: 'h1' }] });
  });

  it('release: the only one there is', async () => {
    const agent = (await anAgent({ Holds: [HOLD] })).on('Release', () => undefined);
    expect(await zincati('release')).toEqual({ code: EXIT.ok, stdout: 'hold h1 is over\n', stderr: '' });
    expect((await agent.called('Release')).args).toEqual(['h1']);
  });

  it('release: none, and too many', async () => {
    const agent = await anAgent();
    expect(await zincati('release')).toMatchObject({ code: EXIT.nothing, stderr: 'there is no hold\n' });
    agent.set({ Holds: [HOLD, HOLD] });
    expect((await zincati('release')).code).toBe(EXIT.usage);
  });

  it('deny, allow, denied', async () => {
    const agent = (await anAgent({ Denied: [DENIAL] }))
      .on('Deny', () => undefined)
      .on('Allow', () => undefined);
    expect(json(await zincati('denied', '--json'))).toMatchObject({ kind: 'Denials' });
    expect(json(await zincati('deny', '44.1', '--json'))).toMatchObject({ kind: 'Result', release: '44.1' });
    agent.calls.length = 0;
    expect((await zincati('deny', '44.1', '--reason', 'bad kernel')).stdout).toBe('44.1 is denied\n');
    expect(await optionsOf(agent, 'Deny')).toEqual({ reason: 'bad kernel' });
    expect((await zincati('allow', '44.1')).stdout).toBe('44.1 is no longer denied\n');
    expect((await zincati('denied')).stdout).toMatch(
      /^43\.20260301\.3\.0 {2}rolled back: the node was rolled back from it; since Fri 20 Nov( 2026)? 03:14 CET\n$/,
    );
  });

  it('cancel, discard', async () => {
    (await anAgent()).on('Cancel', () => dictionary({})).on('Discard', () => dictionary({}));
    // Of an agent that does not say what it has done.
    expect((await zincati('cancel')).code).toBe(EXIT.ok);
    expect((await zincati('discard')).stdout).toBe(
      '43.20260413.3.2 is dropped and denied; `zincati allow 43.20260413.3.2` lifts the denial\n',
    );
  });

  it('told-cancel: cancel and discard print what the agent did, and whose request it was', async () => {
    const agent = await anAgent();
    const one = dictionary({ request: 'a-1', uid: 0, wish: 'stage' });
    const text = '44.1 is not being staged for now; cancelled: stage of uid 0 (a-1)';
    agent.on('Cancel', () =>
      dictionary({ request: 'a-2', text, changed: true, release: '44.1', cancelled: [one] }),
    );
    expect(await zincati('cancel')).toEqual({
      code: EXIT.ok,
      stdout: '44.1 is not being staged for now; cancelled: stage of root (a-1)\n',
      stderr: '',
    });
    expect(JSON.parse((await zincati('cancel', '--json')).stdout)).toMatchObject({
      request: 'a-2',
      release: '44.1',
      changed: true,
      cancelled: [{ request: 'a-1', uid: 0, wish: 'stage' }],
    });
    agent.on('Cancel', () =>
      dictionary({ request: 'a-3', text: 'there is nothing to cancel', changed: false }),
    );
    expect(await zincati('cancel')).toMatchObject({
      code: EXIT.nothing,
      stdout: 'there is nothing to cancel\n',
    });
    agent.on('Discard', () =>
      dictionary({ request: 'a-4', text: '44.1 is not staged, and denied', changed: true, release: '44.1' }),
    );
    expect((await zincati('discard')).stdout).toBe(
      '44.1 is not staged, and denied; `zincati allow 44.1` lifts the denial\n',
    );
  });
});

describe('who may not', () => {
  it('gets the line that may', async () => {
    (await anAgent()).on('Hold', () => {
      throw refusal('org.freedesktop.DBus.Error.InteractiveAuthorizationRequired', 'no');
    });
    const args = ['hold', '--reason', "it's ours", '--for', '2d 12h'];
    const { code, stderr } = await zincati(...args);
    expect(code).toBe(EXIT.notPermitted);
    const isRoot = process.geteuid?.() === 0;
    const line = String.raw`sudo zincati hold --reason 'it'\''s ours' --for '2d 12h'`;
    expect(stderr).toBe(`you are not permitted to do this\n${isRoot ? '' : `${line}\n`}`);
  });

  it('is not asked for a password without a terminal', async () => {
    const agent = (await anAgent()).on('Cancel', () => dictionary({}));
    await zincati('cancel');
    expect(await optionsOf(agent, 'Cancel')).toEqual({});
  });
});

describe('wait', () => {
  it('staged: until it is', async () => {
    const agent = await anAgent({ Staged: dictionary({}) });
    const waiting = zincati('wait', '--for', 'staged', '--timeout', '60s');
    await agent.called('GetAll');
    agent.set({ Staged: dictionary({ version: '44.1' }) });
    expect(await waiting).toEqual({ code: EXIT.ok, stdout: '44.1 is staged\n', stderr: '' });
  });

  it('gives up', async () => {
    await anAgent({ Staged: dictionary({}) });
    const { code, stderr } = await zincati('wait', '--for', 'staged', '--timeout', '1s');
    expect(code).toBe(EXIT.gaveUp);
    expect(stderr).toMatch(/^not staged within 1 s\n/);
  });

  it('rebooted: through the end of one agent and the start of another', async () => {
    const before = await FakeAgent.start(fixture.bus.address, WAITING);
    const waiting = zincati('wait', '--for', 'rebooted', '--timeout', '60s');
    await before.called('GetAll');
    await before[Symbol.asyncDispose]();
    await anAgent({ State: 'NoNewUpdate', Staged: dictionary({}), Target: dictionary({}) });
    expect(await waiting).toMatchObject({ code: EXIT.ok, stdout: '43.20260217.3.1 is booted\n' });
  });
});

it('an unknown command is answered with the nearest one', async () => {
  const { code, stderr } = await zincati('statsu');
  expect([code, stderr]).toEqual([
    EXIT.usage,
    'unknown command "statsu"; did you mean "status"?\n\n`zincati help` lists the commands.\n',
  ]);
});
