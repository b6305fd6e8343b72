/** The script that asks one node of a fleet in the sandbox. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { writeAskNode } from '../../../sandbox/ask-node.ts';

it('asks the agent of that node, with words and folders as they are', async () => {
  const folder = path.join(mkdtempSync(path.join(tmpdir(), 'ask-node-')), "it's a fleet");
  onTestFinished(() => rmSync(path.dirname(folder), { recursive: true }));
  mkdirSync(folder);
  const shown =
    'console.log(JSON.stringify([process.env.DBUS_SYSTEM_BUS_ADDRESS, ...process.argv.slice(1)]))';
  await writeAskNode(folder, [process.execPath, '-e', shown, '--']);
  const said = execFileSync(path.join(folder, 'zincati'), ['node3', 'history', '-n', "2 or 'so'"], {
    encoding: 'utf8',
  });
  expect(JSON.parse(said)).toEqual([
    `unix:path=${folder}/node3/run/dbus/bus.sock`,
    ...['history', '-n', "2 or 'so'", '--root', `${folder}/node3`],
  ]);
});
