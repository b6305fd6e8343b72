/** A script in the folder of a fleet that asks one of its nodes: `zincati NODE COMMAND...`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** `folder`: each node has its root in it. `agent`: program and arguments that run it. */
export async function writeAskNode(folder: string, agent: readonly string[]): Promise<void> {
  const script = `#!/bin/sh
# zincati NODE COMMAND...: what the command says on that node
root=${quoted(folder)}/$1
shift
DBUS_SYSTEM_BUS_ADDRESS="unix:path=$root/run/dbus/bus.sock" exec ${agent.map(quoted).join(' ')} "$@" --root "$root"
`;
  await writeFile(join(folder, 'zincati'), script, { mode: 0o755 });
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
