/**
 * A private message bus: a real dbus-daemon of type system on a socket in a given directory. It allows every
 * message that a stock system bus allows, and beyond that any name and any method call.
 *
 * Invariants:
 * - `startPrivateBus` resolves when the daemon accepts connections.
 * - `stop` resolves when the daemon has exited.
 * - The daemon writes only below the directory.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { unixAddress } from '../src/dbus/address.ts';
import { leashed } from './leash.ts';

/** A daemon that does not listen by then never will. */
const START_TIMEOUT_MS = 10_000;
/** It exits on SIGTERM within milliseconds. */
const STOP_TIMEOUT_MS = 5000;
const LONGEST_COMPLAINT = 2000;

/** A service that the bus starts when somebody calls its name. It inherits the environment of the bus, which adds its address. */
export interface ActivatableService {
  readonly name: string;
  /**
   * Command line, as dbus-daemon splits it: the program's absolute path, and arguments quoted as in a shell.
   */
  readonly exec: string;
}

export interface PrivateBusOptions {
  /** Must exist and be short enough for a socket path. The caller removes it. */
  readonly directory: string;
  /** Added to this process's environment for the bus and the services it starts. */
  readonly env?: Readonly<Record<string, string>>;
  readonly services?: readonly ActivatableService[];
}

export interface PrivateBus {
  /** It has no GUID, so it stays the same when a bus is restarted in the same directory. */
  readonly address: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startPrivateBus(options: PrivateBusOptions): Promise<PrivateBus> {
  const { directory, services = [] } = options;
  const socketPath = join(directory, 'bus.sock');
  const address = unixAddress(socketPath);
  const configPath = join(directory, 'bus.conf');
  const servicesPath = join(directory, 'services');
  await mkdir(servicesPath, { recursive: true });
  await Promise.all(
    services.map(({ name, exec }) =>
      writeFile(join(servicesPath, `${name}.service`), `[D-BUS Service]\nName=${name}\nExec=${exec}\n`),
    ),
  );
  await writeFile(configPath, config(address, servicesPath));
  // Left over from a daemon that was killed.
  await rm(socketPath, { force: true });

  const daemon = spawn(
    ...leashed('dbus-daemon', [
      `--config-file=${configPath}`,
      '--nofork',
      '--nopidfile',
      '--print-address=3',
    ]),
    {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    },
  );
  const exited = new Promise<void>((resolve) => {
    daemon.once('exit', () => {
      RUNNING.delete(daemon);
      resolve();
    });
  });
  if (!isGuarded) {
    isGuarded = true;
    process.on('exit', killAll);
  }
  RUNNING.add(daemon);
  try {
    await listening(daemon);
  } catch (error) {
    daemon.kill('SIGKILL');
    throw error;
  }
  return { address, pid: daemon.pid ?? 0, stop: () => stop(daemon, exited) };
}

/** Killed when this process ends. */
const RUNNING = new Set<ChildProcess>();
let isGuarded = false;

/** One listener for all: a fleet has many buses. */
function killAll(): void {
  RUNNING.forEach((daemon) => daemon.kill('SIGKILL'));
}

/** The daemon prints its address when it begins to listen. */
async function listening(daemon: ChildProcess): Promise<void> {
  let complaint = '';
  daemon.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-LONGEST_COMPLAINT);
  });
  const abort = new AbortController();
  const options = { signal: abort.signal };
  const timer = setTimeout(() => abort.abort(), START_TIMEOUT_MS);
  const printed = createInterface({ input: daemon.stdio[3] as Readable });
  try {
    await Promise.race([
      once(printed, 'line', options),
      once(daemon, 'exit', options).then(([code]) => {
        throw new Error(`cannot start dbus-daemon: exit status ${String(code)}: ${complaint}`);
      }),
    ]);
  } catch (error) {
    if (abort.signal.aborted) {
      throw new Error(`cannot start dbus-daemon: it must listen within ${START_TIMEOUT_MS} ms`, {
        cause: error,
      });
    }
    throw error;
  } finally {
    clearTimeout(timer);
    abort.abort();
    printed.close();
  }
}

async function stop(daemon: ChildProcess, exited: Promise<void>): Promise<void> {
  const timer = setTimeout(() => daemon.kill('SIGKILL'), STOP_TIMEOUT_MS);
  daemon.kill('SIGTERM');
  await exited;
  clearTimeout(timer);
}

/** The rules about signals and replies are those of a stock system bus, so tests here are valid there. */
function config(address: string, servicesPath: string): string {
  return `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>${xml(address)}</listen>
  <auth>EXTERNAL</auth>
  <servicedir>${xml(servicesPath)}</servicedir>
  <policy context="default">
    <allow user="*"/>
    <allow own="*"/>
    <allow send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
  </policy>
</busconfig>
`;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
