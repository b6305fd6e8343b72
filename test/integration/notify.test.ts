/** sd_notify with a real datagram socket that another process reads. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNotifier } from '../../src/host/notify.ts';
import { LineProcess } from '../support/line-process.ts';
import { waitedMs } from '../support/waited.ts';

const RECEIVER = join(import.meta.dirname, '../support/notify-receiver.py');
const SENDER = join(import.meta.dirname, '../support/notify-sender.ts');

let folder = '';
let receivers: LineProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'notify-'));
});
afterEach(async () => {
  await Promise.all(receivers.map((receiver) => receiver.kill()));
  receivers = [];
  await rm(folder, { recursive: true, force: true });
});

async function receive(address: string, ...command: string[]): Promise<() => Promise<unknown>> {
  const receiver = new LineProcess('/usr/bin/python3', [RECEIVER, address, ...command]);
  receivers.push(receiver);
  expect(await receiver.line()).toBe('ready');
  return async () => JSON.parse(await receiver.line()) as unknown;
}

describe('NOTIFY_SOCKET', () => {
  it('gets one datagram for each message, in order, each on lines of its own', async () => {
    const address = join(folder, 'notify');
    const next = await receive(address);
    const env: Record<string, string | undefined> = { NOTIFY_SOCKET: address };
    const warnings: string[] = [];
    const notifier = await createNotifier(env, process.pid, (text) => warnings.push(text));
    expect(env).toEqual({});
    notifier.ready('initialization complete\nREADY=0');
    for (let n = 0; n < 50; n++) {
      notifier.status(`step ${n}`);
    }
    notifier.alive();
    const before = process.hrtime.bigint() / 1000n;
    notifier.reloading();
    const after = process.hrtime.bigint() / 1000n;
    notifier.stopping();
    await notifier.close();
    notifier.status('too late');

    expect(await next()).toBe('READY=1\nSTATUS=initialization complete READY=0');
    for (let n = 0; n < 50; n++) {
      expect(await next()).toBe(`STATUS=step ${n}`);
    }
    expect(await next()).toBe('WATCHDOG=1');
    const reloading = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(String(await next()));
    const at = BigInt(reloading![1]!);
    expect(at >= before && at <= after).toBe(true);
    expect(await next()).toBe('STOPPING=1\nSTATUS=');
    expect(warnings).toEqual([]);
  });

  it('is told about once when nobody listens, and works when somebody does again', async () => {
    const address = join(folder, 'notify');
    const warnings: string[] = [];
    const { promise: warned, resolve } = Promise.withResolvers<undefined>();
    const notifier = await createNotifier({ NOTIFY_SOCKET: address }, process.pid, (text) => {
      warnings.push(text);
      resolve(undefined);
    });
    notifier.ready('x');
    notifier.status('y');
    await warned;
    const next = await receive(address);
    notifier.status('here again');
    expect(await next()).toBe('STATUS=here again');
    await notifier.close();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^cannot notify the service manager: /);
  });

  it('holds nothing up when the manager has stopped reading', async () => {
    const address = join(folder, 'notify');
    const receiver = new LineProcess('/usr/bin/python3', [
      '-c',
      `import socket,sys; s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM); s.bind(${JSON.stringify(address)}); print("ready",flush=True); sys.stdin.read()`,
    ]);
    receivers.push(receiver);
    expect(await receiver.line()).toBe('ready');
    const warnings: string[] = [];
    const notifier = await createNotifier({ NOTIFY_SOCKET: address }, process.pid, (text) =>
      warnings.push(text),
    );
    const toldMs = await waitedMs(async () => {
      for (let n = 0; n < 5000; n++) {
        notifier.status(`step ${n}`);
      }
      await notifier.close();
    });
    expect(toldMs).toBeLessThan(2000);
    expect(warnings).toHaveLength(1);
  });

  it('spin-1: costs nothing more once a manager that lagged has read what waited', async () => {
    const address = join(folder, 'notify');
    const receiver = new LineProcess('/usr/bin/python3', [RECEIVER, address]);
    receivers.push(receiver);
    expect(await receiver.line()).toBe('ready');
    const warnings: string[] = [];
    const notifier = await createNotifier({ NOTIFY_SOCKET: address }, process.pid, (text) =>
      warnings.push(text),
    );
    receiver.pause();
    const many = Number(await readFile('/proc/sys/net/unix/max_dgram_qlen', 'utf8')) + 40;
    // No more may wait here at once; what the manager's queue takes does not wait here.
    for (let n = 0; n < many; n++) {
      notifier.status(`step ${n}`);
      await nextTurn();
    }
    receiver.resume();
    for (let n = 0; n < many; n++) {
      expect(JSON.parse(await receiver.line())).toBe(`STATUS=step ${n}`);
    }
    const before = performance.nodeTiming.uvMetricsInfo.loopCount;
    await delay(100);
    expect(performance.nodeTiming.uvMetricsInfo.loopCount - before).toBeLessThan(50);
    notifier.status('and on');
    expect(JSON.parse(await receiver.line())).toBe('STATUS=and on');
    await notifier.close();
    expect(warnings).toEqual([]);
  });

  it('cannot be an abstract address, and says so', async () => {
    const address = `@notify-${process.pid}`;
    await receive(address);
    const warnings: string[] = [];
    const notifier = await createNotifier({ NOTIFY_SOCKET: address }, process.pid, (text) =>
      warnings.push(text),
    );
    notifier.ready('x');
    await notifier.close();
    expect(warnings).toEqual([
      `cannot notify the service manager: NOTIFY_SOCKET must be an absolute path, got "${address}"`,
    ]);
  });
});

describe('a descriptor named notify', () => {
  it('is written to, and the process ends by itself', async () => {
    const next = await receive(join(folder, 'notify'), process.execPath, SENDER);
    expect(await next()).toBe('READY=1\nSTATUS=initialization complete');
    expect(await next()).toBe('STATUS=periodically polling');
    expect(await next()).toBe('WATCHDOG=1');
    expect(await next()).toBe('STATUS=left: ');
    expect(await next()).toBe('STOPPING=1\nSTATUS=');
  });
});

describe('the process', () => {
  it('ends by itself once the notifier is closed, and passes nothing on', async () => {
    const address = join(folder, 'notify');
    const next = await receive(address);
    const sender = new LineProcess(process.execPath, [SENDER], { NOTIFY_SOCKET: address });
    expect(await next()).toBe('READY=1\nSTATUS=initialization complete');
    await next();
    await next();
    expect(await next()).toBe('STATUS=left: ');
    expect(await next()).toBe('STOPPING=1\nSTATUS=');
    // Its standard output ends only when the process ends.
    await expect(sender.line()).rejects.toThrow('got its end');
  });
});
