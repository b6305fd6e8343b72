/** The built program beside the built agent: a whole update as an operator sees it, with a hold on the way. */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer, type CincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { Machine } from '../../sandbox/machine.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { bootedDeployment, prepareHost, readSysroot, standInRelease } from '../../sandbox/stand-in.ts';
import { unixAddress } from '../../src/dbus/address.ts';
import { readHistory } from '../../src/history/history-log.ts';
import { zincati } from '../support/operator.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/zincati.cjs');
const START = '43.20260413.3.2';
const NEWEST = '44.20260707.3.1';
/** Never open while the test runs: the month is over, or has not begun. */
const windowElsewhere = (): string => {
  const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
  return [
    'identity.platform = "metal"',
    'updates.strategy = "periodic"',
    '[[updates.periodic.window]]',
    'day_of_month = 1',
    `months = ${month}`,
    'start_time = "02:00"',
    'length_minutes = 60',
    '',
  ].join('\n');
};

let root = '';
let machine: Machine;
let server: CincinnatiServer;
const said: string[] = [];
const waiting = new Set<() => void>();

/** Resolves when the agent has logged a matching line, `from` lines after the start. */
async function says(pattern: RegExp, from = 0): Promise<number> {
  for (;;) {
    const at = said.findIndex((line, index) => index >= from && pattern.test(line));
    if (at >= 0) {
      return at;
    }
    await new Promise<void>((resolve) => waiting.add(resolve));
  }
}

beforeEach(async () => {
  said.length = 0;
  const history = await carriedHistory('stable');
  root = await mkdtemp('/tmp/operator-');
  prepareHost(root, {
    releases: history.entries
      .slice(-12)
      .map(({ digest, version }, index) => standInRelease(index, { checksum: digest, version, bytes: 1e6 })),
    booted: START,
  });
  server = await startCincinnatiServer({ history, stream: 'stable', basearch: 'x86_64', clock: Date });
  await writeAgentConfig(root, { baseUrl: server.baseUrl, more: windowElsewhere() });
  machine = new Machine({
    root,
    agent: [process.execPath, PROGRAM],
    agentArgs: ['-v', '--log-format', 'text'],
    nodeId: '0123456789abcdef0123456789abcdef',
    daemon: { bytesPerSecond: 200e6, rebootMs: 300 },
    events: {
      onBoot: () => undefined,
      onNotify: () => undefined,
      onLog: (line) => {
        said.push(line);
        for (const wake of waiting) {
          wake();
        }
        waiting.clear();
      },
      onCrash: () => undefined,
      onFailure: (error) => {
        throw error;
      },
    },
  });
  await machine.start();
});
afterEach(async () => {
  await machine.stop();
  await server.stop();
  await rm(root, { recursive: true, force: true });
});

const run = (...args: string[]) => zincati({ busAddress: unixAddress(machine.busSocket), root }, ...args);

describe('an operator', () => {
  it('sees why, holds, is refused, overrides once, and finds all of it in the history', async () => {
    await says(/update staged: 44/);
    await says(/reboot held by the update strategy: outside of maintenance windows/);

    const status = await run('status');
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout).toMatch(
      new RegExp(`^booted +${START} .*\\nstaged +${NEWEST} .*zincati reboot`, 'm'),
    );
    expect(status.stdout).toMatch(/^waits +no maintenance window is open; the next opens /m);

    const why = await run('why');
    expect(why.stdout).toMatch(
      new RegExp(`^Not now: no maintenance window .* Earliest reboot: .*\\n${NEWEST} is staged\\.`),
    );
    expect(why.stdout).toMatch(/^ +window +NO /m);
    expect(why.stdout).toMatch(/^ +no hold +yes$/m);

    expect(await run('hold', '--reason', 'release week')).toMatchObject({ code: 0 });
    // What was held since is seen at once.
    expect((await run('why')).stdout).toMatch(/^ +no hold +NO .*release week/m);
    expect((await run('hold')).stdout).toMatch(/^h1: no reboot .*: release week$/m);

    // Root's own hold is passed by root, the window is not.
    const refused = await run('reboot');
    expect(refused.code).toBe(4);
    expect(refused.stderr).toContain('not now: no maintenance window is open');
    expect(await run('reboot', '--dry-run', '--override', 'window')).toMatchObject({ code: 0 });
    expect(bootedDeployment(root).version).toBe(START);

    expect(await run('check')).toMatchObject({ code: 0 });
    expect((await run('update')).code).toBe(3);
    expect(await run('release')).toMatchObject({ code: 0 });
    expect((await run('release', 'h1')).code).not.toBe(0);

    const from = said.length;
    expect(await run('reboot', '--override', 'window')).toMatchObject({ code: 0 });
    await says(/booted release '44.*', as asked for/, from);
    expect(bootedDeployment(root).version).toBe(NEWEST);
    await says(/reached steady state/, from);
    expect((await run('status')).stdout).toMatch(new RegExp(`^booted +${NEWEST} `, 'm'));

    const { read } = await readHistory(join(root, 'var/lib/zincati/history.log'));
    expect(read.entries.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining([
        'offered',
        'staged',
        'held',
        'request',
        'reboot-asked',
        'finalized',
        'booted',
        'updated',
      ]),
    );
    const override = read.entries.findLast(({ fields }) => fields['overrides'] === 'window');
    expect(override?.fields).toMatchObject({ uid: 0, wish: 'reboot', outcome: 'done' });
    const whole = read.entries.find(({ kind }) => kind === 'updated');
    expect(whole?.fields).toMatchObject({ release: NEWEST, from: START, waitedFor: 'outside_window' });
    expect(whole?.fields['downtimeMs']).toBeGreaterThan(0);
  });

  it('a hold and a denial survive the end of the agent; a denied release is dropped and not taken again', async () => {
    await says(/update staged: 44/);
    expect(await run('hold', '--what', 'reboot', '--reason', 'R')).toMatchObject({ code: 0 });
    expect(await run('deny', NEWEST, '--reason', 'bad')).toMatchObject({ code: 0 });
    await says(/no longer|dropped|denied/);
    const from = said.length;
    machine.killAgent('SIGKILL');
    await says(/reached steady state/, from);
    expect((await run('hold')).stdout).toContain('h1: ');
    expect((await run('denied')).stdout).toContain(NEWEST);
    expect((await run('update', '--to', NEWEST)).code).toBe(4);
    expect(readSysroot(root).deployments.some(({ staged, version }) => staged && version === NEWEST)).toBe(
      false,
    );
    expect(await run('allow', NEWEST)).toMatchObject({ code: 0 });
    expect((await run('update', '--to', NEWEST)).code).toBeOneOf([0, 3]);
    await says(/update staged: 44/, from);
    // The one hold there is keeps the node from rebooting for whoever else asks.
    expect((await run('why')).stdout).toMatch(/^ +no hold +NO /m);
    expect(bootedDeployment(root).version).toBe(START);
  });
});
