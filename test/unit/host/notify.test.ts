import { describe, expect, it } from 'vitest';
import { createNotifier, watchdogIntervalMs } from '../../../src/host/notify.ts';

const PID = 4711;

describe('watchdogIntervalMs', () => {
  it.each([
    [{}, undefined],
    [{ WATCHDOG_USEC: '30000000' }, 15_000],
    [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '4711' }, 15_000],
    [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '4712' }, undefined],
    [{ WATCHDOG_USEC: '3' }, 1],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{ WATCHDOG_USEC: '-5' }, undefined],
    [{ WATCHDOG_USEC: 'soon' }, undefined],
    [{ WATCHDOG_USEC: '' }, undefined],
  ])('%j: %s', (env, expected) => {
    expect(watchdogIntervalMs(env, PID)).toBe(expected);
  });
});

describe('createNotifier', () => {
  it('does nothing without a service manager', async () => {
    const warnings: string[] = [];
    const notifier = await createNotifier({}, PID, (text) => warnings.push(text));
    notifier.ready('x');
    notifier.alive();
    await notifier.close();
    expect(warnings).toEqual([]);
  });

  it.each(['@abstract', 'relative', 'vsock:2:1234', 'x\ny'])('says why it cannot use %j', async (address) => {
    const warnings: string[] = [];
    const env: Record<string, string | undefined> = { NOTIFY_SOCKET: address, OTHER: 'stays' };
    const notifier = await createNotifier(env, PID, (text) => warnings.push(text));
    notifier.ready('x');
    await notifier.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(
      /^cannot notify the service manager: NOTIFY_SOCKET must be an absolute path, got "[^\n]+"$/,
    );
    expect(env).toEqual({ OTHER: 'stays' });
  });
});
