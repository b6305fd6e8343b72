/** The built agent rereads its configuration on SIGHUP: valid, invalid, unchanged, and at awkward moments. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer, type CincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { startLockServer, type LockServer } from '../../sandbox/lock-server.ts';
import { Machine } from '../../sandbox/machine.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import {
  bootedDeployment,
  prepareHost,
  setFaults,
  type Fault,
  standInRelease,
} from '../../sandbox/stand-in.ts';

const PROGRAM = join(import.meta.dirname, '../../dist/zincati.cjs');
const OLD = '43.20260413.3.2';
const NEWEST = '44.20260707.3.1';
const NODE_ID = '0123456789abcdef0123456789abcdef';
const WAITING = 'periodically polling for updates (last checked';
const REFUSED = 'the configuration was read again and is refused';

interface Told {
  readonly level: string;
  readonly msg: string;
}

/**
 * Everything that the agent reported: log lines and notifications. Each kind is in order, but not the one with the
 * other, since they come in different ways.
 */
class Run {
  readonly told: string[] = [];
  readonly #wanted: { readonly pattern: RegExp; readonly from: number; readonly found: () => void }[] = [];
  machine!: Machine;
  root = '';

  /** Resolves when a line after `from` matches. */
  async says(pattern: RegExp, from = 0): Promise<number> {
    const found = (): number => this.told.findIndex((line, at) => at >= from && pattern.test(line));
    if (found() < 0) {
      await new Promise<void>((resolve) => this.#wanted.push({ pattern, from, found: resolve }));
    }
    return found();
  }

  hears(line: string): void {
    this.told.push(line);
    for (const { pattern, from, found } of this.#wanted) {
      if (this.told.length > from && pattern.test(line)) {
        found();
      }
    }
  }

  /**
   * Writes a drop-in and makes the agent read it. Resolves when the manager hears that this is over, with the
   * position in `told` at which it began.
   */
  async reload(toml: string): Promise<number> {
    const from = this.told.length;
    await writeFile(join(this.root, 'etc/zincati/config.d/90-more.toml'), toml);
    this.machine.killAgent('SIGHUP');
    await this.says(/^READY=1$/, from);
    return from;
  }

  async metrics(): Promise<string> {
    const socket = connect(this.machine.metricsSocket);
    socket.end();
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
    }
    return text;
  }
}

interface StartOptions {
  readonly faults?: readonly Fault[];
  readonly bytesPerSecond?: number;
}

async function start(
  more: string,
  booted: string,
  { faults = [], bytesPerSecond = 200e6 }: StartOptions = {},
): Promise<Run> {
  const history = await carriedHistory('stable');
  const run = new Run();
  run.root = await mkdtemp('/tmp/reload-');
  const releases = history.entries
    .slice(-12)
    .map(({ digest, version }, index) => standInRelease(index, { checksum: digest, version, bytes: 100e6 }));
  prepareHost(run.root, { releases, booted });
  setFaults(run.root, ...faults);
  const server = await serveUpdates();
  await writeAgentConfig(run.root, { baseUrl: server.baseUrl, more });
  run.machine = new Machine({
    root: run.root,
    agent: [process.execPath, PROGRAM],
    agentArgs: ['-vv', '--log-format', 'json'],
    nodeId: NODE_ID,
    daemon: { bytesPerSecond, rebootMs: 300 },
    events: {
      onBoot: (version) => run.hears(`boot ${version}`),
      onNotify: (key, value) => run.hears(`${key}=${value}`),
      onLog: (text) => {
        const { level, msg } = JSON.parse(text) as Told;
        run.hears(`${level} ${msg}`);
      },
      onCrash: ({ code, signal }) => run.hears(`crash ${code} ${signal}`),
      onFailure: (error) => run.hears(`failure ${error.message}`),
    },
  });
  onTestFinished(async () => {
    await run.machine.stop();
    await server.stop();
    await rm(run.root, { recursive: true, force: true });
  });
  await run.machine.start();
  return run;
}

async function serveUpdates(): Promise<CincinnatiServer> {
  const history = await carriedHistory('stable');
  return startCincinnatiServer({ history, stream: 'stable', basearch: 'x86_64', clock: Date });
}

async function serveLocks(): Promise<LockServer> {
  const server = await startLockServer({ groups: { default: 1 }, clock: Date });
  onTestFinished(() => server.stop());
  return server;
}

const isNotified = (line: string): boolean => /^[A-Z_]+=/.test(line);

const exactly = (line: string): RegExp => new RegExp(`^${line.replaceAll(/[.()]/g, '\\$&')}$`);

const lockedBy = (server: LockServer): string =>
  `updates.strategy = "fleet_lock"\nupdates.fleet_lock.base_url = "${server.baseUrl}"\n`;

