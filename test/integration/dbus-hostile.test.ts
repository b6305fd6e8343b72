import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { getNameOwner, nameHasOwner } from '../../src/dbus/calls.ts';
import { connectBus } from '../../src/dbus/connect.ts';
import type { BusLink, BusSignal } from '../../src/dbus/types.ts';
import { MINUTE_MS } from '../../src/text/units.ts';
import { BusFixture, SERVICE, TEST_OBJECT } from '../support/bus-fixture.ts';
import { computing } from '../support/computing.ts';

const NEVER = new AbortController().signal;
const MIB = 1024 * 1024;

let fixture: BusFixture;
let link: BusLink;
let faults: unknown[];

beforeAll(async () => {
  fixture = await BusFixture.start();
});
afterAll(async () => fixture.stop());
beforeEach(async () => {
  faults = [];
  link = await connectBus(fixture.bus.address, NEVER, { onFault: (error) => faults.push(error) });
});
afterEach(async () => link.close());

/** The bus delivers in order: an answer to us proves that everything sent before has arrived. */
async function attackAndSurvive(...attack: readonly string[]): Promise<void> {
  await fixture.attack(link.uniqueName ?? '', ...attack);
  expect(await nameHasOwner(link, 'org.freedesktop.DBus')).toBe(true);
  expect(link.gone.aborted).toBe(false);
}

function collect(filter: { readonly interface: string }): BusSignal[] {
  const signals: BusSignal[] = [];
  link.onSignal(filter, (signal) => signals.push(signal));
  return signals;
}

describe('a hostile local user', () => {
  test('a descriptor that is not there, wanted and unwanted', async () => {
    await attackAndSurvive('descriptor');
    const signals = collect({ interface: TEST_OBJECT.interface });
    await attackAndSurvive('descriptor');
    expect(signals.map(({ signature, body }) => [signature, body])).toEqual([['h', [0]]]);
  });

  test('28 MB of variants: neither time nor memory to speak of, even when somebody wants them', async () => {
    const signals = collect({ interface: TEST_OBJECT.interface });
    const before = process.resourceUsage().maxRSS * 1024;
    const computedMs = computing();
    await attackAndSurvive('amplification', String(28_000_000));
    expect(computedMs()).toBeLessThan(10_000);
    expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(250 * MIB);
    expect(signals).toEqual([]);
    expect(faults).toEqual([expect.objectContaining({ kind: 'bus_malformed_message' })]);
  });

  test('a dictionary with the key __proto__', async () => {
    const signals = collect({ interface: TEST_OBJECT.interface });
    await attackAndSurvive('prototype');
    const [signal] = signals;
    expect(signal?.body[0]).toBeInstanceOf(Map);
    expect([...(signal?.body[0] as ReadonlyMap<string, unknown>).keys()]).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('forged PropertiesChanged carries the true sender, which is not the owner', async () => {
    await fixture.service();
    const signals = collect({ interface: 'org.freedesktop.DBus.Properties' });
    await attackAndSurvive('forged_properties');
    expect(signals).toHaveLength(1);
    expect(signals[0]?.sender).toMatch(/^:1\./);
    expect(signals[0]?.sender).not.toBe(await getNameOwner(link, SERVICE));
  });

  test('forged replies settle nothing', async () => {
    const service = await fixture.service();
    const owner = await getNameOwner(link, SERVICE);
    const hanging = link.call({
      ...TEST_OBJECT,
      destination: owner ?? '',
      member: 'Hang',
      timeoutMs: MINUTE_MS,
    });
    const outcome = expect(hanging).rejects.toMatchObject({ kind: 'bus_closed' });
    await service.line('hanging');
    await attackAndSurvive('forged_replies', '50');
    await link.close();
    await outcome;
  });

  test('100,000 signals that nobody wants: flat memory, a live loop', async () => {
    await attackAndSurvive('flood', '1000');
    const before = process.memoryUsage();
    let longestTurnMs = 0;
    let computedMs = computing();
    const beat = setInterval(() => {
      longestTurnMs = Math.max(longestTurnMs, computedMs());
      computedMs = computing();
    }, 10);
    await attackAndSurvive('flood', '100000');
    clearInterval(beat);
    const after = process.memoryUsage();
    expect(after.rss - before.rss).toBeLessThan(100 * MIB);
    expect(longestTurnMs).toBeLessThan(1000);
    expect(faults).toEqual([]);
  });

  test('20,000 calls to us', async () => {
    const before = process.memoryUsage().rss;
    await attackAndSurvive('ping_flood', '20000');
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  });
});
