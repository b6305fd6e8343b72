/** The small commands beside the agent: Zincati's hidden ones. Each does one thing and ends. */
import { mkdir, readlink, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from './command-line.ts';
import { systemBusAddress } from '../dbus/system-bus-address.ts';
import { connectBus } from '../dbus/connect.ts';
import type { BusValue } from '../dbus/types.ts';
import { messageOf } from '../errors.ts';
import { EXIT } from './exit-codes.ts';
import { SERVICE_NAME } from '../service/experimental.ts';
import { writeFileAtomically } from '../files/atomic-file.ts';
import { deadendNotice, MOTD_FILES, MOTD_FOLDER } from '../host/motd.ts';

type ToolCommand = Exclude<Command, { command: 'agent' | 'help' | 'version' }>;

/** The agent answers from memory; who waits longer than this asks something that hangs. */
const TIMEOUT_MS = 10_000;

export async function runTool(command: ToolCommand): Promise<number> {
  try {
    switch (command.command) {
      case 'deadend-motd set':
        await writeDeadend(command.root, command.reason);
        break;
      case 'deadend-motd unset':
        await rm(path.join(command.root, MOTD_FOLDER, MOTD_FILES.deadend), { force: true });
        break;
      case 'ex moo':
        await tell(ask(command.root, 'Moo', 'b', [command.talkative]));
        break;
      case 'ex last-refresh-time':
        await tell(ask(command.root, 'LastRefreshTime'));
        break;
    }
    return EXIT.ok;
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    return EXIT.failure;
  }
}

async function tell(answer: Promise<BusValue | undefined>): Promise<void> {
  const value = await answer;
  if (typeof value !== 'string' && typeof value !== 'bigint') {
    throw new Error('cannot read the answer: it must be a text or a number');
  }
  process.stdout.write(`${value}\n`);
}

/** Writes the notice where the agent would, and the link that shows it where there is none. */
async function writeDeadend(root: string, reason: string): Promise<void> {
  const file = path.join(root, MOTD_FOLDER, MOTD_FILES.deadend);
  const link = path.join(root, 'run/motd.d', MOTD_FILES.deadend);
  await mkdir(path.dirname(file), { recursive: true });
  await mkdir(path.dirname(link), { recursive: true });
  await writeFileAtomically(file, `${deadendNotice(reason)}\n`, 0o644);
  const target = path.relative(path.dirname(link), file);
  if ((await readlink(link).catch(() => undefined)) === target) {
    return;
  }
  await rm(link, { force: true });
  await symlink(target, link);
}

async function ask(
  root: string,
  member: string,
  signature?: string,
  body?: readonly BusValue[],
): Promise<BusValue | undefined> {
  const link = await connectBus(systemBusAddress(root, process.env), AbortSignal.timeout(TIMEOUT_MS));
  try {
    const reply = await link.call({
      destination: SERVICE_NAME,
      path: '/org/coreos/zincati',
      interface: 'org.coreos.zincati.Experimental',
      member,
      ...(signature === undefined ? {} : { signature }),
      ...(body === undefined ? {} : { body }),
      timeoutMs: TIMEOUT_MS,
    });
    return reply.body[0];
  } finally {
    await link.close();
  }
}
