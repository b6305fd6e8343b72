import { describe, expect, test, vi } from 'vitest';

import { SystemBus } from '../../../src/dbus/system-bus.ts';
import type { BusLink } from '../../../src/dbus/types.ts';
import { BusError, CancelledError } from '../../../src/errors.ts';
import { MemoryPeer } from '../../support/memory-peer.ts';

const NEVER = new AbortController().signal;

/** Connections that a test opens when it likes. */
class Dialer {
  readonly attempts: { readonly signal: AbortSignal; readonly settle: PromiseWithResolvers<BusLink> }[] = [];

  readonly connect = (_address: string, signal: AbortSignal): Promise<BusLink> => {
    const settle = Promise.withResolvers<BusLink>();
    signal.addEventListener('abort', () => settle.reject(new CancelledError('given up')), { once: true });
    this.attempts.push({ signal, settle });
    return settle.promise;
  };
}

async function openLink(): Promise<BusLink> {
  const { link } = new MemoryPeer();
  await link.open(NEVER);
  return link;
}

function setup() {
  const dialer = new Dialer();
  return { dialer, bus: new SystemBus({ address: 'unix:path=/nowhere', connect: dialer.connect }) };
}

describe('SystemBus', () => {
  test('connects when first asked, and all share the attempt and the link', async () => {
    const { dialer, bus } = setup();
    expect(dialer.attempts).toHaveLength(0);
    const asked = [bus.link(NEVER), bus.link(NEVER)];
    const link = await openLink();
    dialer.attempts[0]?.settle.resolve(link);
    expect(await Promise.all([...asked, bus.link(NEVER)])).toEqual([link, link, link]);
    expect(dialer.attempts).toHaveLength(1);
  });

  test('connects again once the link is gone', async () => {
    const { dialer, bus } = setup();
    const first = bus.link(NEVER);
    dialer.attempts[0]?.settle.resolve(await openLink());
    await (await first).close();
    const second = bus.link(NEVER);
    const link = await openLink();
    dialer.attempts[1]?.settle.resolve(link);
    expect(await second).toBe(link);
  });

  test('a failure reaches everybody who waits, and the next who asks tries again', async () => {
    const { dialer, bus } = setup();
    const asked = [bus.link(NEVER), bus.link(NEVER)];
    const failure = new BusError('bus_unreachable', 'no bus');
    dialer.attempts[0]?.settle.reject(failure);
    expect(await Promise.allSettled(asked)).toEqual([
      { status: 'rejected', reason: failure },
      { status: 'rejected', reason: failure },
    ]);
    void bus.link(NEVER).catch(vi.fn());
    expect(dialer.attempts).toHaveLength(2);
    await bus.close();
  });

  test('one who gives up leaves the attempt to the others; the last one ends it', async () => {
    const { dialer, bus } = setup();
    const [one, two] = [new AbortController(), new AbortController()];
    const asked = [bus.link(one.signal), bus.link(two.signal)];
    one.abort();
    await expect(asked[0]).rejects.toBeInstanceOf(CancelledError);
    expect(dialer.attempts[0]?.signal.aborted).toBe(false);
    two.abort();
    await expect(asked[1]).rejects.toBeInstanceOf(CancelledError);
    expect(dialer.attempts[0]?.signal.aborted).toBe(true);
    void bus.link(NEVER).catch(vi.fn());
    expect(dialer.attempts).toHaveLength(2);
    await bus.close();
  });

  test('who has given up already starts nothing', async () => {
    const { dialer, bus } = setup();
    await expect(bus.link(AbortSignal.abort())).rejects.toBeInstanceOf(CancelledError);
    expect(dialer.attempts).toHaveLength(0);
  });

  test('close ends the link, the attempt and the wish for more', async () => {
    const { dialer, bus } = setup();
    const first = bus.link(NEVER);
    const link = await openLink();
    dialer.attempts[0]?.settle.resolve(link);
    await first;
    await bus.close();
    expect(link.gone.aborted).toBe(true);
    await expect(bus.link(NEVER)).rejects.toMatchObject({ kind: 'bus_closed' });

    const other = setup();
    const waiting = expect(other.bus.link(NEVER)).rejects.toBeInstanceOf(CancelledError);
    await other.bus.close();
    await waiting;
    expect(other.dialer.attempts[0]?.signal.aborted).toBe(true);
  });

  test('a link that opens although it was given up is closed', async () => {
    const link = await openLink();
    const opened = Promise.withResolvers<BusLink>();
    const bus = new SystemBus({ address: 'unix:path=/nowhere', connect: () => opened.promise });
    const control = new AbortController();
    const asked = bus.link(control.signal);
    control.abort();
    await expect(asked).rejects.toBeInstanceOf(CancelledError);
    opened.resolve(link);
    await vi.waitUntil(() => link.gone.aborted);
  });
});
