/** Command `history`: the real program, an agent that the test writes, a real bus, and real files. */
import { readFile, symlink } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { EXIT } from '../../src/cli/exit-codes.ts';
import { schemaOf } from '../../src/cli/json-schemas.ts';
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { type BusValue, Variant } from '../../src/dbus/types.ts';
import { lineOf } from '../../src/history/entry-text.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';
import { agent1 } from '../../src/service/agent1.ts';
import { SERVICE_NAME } from '../../src/service/experimental.ts';
import { Service } from '../../src/service/service.ts';
import { WAITING } from '../support/agent-samples.ts';
import { BusFixture } from '../support/bus-fixture.ts';
import { dictionary, FakeAgent, micros } from '../support/fake-agent.ts';
import { FakeAgent as AgentOfPort } from '../support/fake-agent-port.ts';
import { HostTree } from '../support/host-tree.ts';
import type { Outcome } from '../support/operator.ts';
import { schemaFaults } from '../support/schema-walk.ts';
import { runProgram, startProgram } from '../support/source-program.ts';

const BERLIN = '/usr/share/zoneinfo/Europe/Berlin';
const FILE = '/var/lib/zincati/history.log';
const AT = Date.parse('2026-11-25T15:00:00Z');
const entry = (minute: number, kind: string, text: string, more = {}) =>
  dictionary({ at: micros(AT + minute * 60_000), kind, text, ...more });
const STAGED = entry(0, 'staged', "staged '2.0'", { payload: 'sha256:2', bytes: 4711n });
const UPDATED = entry(9, 'updated', "updated to '2.0'", { downtimeMs: 48_000n, bootedAt: BigInt(AT) });

let fixture: BusFixture;
beforeAll(async () => {
  fixture = await BusFixture.start();
});
afterAll(() => fixture.stop());

async function aHost(): Promise<HostTree> {
  const host = await HostTree.create({ [BERLIN]: await readFile(BERLIN) });
  onTestFinished(() => host[Symbol.asyncDispose]());
  return host;
}

async function anAgent(answer: readonly BusValue[]): Promise<FakeAgent> {
  const agent = (await FakeAgent.start(fixture.bus.address, WAITING)).on('History', () => answer);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent;
}

const on = (host: HostTree) => ({
  root: host.root,
  env: { DBUS_SYSTEM_BUS_ADDRESS: fixture.bus.address },
});
const zincati = (host: HostTree, ...args: string[]): Promise<Outcome> => runProgram(on(host), ...args);

describe('with an agent', () => {
  it('shows one line an entry, in local time, an update with its downtime', async () => {
    const agent = await anAgent([STAGED, UPDATED]);
    const { code, stdout, stderr } = await zincati(
      await aHost(),
      'history',
      '-n',
      '7',
      '--since',
      '2026-11-01',
    );
    expect([code, stderr]).toEqual([EXIT.ok, '']);
    expect(stdout).toBe(
      "Wed 25 Nov 16:00 CET  staged        staged '2.0'\n" +
        "Wed 25 Nov 16:09 CET  updated       updated to '2.0', down for 48 s\n",
    );
    const { options } = await agent.called('History');
    expect([...options].map(([key, value]) => [key, value instanceof Variant ? value.value : value])).toEqual(
      [
        ['newest', 7],
        ['since', micros(Date.parse('2026-10-31T23:00:00Z'))],
      ],
    );
  });

  it('is JSON on request', async () => {
    await anAgent([STAGED, UPDATED]);
    const { stdout } = await zincati(await aHost(), 'history', '--json');
    const document: unknown = JSON.parse(stdout);
    expect(schemaFaults(document, schemaOf('History'))).toEqual([]);
    expect(document).toMatchObject({
      kind: 'History',
      entries: [
        { at: '2026-11-25T15:00:00.000Z', kind: 'staged', fields: { payload: 'sha256:2', bytes: 4711 } },
        { kind: 'updated', fields: { downtimeMs: 48_000, bootedAt: '2026-11-25T15:00:00.000Z' } },
      ],
    });
  });

  it('follows what happens, through the end of an agent, and tells nothing twice', async () => {
    const first = await anAgent([STAGED]);
    const running = startProgram(on(await aHost()), 'history', '--follow');
    onTestFinished(() => void running.child.kill('SIGKILL'));
    await running.printed("staged '2.0'");
    first.happened(STAGED);
    first.happened(entry(1, 'held', 'somebody is logged in'));
    await running.printed('somebody is logged in\n');
    await first[Symbol.asyncDispose]();
    await running.said('the agent has ended');
    const second = await anAgent([entry(1, 'held', 'somebody is logged in'), UPDATED]);
    await running.printed('down for 48 s\n');
    expect((await second.called('History')).options.get('since')).toEqual(
      new Variant('x', micros(AT + 60_000)),
    );
    running.child.kill('SIGINT');
    const { stdout } = await running.outcome;
    expect(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(22, 34).trim()),
    ).toEqual(['staged', 'held', 'updated']);
  });

  it.each([['0'], ['501'], ['x']])('a number of entries that cannot be is a mistake: %s', async (count) => {
    expect((await zincati(await aHost(), 'history', '-n', count)).code).toBe(EXIT.usage);
  });
});

