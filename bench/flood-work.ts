/**
 * Run as a process: serves the agent's interface on a bus of its own while another process floods it. Prints how late
 * the loop was and how much memory it took.
 *
 * Arguments: calls a second, milliseconds, uid of who floods.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { promisify } from 'node:util';
import { startPrivateBus } from '../sandbox/private-bus.ts';
import { SystemBus } from '../src/dbus/system-bus.ts';
import { SYSTEM_CLOCK } from '../src/host/clock.ts';
import { agent1 } from '../src/service/agent1.ts';
import { SERVICE_NAME } from '../src/service/experimental.ts';
import { Service } from '../src/service/service.ts';
import { FakeAgent } from '../test/support/fake-agent-port.ts';
import { forgetPeak, ownPeakBytes, ownRssBytes } from './proc.ts';

const CLIENT = join(import.meta.dirname, 'flood-client.ts');
const NS_PER_MS = 1e6;
const MB = 1e6;
const OF_LAG = 99;

const [perSecond = '', lengthMs = '', uid = ''] = process.argv.slice(2);
const directory = await mkdtemp('/tmp/zincati-flood-');
// The one who floods is another user.
await chmod(directory, 0o755);
const bus = await startPrivateBus({ directory });
await chmod(join(directory, 'bus.sock'), 0o666);
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const log = { level: () => 'info' as const, setLevel: () => undefined, target: 'console' as const };
const served = agent1({ port: new FakeAgent(), clock: SYSTEM_CLOCK, log });
const systemBus = new SystemBus({ address: bus.address, guard: served.guard });
const service = new Service({
  bus: systemBus,
  name: SERVICE_NAME,
  interfaces: served.interfaces,
  attach: served.attach,
  clock: SYSTEM_CLOCK,
  log: silent,
});
service.start();
await service.tried;

const baseBytes = ownRssBytes();
forgetPeak();
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const { stdout } = await promisify(execFile)(
  process.execPath,
  [CLIENT, bus.address, perSecond, lengthMs],
  Number(uid) === 0 ? {} : { uid: Number(uid), gid: Number(uid) },
);
delay.disable();
const peakMb = (ownPeakBytes() - baseBytes) / MB;
const lagMs = delay.percentile(OF_LAG) / NS_PER_MS;
process.stdout.write(`lagMs=${lagMs} peakMb=${peakMb} ${stdout}`);
await service.close();
served.close();
await systemBus.close();
await bus.stop();
await rm(directory, { recursive: true, force: true });
