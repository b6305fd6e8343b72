/** Commands on a real terminal: what a person sees, at several widths, after Ctrl-C, and when the window changes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { EXIT } from '../../src/cli/exit-codes.ts';
import { double, EXPLANATION, WAITING } from '../support/agent-samples.ts';
import { PROGRAM } from '../support/agent-process.ts';
import { BusFixture } from '../support/bus-fixture.ts';
import { dictionary, FakeAgent, type FakeJob, type Plain } from '../support/fake-agent.ts';
import { Pty, type Size } from '../support/pty.ts';

const CTRL_C = '\u0003';
const USUAL = { columns: 80, rows: 24 };

let fixture: BusFixture;
beforeAll(async () => {
  fixture = await BusFixture.start();
});
afterAll(() => fixture.stop());

async function anAgent(properties: Readonly<Record<string, Plain>> = {}): Promise<FakeAgent> {
  const agent = await FakeAgent.start(fixture.bus.address, { ...WAITING, ...properties });
  onTestFinished(() => agent[Symbol.asyncDispose]());
  return agent.on('Explain', () => EXPLANATION);
}

const environment = (env: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  TERM: 'xterm-256color',
  TZ: 'Europe/Berlin',
  LANG: 'C.UTF-8',
  DBUS_SYSTEM_BUS_ADDRESS: fixture.bus.address,
  ...env,
});

function onTerminal(
  args: readonly string[],
  size: Size = USUAL,
  env: Readonly<Record<string, string>> = {},
): Pty {
  const pty = new Pty(size, [process.execPath, PROGRAM, ...args], environment(env));
  onTestFinished(() => pty[Symbol.asyncDispose]());
  return pty;
}

describe.each([200, 80, 40])('at %i columns', (columns) => {
  it.each([['status'], ['why']])('%s: no line is broken by the terminal', async (word) => {
    await anAgent();
    const pty = onTerminal([word], { columns, rows: 100 });
    expect(await pty.end()).toEqual({ code: EXIT.ok, signal: null, isRestored: true });
    // A line that fits was printed as it is seen, so both have as many.
    expect(pty.screen.lines()).toHaveLength(pty.output.trimEnd().split('\n').length);
    expect(pty.screen.lines().every((line) => line.length <= columns)).toBe(true);
    expect(pty.screen.colours.length).toBeGreaterThan(0);
  });

  it('terminal-progress: update: progress is one line, and is gone at the end', async () => {
    const started = Promise.withResolvers<FakeJob>();
    (await anAgent()).onJob('Stage', (job) => started.resolve(job));
    const pty = onTerminal(['update'], { columns, rows: 24 });
    const text = 'a text that is longer than any terminal '.repeat(8);
    const job = await started.promise;
    for (const fraction of [0.1, 0.5, 0.9]) {
      job.progress({ fraction: double(fraction), text });
      await pty.shows(([line = '']) => line.includes(`${fraction * 100} %`));
      expect(pty.screen.lines()).toHaveLength(1);
      expect(pty.screen.lines()[0]!.includes('[##')).toBe(columns > 44);
    }
    job.done({ text: '44.1 is staged' });
    expect(await pty.end()).toEqual({ code: EXIT.ok, signal: null, isRestored: true });
    expect(pty.screen.lines()).toEqual(['44.1 is staged']);
  });
});

describe('colour and movement', () => {
  it.each([
    ['NO_COLOR=1', { NO_COLOR: '1' }],
    ['TERM=dumb', { TERM: 'dumb' }],
    ['term-none: TERM=', { TERM: '' }],
  ])('%s: no colours', async (_, env) => {
    await anAgent();
    const pty = onTerminal(['status'], USUAL, env);
    expect((await pty.end()).code).toBe(EXIT.ok);
    expect(pty.output).not.toContain('\u001b');
  });

  it('LANG=C: nothing but ASCII', async () => {
    await anAgent();
    const pty = onTerminal(['why'], USUAL, { LANG: 'C', LC_ALL: 'C' });
    expect((await pty.end()).code).toBe(EXIT.ok);
    expect(pty.output).toMatch(/^[\r\n -~\u001b]*$/);
  });

  it('TERM=dumb: pictures follow each other, and progress is not drawn', async () => {
    const agent = await anAgent();
    const pty = onTerminal(['status', '--watch'], USUAL, { TERM: 'dumb' });
    await pty.shows((lines) => lines.some((line) => line.startsWith('checks')));
    agent.set({ Health: dictionary({ level: 'STUCK' }) });
    await pty.shows((lines) => lines.some((line) => line.startsWith('health    STUCK')));
    expect(pty.output).not.toContain('\u001b');
    pty.press(CTRL_C);
    expect(await pty.end()).toMatchObject({ signal: 'SIGINT', isRestored: true });
  });
});

describe('status --watch', () => {
  const pictures = (lines: readonly string[]): number =>
    lines.filter((line) => line.startsWith('node ')).length;

  it('terminal-narrow: replaces the picture, also after the window got narrower and wider again', async () => {
    const agent = await anAgent();
    const pty = onTerminal(['status', '--watch']);
    const becomes = async (level: string): Promise<void> => {
      agent.set({ Health: dictionary({ level }) });
      // A new width and a new level come one after the other, in any order.
      await pty.shows(
        (lines) => lines.some((line) => new RegExp(`^health +${level}`).test(line)) && pictures(lines) === 1,
      );
    };
    await pty.shows((lines) => lines.some((line) => line.startsWith('checks')));
    await becomes('DEGRADED');
    for (const columns of [40, 120, 36, 80]) {
      pty.resize({ columns, rows: 24 });
      await becomes(columns === 120 ? 'OK' : `STUCK${columns}`);
    }
    pty.press(CTRL_C);
    expect(await pty.end()).toMatchObject({ signal: 'SIGINT', isRestored: true });
  });

  it('is drawn anew when the window changes, though nothing else does', async () => {
    await anAgent();
    const pty = onTerminal(['status', '--watch']);
    await pty.shows((lines) => lines.some((line) => line.startsWith('checks')));
    const before = pty.screen.lines().length;
    pty.resize({ columns: 40, rows: 24 });
    await pty.shows((lines) => lines.length > before && lines.every((line) => line.length <= 40));
    expect(pictures(pty.screen.lines())).toBe(1);
  });

  it('terminal-low: draws no more than a low window shows', async () => {
    const agent = await anAgent();
    const pty = onTerminal(['status', '--watch'], { columns: 80, rows: 4 });
    await pty.shows((lines) => lines.some((line) => line.startsWith('node ')));
    for (const version of ['44.2', '44.3', '44.4']) {
      agent.set({ Booted: dictionary({ version }) });
      await pty.shows((lines) => lines.some((line) => line.startsWith(`booted    ${version}`)));
    }
    expect(pty.output.match(/node {6}/g)?.length).toBe(4);
    expect(pictures(pty.screen.lines())).toBe(1);
  });
});

describe('Ctrl-C', () => {
  it('while the agent works: says that it goes on, and ends with 130', async () => {
    (await anAgent()).onJob('Stage', (job) => job.progress({ fraction: double(0.5), text: 'half' }));
    const pty = onTerminal(['update']);
    await pty.shows(([line = '']) => line.includes('half'));
    pty.press(CTRL_C);
    expect(await pty.end()).toEqual({ code: 130, signal: null, isRestored: true });
    expect(pty.screen.lines().at(-1)).toBe('the agent goes on with it; `zincati cancel` ends it');
    expect(pty.screen.lines().join()).not.toContain('half');
  });

  it.each([
    ['history', ['history', '--follow']],
    ['wait', ['wait', '--for', 'idle']],
  ])('%s: ends at once, as any program', async (_, args) => {
    const agent = (await anAgent({ State: 'CheckForUpdates' })).on('History', () => []);
    const pty = onTerminal(args);
    await agent.called(args[0] === 'wait' ? 'GetAll' : 'History');
    pty.press(CTRL_C);
    expect(await pty.end()).toMatchObject({ signal: 'SIGINT', isRestored: true });
  });
});

describe('a reader that leaves early', () => {
  async function shell(script: string): Promise<{ readonly code: number | null; readonly told: string }> {
    const child = spawn('bash', ['--norc', '-o', 'pipefail', '-c', script, process.execPath, PROGRAM], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: environment(),
    });
    let told = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (told += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, told };
  }

  it.each([
    'help',
    'help update',
    '--version',
    'completion bash',
    'config schema',
    'status',
    'why',
    'why --json',
    'nonsense 2>&1',
    'status --watch',
    'status --watch --json',
  ])('early-reader: %s: no stack trace, and an end', async (words) => {
    const agent = await anAgent();
    const changes = setInterval(
      () => agent.set({ Health: dictionary({ level: String(Math.random()) }) }),
      50,
    );
    onTestFinished(() => clearInterval(changes));
    const { told } = await shell(`"$0" "$1" ${words} | head -c 0`);
    expect(told).toBe('');
  });

  it('update --reboot is done to its end all the same', async () => {
    const agent = (await anAgent())
      .onJob('Stage', (job) => job.done({ text: '44.1 is staged' }))
      .onJob('Reboot', (job) => job.done({ text: 'the reboot is asked for' }));
    expect(await shell('"$0" "$1" update --reboot | exec 0<&-')).toEqual({ code: 0, told: '' });
    expect(agent.calls.map(({ member }) => member)).toContain('Reboot');
  });

  it('full-disk: a full disk is told, and fails', async () => {
    await anAgent();
    const { code, told } = await shell('"$0" "$1" status >/dev/full');
    expect(code).toBe(EXIT.failure);
    expect(told).toMatch(/^cannot print: ENOSPC: .*\n$/);
  });
});
