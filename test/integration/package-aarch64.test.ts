/**
 * What is packaged for aarch64, run on x86_64 by qemu-user, with its own Node. The service manager's socket comes as a
 * descriptor. Needs a build, and what scripts/setup.mjs fetches.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import { layOut, PROGRAM } from '../../scripts/layout.mjs';
import { AARCH64_LIBRARIES } from '../../scripts/packaging/foreign-libraries.mjs';
import { ARCHITECTURES, isRuntimeHere, runtimeOf } from '../../scripts/packaging/runtime.mjs';
import { LineProcess } from '../support/line-process.ts';
import { ReleasedHost } from '../support/released-host.ts';
import { run } from '../support/rpm-root.ts';

const PROJECT = join(import.meta.dirname, '../..');
const RECEIVER = join(import.meta.dirname, '../support/notify-receiver.py');
const QEMU = '/usr/bin/qemu-aarch64-static';
const canRun =
  process.arch === 'x64' && [QEMU, AARCH64_LIBRARIES].every(existsSync) && isRuntimeHere('aarch64');
/** Each instruction is translated; a busy machine takes a while to start Node. */
const LIMIT_MS = 120_000;

let folder = '';
beforeAll(async () => {
  if (canRun) {
    folder = mkdtempSync(join(tmpdir(), 'aarch64-'));
    const runtime = await runtimeOf('aarch64');
    layOut(folder, {
      layout: 'usr',
      node: join(runtime.folder, 'bin/node'),
      addon: ARCHITECTURES.aarch64.addon,
    });
  }
});
afterAll(() => {
  if (folder !== '') {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** As /usr/libexec/zincati starts it. */
function command(...args: readonly string[]): readonly [string, ...string[]] {
  const program = join(folder, PROGRAM.usr);
  return [
    QEMU,
    ...['-L', AARCH64_LIBRARIES, join(program, 'node'), '--disable-sigusr1'],
    ...[join(program, 'zincati.cjs'), ...args],
  ];
}

it('its program is started as these tests start it', () => {
  const file = (path: string): string => readFileSync(join(PROJECT, 'systemd', path), 'utf8');
  expect(file('zincati')).toContain('exec "$program/node" $options "$program/zincati.cjs" "$@"');
  expect(file('zincati-notify.conf')).toContain('\nOpenFile=/run/systemd/notify:notify\n');
});

function packageForAarch64(): void {
  it('tells its version', { timeout: LIMIT_MS }, () => {
    expect(run(...command('--version'))).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^zincati \d+\.\d+\.\d+\n$/) as string,
      stderr: '',
    });
  });

  it('gets ready, and tells so by descriptor', { timeout: LIMIT_MS }, async () => {
    await using host = await ReleasedHost.start({ booted: 'newest', config: '', basearch: 'aarch64' });
    const pidFile = join(folder, 'pid');
    const manager = new LineProcess(
      '/usr/bin/python3',
      [
        ...[RECEIVER, join(folder, 'notify')],
        ...['/bin/sh', '-c', `echo $$ >${pidFile}; exec "$@"`, 'sh'],
        ...command('agent', '-v', '--root', host.root),
      ],
      { DBUS_SYSTEM_BUS_ADDRESS: host.busAddress },
    );
    let pid: number | undefined;
    onTestFinished(() => manager.kill());
    onTestFinished(() => {
      if (pid !== undefined) {
        process.kill(pid, 'SIGKILL');
      }
    });
    expect(await manager.line()).toBe('ready');
    const next = async (): Promise<unknown> => JSON.parse(await manager.line()) as unknown;
    // What it does before it is ready may be told before READY.
    let said = await next();
    while (/^STATUS=/.test(String(said))) {
      said = await next();
    }
    expect(said, manager.complaint).toMatch(/^READY=1\nSTATUS=/);
    pid = Number(readFileSync(pidFile, 'utf8'));
    // It has read the deployments over D-Bus, and asked the update server.
    while (!/\(last checked /.test(String(said))) {
      said = await next();
    }
    process.kill(pid, 'SIGTERM');
    while (said !== 'STOPPING=1\nSTATUS=') {
      said = await next();
    }
    pid = undefined;
  });
}

// On arm64 itself, the other tests run all of this.
if (process.arch === 'x64') {
  describe.runIf(canRun)('the package for aarch64', packageForAarch64);
}
