/**
 * docs/walk.md is what an operator sees: the built program beside the built agent, through a whole update. To write it
 * anew: `npx vitest run --project integration test/integration/walk-doc.test.ts -u`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { Machine } from '../../sandbox/machine.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { prepareHost } from '../../sandbox/stand-in.ts';
import { unixAddress } from '../../src/dbus/address.ts';
import { DAY_MS, HOUR_MS } from '../../src/text/units.ts';
import { PROGRAM } from '../support/agent-process.ts';
import { zincati } from '../support/operator.ts';
import {
  block,
  inExample,
  type Printed,
  type Scene,
  SCENES,
  untilOf,
  walkPage,
} from '../support/walk-page.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const START = '43.20260413.3.2';
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** The log of an agent, as lines that can be awaited. */
class Log {
  readonly lines: string[] = [];
  readonly #waiting = new Set<() => void>();

  add(line: string): void {
    this.lines.push(line);
    for (const wake of this.#waiting) {
      wake();
    }
    this.#waiting.clear();
  }

  /** Resolves when a line matches, `from` lines after the start. */
  async says(pattern: RegExp, from: number): Promise<void> {
    while (!this.lines.slice(from).some((line) => pattern.test(line))) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }
}

/** A node of Saturdays, on whatever day the test runs: its window opens two days from now. */
async function startNode(opensAt: number, log: Log): Promise<{ machine: Machine; root: string }> {
  const history = await carriedHistory('stable');
  const root = await mkdtemp('/tmp/walk-');
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  prepareHost(root, {
    releases: history.entries.slice(-12).map((entry, index) => ({
      checksum: entry.digest,
      version: entry.version,
      stream: 'stable',
      timestamp: 1_700_000_000 + index,
      bytes: 1e6,
      streamIn: ['fedora-coreos.stream'] as const,
    })),
    booted: START,
  });
  const server = await startCincinnatiServer({ history, stream: 'stable', basearch: 'x86_64', clock: Date });
  onTestFinished(() => server.stop());
  const more = [
    'agent.timing.steady_interval_secs = 300',
    'agent.timing.retry_interval_secs = 300',
    'updates.strategy = "periodic"',
    '[[updates.periodic.window]]',
    `days = ["${WEEKDAYS[new Date(opensAt).getUTCDay()] ?? ''}"]`,
    'start_time = "02:00"',
    'length_minutes = 120',
    '',
  ].join('\n');
  await writeAgentConfig(root, { baseUrl: server.baseUrl, more });
  const machine = new Machine({
    root,
    agent: [process.execPath, PROGRAM],
    agentArgs: ['-v', '--log-format', 'text'],
    nodeId: '0123456789abcdef0123456789abcdef',
    daemon: { bytesPerSecond: 200e6, rebootMs: 300 },
    events: {
      onBoot: () => undefined,
      onNotify: () => undefined,
      onLog: (line) => log.add(line),
      onCrash: () => undefined,
      onFailure: (error) => {
        throw error;
      },
    },
  });
  onTestFinished(() => machine.stop());
  await machine.start();
  return { machine, root };
}

/** Of a command line, without `sudo zincati` and quotes. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/^(?:sudo )?zincati /, '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare ?? '',
  );

it('docs/walk.md, and the README shows what `zincati why` prints there', async () => {
  const startedAt = Date.now();
  const opensAt = Math.floor(startedAt / DAY_MS) * DAY_MS + 2 * DAY_MS + 2 * HOUR_MS;
  const log = new Log();
  const { machine, root } = await startNode(opensAt, log);
  await log.says(/reboot held by the update strategy: outside of maintenance windows/, 0);

  const printed = new Map<Scene, readonly Printed[]>();
  let hasRebooted = false;
  for (const scene of SCENES) {
    const shown: Printed[] = [];
    for (const { command, code, then } of scene.steps) {
      const from = log.lines.length;
      const words = wordsOf(command.replace('UNTIL', untilOf(opensAt)));
      const at = { busAddress: unixAddress(machine.busSocket), root, env: { TZ: 'UTC' } };
      const outcome = await zincati(at, ...words);
      expect(outcome.code, command).toBe(code);
      if (then !== undefined) {
        await log.says(then, from);
      }
      const output = `${outcome.stdout}${outcome.stderr}`.trimEnd();
      hasRebooted ||= / is on its way$/.test(output);
      shown.push({
        command: command.replace('UNTIL', '2026-11-28 18:00'),
        output: inExample(output, { startedAt, opensAt }, hasRebooted),
      });
    }
    printed.set(scene, shown);
  }
  await expect(walkPage(printed)).toMatchFileSnapshot(path.join(ROOT, 'docs/walk.md'));

  const [why] = [...printed.values()].flat().filter(({ command }) => command === 'zincati why');
  expect(why).toBeDefined();
  expect(await readFile(path.join(ROOT, 'README.md'), 'utf8')).toContain(why && `${block(why)}\n`);
});
