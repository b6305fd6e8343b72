/** The built program, as an operator calls it on a host with a bus of the test. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { PROGRAM } from './agent-process.ts';

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface OperatorOptions {
  readonly busAddress: string;
  readonly root?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `args`: the words after `zincati`. */
export async function zincati(
  { busAddress, root, env }: OperatorOptions,
  ...args: string[]
): Promise<Outcome> {
  const below = root === undefined ? [] : ['--root', root];
  // What follows `--` is of another program.
  const end = args.includes('--') ? args.indexOf('--') : args.length;
  const words = [...args.slice(0, end), ...below, ...args.slice(end)];
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TZ: 'Europe/Berlin', DBUS_SYSTEM_BUS_ADDRESS: busAddress, ...env },
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}
