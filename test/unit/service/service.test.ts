import { describe, expect, it } from 'vitest';
import type { BusLink, SystemBus } from '../../../src/dbus/types.ts';
import { BusError } from '../../../src/errors.ts';
import { experimentalInterface } from '../../../src/service/experimental.ts';
import { Service } from '../../../src/service/service.ts';
import { FakeLink } from '../../support/fake-link.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

class NamedLink extends FakeLink {
  exported = 0;

  constructor(result = 1) {
    super();
    this.answers.set('RequestName', [result]);
    this.answers.set('ReleaseName', [1]);
  }

  override export(): never {
    this.exported += 1;
    return (() => void (this.exported -= 1)) as never;
  }
}

function setUp(connect: (attempt: number) => BusLink) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  let attempts = 0;
  const bus: SystemBus = {
    link: async () => connect(++attempts),
    close: async () => undefined,
  };
  const say = (level: string) => (line: string) => void lines.push(`${level} ${line}`);
  const service = new Service({
    bus,
    name: 'org.coreos.zincati',
    interfaces: [experimentalInterface({ lastRefreshAt: () => undefined })],
    clock,
    log: { debug: say('debug'), info: say('info'), warn: say('warn') },
  });
  service.start();
  return { clock, service, lines, attempts: () => attempts };
}

const noBus = () => {
  throw new BusError('bus_unreachable', 'cannot connect to the system bus: no such file');
};

describe('Service', () => {
  it('tries for as long as it takes, in pauses of 1 s to 60 s, and says so once', async () => {
    const run = setUp(noBus);
    await run.clock.advance(24 * 3_600_000);
    expect(run.attempts()).toBeGreaterThan(1430);
    expect(run.attempts()).toBeLessThan(1450);
    expect(run.lines).toEqual([
      'warn D-Bus name org.coreos.zincati is not served, trying again: cannot connect to the system bus: no such file',
    ]);
    await run.service.close();
    expect(run.clock.sleepers).toBe(0);
  });

  it('serves again after the bus was lost, begins with short pauses, tells both', async () => {
    const first = new NamedLink();
    const second = new NamedLink();
    const run = setUp((attempt) => (attempt === 1 ? first : attempt < 4 ? noBus() : second));
    await run.clock.advance(1000);
    expect(first.exported).toBe(1);
    first.drop();
    await run.clock.advance(0);
    expect(first.exported).toBe(0);
    await run.clock.advance(1000 + 2000 + 4000);
    expect(run.attempts()).toBe(4);
    expect(second.calls).toEqual(['RequestName']);
    expect(run.lines).toEqual([
      'debug D-Bus name org.coreos.zincati is served',
      'warn D-Bus name org.coreos.zincati is not served, trying again: the connection is gone',
      'info D-Bus name org.coreos.zincati is served again',
    ]);
    await run.service.close();
    expect(second.calls).toEqual(['RequestName', 'ReleaseName']);
    expect(second.exported).toBe(0);
    // The link is shared, and whoever opened it closes it.
    expect(second.closed).toBe(false);
  });

  it('does not queue behind another owner, and asks again', async () => {
    const links = [new NamedLink(3), new NamedLink(3), new NamedLink(1)];
    const run = setUp((attempt) => links[attempt - 1]!);
    await run.clock.advance(3000);
    expect(links.map((link) => link.exported)).toEqual([0, 0, 1]);
    expect(run.lines).toEqual([
      'warn D-Bus name org.coreos.zincati is not served, trying again: cannot own org.coreos.zincati: another process owns it',
      'info D-Bus name org.coreos.zincati is served again',
    ]);
    await run.service.close();
  });

  it('ends while the bus does not answer', async () => {
    const silent = new NamedLink();
    silent.answers.delete('RequestName');
    const run = setUp(() => silent);
    await run.clock.advance(10);
    const closed = run.service.close();
    silent.drop();
    await closed;
    expect(run.clock.sleepers).toBe(0);
  });
});

describe('experimentalInterface', () => {
  const method = (member: string, lastRefreshAt?: number) => {
    const { methods } = experimentalInterface({ lastRefreshAt: () => lastRefreshAt });
    return methods.find((candidate) => candidate.member === member)!;
  };
  const caller = { sender: ':1.1', mayAsk: false };

  it.each([
    [undefined, 0n],
    [1_700_000_000_999, 1_700_000_000n],
  ])('LastRefreshTime of %s is %s', (at, seconds) => {
    expect(method('LastRefreshTime', at).handle([], caller)).toEqual([seconds]);
    expect(method('LastRefreshTime').out).toBe('x');
  });

  it('moos', () => {
    expect(method('Moo').handle([false], caller)).toEqual(['moo.']);
    expect(method('Moo').handle([true], caller)).toEqual(['Moooo mooo moooo!']);
  });
});
