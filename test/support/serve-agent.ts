/**
 * Run as a process: serves an agent of the tests on a bus, as whoever runs it. Argument: the address. Prints "ready" when
 * it has its name, and "asked KIND UID" for each request.
 */
import { SystemBus } from '../../src/dbus/system-bus.ts';
import { SYSTEM_CLOCK } from '../../src/host/clock.ts';
import { agent1 } from '../../src/service/agent1.ts';
import { SERVICE_NAME } from '../../src/service/experimental.ts';
import { Service } from '../../src/service/service.ts';
import { DONE, FakeAgent } from './fake-agent-port.ts';

const [address = ''] = process.argv.slice(2);
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const agent = new FakeAgent();
agent.outcomeOf = () => {
  const { by, wish } = agent.asked.at(-1) ?? { by: { uid: -1 }, wish: { kind: 'none' } };
  say(`asked ${wish.kind} ${by.uid}`);
  return DONE;
};
const log = { level: () => 'info' as const, setLevel: () => undefined, target: 'console' as const };
const served = agent1({ port: agent, clock: SYSTEM_CLOCK, log });
const service = new Service({
  bus: new SystemBus({ address, guard: served.guard }),
  name: SERVICE_NAME,
  interfaces: served.interfaces,
  attach: served.attach,
  clock: SYSTEM_CLOCK,
  log: { debug: () => undefined, info: () => undefined, warn: say },
});
service.start();
await service.tried;
say('ready');
