/**
 * The built agent, ended in every state of a run. After SIGKILL it still reaches the same end; after SIGTERM
 * it ends cleanly.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer, type CincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { Machine } from '../../sandbox/machine.ts';
import { carriedHistory, type History } from '../../sandbox/releases.ts';
import type { Exit } from '../../sandbox/service-manager.ts';
import { bootedDeployment, prepareHost, standInRelease } from '../../sandbox/stand-in.ts';
import { getProperty } from '../../src/dbus/calls.ts';
import { connectBus } from '../../src/dbus/connect.ts';
import { PROGRAM_LIMIT_MS } from '../support/limits.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/zincati.cjs');
const START = '43.20260413.3.2';
const NEWEST = '44.20260707.3.1';
/** Slow enough to be interrupted: a download takes half a second. */
const BYTES_PER_SECOND = 200e6;
const BYTES = 100e6;
/** The agent needs a second, on a quiet machine. What it must not wait for at its end takes ten seconds or more. */
const SOON_MS = 5000;

interface LogLine {
  readonly msg?: string;
  readonly fields?: { readonly percent?: number; readonly state?: string };
}

/** A moment of a run, recognised by a line of the agent's own log. */
const MOMENTS: readonly (readonly [string, (line: LogLine) => boolean])[] = [
  ['StartState', (line) => line.msg?.startsWith('registering as the update driver') === true],
  ['StartState, reading the deployments', (line) => line.msg === 'StartState: read-status'],
  ['Initialized', (line) => line.fields?.state === 'Initialized'],
  ['ReportedSteady', (line) => line.fields?.state === 'ReportedSteady'],
  ['ReportedSteady, checking', (line) => line.msg === 'ReportedSteady: check'],
  ['UpdateAvailable', (line) => line.fields?.state === 'UpdateAvailable'],
  ['UpdateAvailable, in the middle of the download', (line) => (line.fields?.percent ?? 0) >= 20],
  ['UpdateStaged', (line) => line.fields?.state === 'UpdateStaged'],
  ['UpdateStaged, writing the record', (line) => line.msg === 'UpdateStaged: save'],
  ['UpdateStaged, finalizing', (line) => line.msg?.startsWith('staged deployment') === true],
  ['UpdateFinalized', (line) => line.fields?.state === 'UpdateFinalized'],
  ['EndState', (line) => line.fields?.state === 'EndState'],
];

interface Run {
  readonly root: string;
  readonly machine: Machine;
  readonly server: CincinnatiServer;
  readonly exits: Exit[];
  readonly notified: string[];
  /** Resolves when the newest release is booted and the agent polls. */
  readonly arrived: Promise<unknown>;
  readonly failed: Promise<never>;
  end(): Promise<void>;
}

async function startRun(
  onLine: (line: LogLine, machine: Machine) => void,
  rebootMs: number,
  onExit: () => void = () => undefined,
): Promise<Run> {
  const history: History = await carriedHistory('stable');
  const root = await mkdtemp('/tmp/killed-');
  const releases = history.entries
    .slice(-12)
    .map(({ digest, version }, index) => standInRelease(index, { checksum: digest, version, bytes: BYTES }));
  prepareHost(root, { releases, booted: START });
  const server = await startCincinnatiServer({ history, stream: 'stable', basearch: 'x86_64', clock: Date });
  await writeAgentConfig(root, { baseUrl: server.baseUrl });
  const arrival = Promise.withResolvers<undefined>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const exits: Exit[] = [];
  const notified: string[] = [];
  const machine = new Machine({
    root,
    agent: [process.execPath, PROGRAM],
    agentArgs: ['-vvv', '--log-format', 'json'],
    nodeId: '0123456789abcdef0123456789abcdef',
    daemon: { bytesPerSecond: BYTES_PER_SECOND, rebootMs },
    events: {
      onBoot: () => undefined,
      onNotify: (key, value) => {
        notified.push(key);
        if (
          key === 'STATUS' &&
          value.includes('(last checked') &&
          bootedDeployment(root).version === NEWEST
        ) {
          arrival.resolve(undefined);
        }
      },
      onLog: (text) => onLine(JSON.parse(text) as LogLine, machine),
      onCrash: (exit) => {
        exits.push(exit);
        onExit();
      },
      onFailure: failure.reject,
    },
  });
  await machine.start();
  return {
    root,
    machine,
    server,
    exits,
    notified,
    arrived: arrival.promise,
    failed: failure.promise,
    end: async () => {
      await machine.stop();
      await server.stop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

describe('the agent, killed with SIGKILL', () => {
  it.each(MOMENTS)('in %s, goes on to the same end', async (_, isMoment) => {
    let killed = false;
    const run = await startRun((line, machine) => {
      if (killed || !isMoment(line)) {
        return;
      }
      killed = true;
      machine.killAgent('SIGKILL');
    }, 300);
    try {
      await Promise.race([run.arrived, run.failed]);
      expect(killed).toBe(true);
      expect(bootedDeployment(run.root).version).toBe(NEWEST);
      // If the reboot was quicker than the restart, the exit was part of the reboot.
      expect(run.exits.every((exit) => exit.signal === 'SIGKILL')).toBe(true);
    } finally {
      await run.end();
    }
  });
});

describe('the agent, ended with SIGTERM', () => {
  it.each(MOMENTS)('in %s, is gone soon and leaves nothing running', async (_, isMoment) => {
    const gone = Promise.withResolvers<undefined>();
    let sentAt: number | undefined;
    let tookMs = Number.POSITIVE_INFINITY;
    // No reboot may come in between, because the test checks what the agent itself leaves.
    const run = await startRun(
      (line, machine) => {
        if (sentAt !== undefined || !isMoment(line)) {
          return;
        }
        sentAt = performance.now();
        machine.killAgent('SIGTERM');
      },
      3_600_000,
      () => {
        tookMs = performance.now() - (sentAt ?? 0);
        gone.resolve(undefined);
      },
    );
    try {
      await Promise.race([gone.promise, run.failed]);
      expect(run.exits[0]).toEqual({ code: 0, signal: null });
      expect(tookMs).toBeLessThan(SOON_MS);
      expect(run.notified).toContain('STOPPING');
      expect(existsSync(run.machine.metricsSocket)).toBe(false);
      const link = await connectBus(
        `unix:path=${run.machine.busSocket}`,
        AbortSignal.timeout(PROGRAM_LIMIT_MS),
      );
      const source = {
        destination: 'org.projectatomic.rpmostree1',
        path: '/org/projectatomic/rpmostree1/Sysroot',
        interface: 'org.projectatomic.rpmostree1.Sysroot',
      };
      expect(await getProperty(link, source, 'ActiveTransactionPath')).toBe('');
      await link.close();
    } finally {
      await run.end();
    }
  });
});