describe('SIGHUP', () => {
  it('takes a new configuration into use at once: another server, another strategy, another interval', async () => {
    const run = await start('', NEWEST);
    await run.says(/^STATUS=periodically polling for updates \(last checked/);
    const other = await serveUpdates();
    onTestFinished(() => other.stop());
    const pid = run.machine.agentPid;
    const from = await run.reload(
      `updates.strategy = "manual"\nagent.timing.steady_interval_secs = 600\n[cincinnati]\nbase_url = "${other.baseUrl}"\n`,
    );
    await run.says(/^info the new configuration is in use$/, from);
    await run.says(new RegExp(`^debug NoNewUpdate: waiting (5\\d\\d|600) s`), from);
    expect(other.requests).toHaveLength(1);
    const said = run.told.slice(from).filter((line) => !line.startsWith('debug '));
    expect(said.filter(isNotified).slice(0, 2)).toEqual([
      'RELOADING=1',
      expect.stringMatching(/^MONOTONIC_USEC=\d+$/),
    ]);
    expect(said).toEqual(
      expect.arrayContaining([
        'info the configuration was read again: it is taken into use',
        `info Cincinnati service: ${other.baseUrl}`,
        'info update strategy: manual',
      ]),
    );
    expect(await run.metrics()).toContain('zincati_updates_strategy_mode{strategy="manual"} 1');
    expect(run.machine.agentPid).toBe(pid);
  });

  it('drops a staged release that is denied from now on, and stages it when it no longer is', async () => {
    const run = await start('updates.strategy = "manual"\n', OLD);
    const staged = run.told[await run.says(/^info update staged: /)]!;
    const version = staged.replace('info update staged: ', '');
    await run.says(/^STATUS=update staged: .*; reboot pending due to update strategy$/);
    const denied = await run.reload(`updates.skip = ["${version}"]\n`);
    const dropped = `warn release '${version}' is denied by the administrator (updates.skip): dropped the staged deployment`;
    await run.says(exactly(dropped), denied);
    await run.says(/^warn release .* offered, but denied by the administrator/, denied);
    expect(await run.metrics()).toContain('zincati_update_agent_denied_releases{reason="administrator"} 1');
    const lifted = await run.reload('updates.skip = []\n');
    await run.says(exactly(staged), lifted);
    expect(await run.metrics()).not.toContain('reason="administrator"');
  });

  it('tells the manager a time of the clock that it compares with', async () => {
    const run = await start('', NEWEST);
    await run.says(/^STATUS=periodically polling/);
    const before = process.hrtime.bigint() / 1000n;
    const from = await run.reload('');
    const told = BigInt(run.told[await run.says(/^MONOTONIC_USEC=/, from)]!.split('=')[1]!);
    expect(told).toBeGreaterThanOrEqual(before);
    expect(told).toBeLessThanOrEqual(process.hrtime.bigint() / 1000n);
  });

  it('changes nothing when nothing has changed', async () => {
    const run = await start('agent.timing.steady_interval_secs = 600\n', NEWEST);
    await run.says(/^debug NoNewUpdate: waiting/);
    await run.says(/^debug D-Bus name .* is served$/);
    await run.says(/^STATUS=periodically polling for updates \(last checked/);
    // Another file says the same.
    const from = await run.reload('agent.timing = { steady_interval_secs = 600 }\n');
    const unchanged = 'info the configuration was read again: nothing has changed';
    await run.says(exactly(unchanged), from);
    const said = run.told.slice(from).filter((line) => !line.startsWith('MONOTONIC_USEC='));
    expect(said.filter(isNotified)).toEqual([
      'RELOADING=1',
      'READY=1',
      expect.stringContaining(`STATUS=${WAITING}`),
    ]);
    expect(said.filter((line) => !isNotified(line))).toEqual([unchanged]);
  });

  it('B27: refuses a bad one with file and key, goes on with the one before, and says so until it is mended', async () => {
    const run = await start('', NEWEST);
    await run.says(/^STATUS=periodically polling/);
    const from = await run.reload('[updates]\nenabled = false\nstrategy = "imediate"\n');
    const refusal = run.told[await run.says(new RegExp(`^error ${REFUSED}`), from)];
    expect(refusal).toMatch(/90-more\.toml: updates\.strategy .*imediate/);
    await run.says(
      /^STATUS=periodically polling.*; updates are DEGRADED \(configuration_refused\) since .* UTC: the configuration on disk cannot be used: /,
      from,
    );
    // It is not switched off, but continues to poll.
    await run.says(/^debug NoNewUpdate: check$/, from);
    const refused = await run.metrics();
    expect(refused).toContain('zincati_config_last_reload_successful 0');
    expect(refused).toContain(
      'zincati_update_agent_health{level="DEGRADED",cause="configuration_refused"} 1',
    );
    expect(refused).toContain('zincati_update_agent_updates_enabled 1');

    const mended = await run.reload('');
    await run.says(/^info updates are OK again$/, mended);
    await run.says(/^STATUS=periodically polling[^;]*$/, mended);
    expect(await run.metrics()).toContain('zincati_config_last_reload_successful 1');
    expect(run.told.filter((line) => line.startsWith('crash'))).toEqual([]);
  });

  it.each([
    ['that does not parse', 'updates = [', /90-more\.toml/],
    ['with a time zone that does not exist', PERIODIC('Mars/Olympus'), /Mars\/Olympus/],
  ])('refuses one %s', async (_, toml, reason) => {
    const run = await start('', NEWEST);
    await run.says(/^STATUS=periodically polling/);
    const from = await run.reload(toml);
    expect(run.told[await run.says(new RegExp(`^error ${REFUSED}`), from)]).toMatch(reason);
    expect(await run.metrics()).toContain('zincati_updates_strategy_mode{strategy="immediate"} 1');
  });

  it('switches updates off and on again', async () => {
    const run = await start('', NEWEST);
    await run.says(/^STATUS=periodically polling/);
    const off = await run.reload('updates.enabled = false\n');
    await run.says(/^STATUS=initialization complete, auto-updates logic disabled by configuration$/, off);
    const on = await run.reload('');
    await run.says(/^STATUS=periodically polling for updates \(last checked/, on);
  });

  it('lets a download come to its end, and then does what the new configuration says', async () => {
    // The download takes longer than the reload.
    const run = await start('', OLD, { bytesPerSecond: 15e6 });
    await run.says(/^debug UpdateAvailable: stage$/);
    const from = await run.reload('updates.enabled = false\n');
    await run.says(/^STATUS=initialization complete, auto-updates logic disabled by configuration$/, from);
    const staged = await run.says(/^info update staged: /);
    expect(await run.says(/^info the new configuration is in use$/, from)).toBeGreaterThan(staged);
    expect(run.told.some((line) => line.includes('proceeding to finalize'))).toBe(false);
    // The staged release is still there when updates are switched on again, and is not staged twice.
    await run.reload('');
    await run.says(new RegExp(`^boot ${NEWEST.replaceAll('.', '\\.')}$`));
    expect(bootedDeployment(run.root).version).toBe(NEWEST);
  });

  it('asks again who said no: a node that waits for a permission goes on without it', async () => {
    const run = await start('updates.strategy = "manual"\nagent.timing.retry_interval_secs = 3600\n', OLD);
    await run.says(/^STATUS=update staged: .*; reboot pending due to update strategy$/);
    await run.reload('updates.strategy = "immediate"\n');
    await run.says(/^info update finalized: /);
  });

  it('gives a slot back to the server that lent it, before it asks the new one', async () => {
    const [former, next] = [await serveLocks(), await serveLocks()];
    const overdueMs = 3000;
    const more = `identity.node_uuid = "${NODE_ID}"\nagent.timing.reboot_overdue_secs = ${overdueMs / 1000}\n`;
    // The requested reboot does not happen, so the slot stays taken.
    const run = await start(`${lockedBy(former)}${more}`, OLD, {
      faults: [{ kind: 'finalize-reboot-never-comes', remaining: 1 }],
    });
    await run.says(/^info update finalized: /);
    const from = await run.reload(`${lockedBy(next)}${more}`);
    await run.says(/^info the new configuration is in use$/, from);
    // It has not happened, so the agent starts again on the way to it. (The daemon itself still waits for
    // that reboot.)
    await run.says(/proceeding to finalize it$/, from);
    expect(former.requests.map((request) => request.api)).toEqual([
      'steady-state',
      'pre-reboot',
      'steady-state',
    ]);
    const [, lent, returned] = former.requests;
    expect(lent).toMatchObject({ status: 200 });
    // That reboot could still happen until it was overdue, so the edited file did not give its slot back.
    expect(returned!.at - lent!.at).toBeGreaterThanOrEqual(overdueMs);
    expect(next.requests[0]).toMatchObject({ api: 'pre-reboot', status: 200 });
    expect(next.requests[0]!.at).toBeGreaterThanOrEqual(returned!.at);
    expect(await former.holders('default')).toEqual([]);
  });
});

function PERIODIC(zone: string): string {
  return `[updates]
strategy = "periodic"
[updates.periodic]
time_zone = "${zone}"
[[updates.periodic.window]]
days = ["Sat"]
start_time = "3:00"
length_minutes = 60
`;
}