describe('with the real interface of the agent', () => {
  it('reads what it sends, and hears what happens', async () => {
    const port = new AgentOfPort();
    port.entries = [
      { at: AT, kind: 'updated', text: 'updated', fields: { downtimeMs: 48_000, bootedAt: AT } },
    ];
    const log = { level: () => 'info' as const, setLevel: () => undefined, target: 'console' as const };
    const served = agent1({ port, clock: SYSTEM_CLOCK, log });
    const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };
    const service = new Service({
      bus: new SystemBus({ address: fixture.bus.address, guard: served.guard }),
      name: SERVICE_NAME,
      interfaces: served.interfaces,
      attach: served.attach,
      clock: SYSTEM_CLOCK,
      log: quiet,
    });
    service.start();
    onTestFinished(() => service.close());
    await service.tried;
    const running = startProgram(
      on(await aHost()),
      'history',
      '-n',
      '5',
      '--since',
      '1d',
      '--follow',
      '--json',
    );
    onTestFinished(() => void running.child.kill('SIGKILL'));
    await running.printed('"downtimeMs":48000,"bootedAt":"2026-11-25T15:00:00.000Z"');
    expect(port.queries).toMatchObject([{ newest: 5 }]);
    port.happen({ at: AT, kind: 'held', text: 'somebody is logged in', fields: { label: 'people' } });
    await running.printed('"kind":"held","text":"somebody is logged in","fields":{"label":"people"}');
  });
});

describe('without an agent', () => {
  const lines = ['one', 'two', 'three'].map((text, index) =>
    lineOf({ at: AT + index * 60_000, kind: 'staged', text, fields: {} }),
  );

  it('root reads the file, and is told so first', async () => {
    const host = await aHost();
    await host.write(FILE, `${lines.join('')}torn`);
    const { code, stdout, stderr } = await zincati(host, 'history', '-n', '2');
    expect([code, stdout]).toEqual([
      EXIT.ok,
      'Wed 25 Nov 16:01 CET  staged        two\nWed 25 Nov 16:02 CET  staged        three\n',
    ]);
    expect(stderr).toMatch(/^the agent cannot be reached, and neither can systemd: .*\n$/);
    const since = await zincati(host, 'history', '--since', '2026-11-25 16:02', '--json');
    expect(JSON.parse(since.stdout)).toMatchObject({ entries: [{ text: 'three' }] });
  });

  it('follows no link that stands in place of the file, and repeats nothing of it', async () => {
    const host = await aHost();
    await host.write('/secret', 'nobody may see this\n');
    await host.directory('/var/lib/zincati');
    await symlink(host.at('/secret'), host.at(FILE));
    const { code, stdout, stderr } = await zincati(host, 'history');
    expect([code, stdout]).toEqual([EXIT.failure, '']);
    expect(stderr).toContain('cannot read');
    expect(stderr).not.toContain('nobody may see this');
  });

  it('an entry that no calendar has is left out', async () => {
    const host = await aHost();
    await host.write(FILE, lineOf({ at: 1e300, kind: 'x', text: 'never', fields: {} }) + (lines[0] ?? ''));
    const { code, stdout } = await zincati(host, 'history', '--json');
    expect(code).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toMatchObject({ entries: [{ text: 'one' }] });
  });

  it('a history that does not exist is empty', async () => {
    const { code, stdout } = await zincati(await aHost(), 'history');
    expect([code, stdout]).toEqual([EXIT.ok, 'nothing is known\n']);
  });

  it('there is nothing to follow', async () => {
    const { code, stderr } = await zincati(await aHost(), 'history', '--follow');
    expect(code).toBe(EXIT.noAgent);
    expect(stderr).toMatch(/^the agent cannot be reached/);
  });
});
