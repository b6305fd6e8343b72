/**
 * docs/walk.md is what an operator sees: the built program beside the built agent, through a whole update. To write it
 * anew: `npx vitest run --project integration test/integration/walk-doc.test.ts -u`.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';

import { SandboxNode, wordsOf } from '../support/sandbox-node.ts';
import {
  block,
  inExample,
  type Printed,
  type Scene,
  SCENES,
  UNTIL,
  untilOf,
  walkPage,
} from '../support/walk-page.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

it('docs/walk.md, and the README shows what `zincati why` prints there', async () => {
  await using node = await SandboxNode.start();
  const printed = new Map<Scene, readonly Printed[]>();
  let hasRebooted = false;
  for (const scene of SCENES) {
    const shown: Printed[] = [];
    for (const { command, code, then } of scene.steps) {
      const from = node.said;
      const outcome = await node.zincati(...wordsOf(command.replace('UNTIL', untilOf(node.times.opensAt))));
      expect(outcome.code, command).toBe(code);
      if (then !== undefined) {
        await node.says(then, from);
      }
      const output = `${outcome.stdout}${outcome.stderr}`.trimEnd();
      hasRebooted ||= / is on its way$/.test(output);
      shown.push({
        command: command.replace('UNTIL', UNTIL),
        output: inExample(output, node.times, hasRebooted),
      });
    }
    printed.set(scene, shown);
  }
  await expect(walkPage(printed)).toMatchFileSnapshot(path.join(ROOT, 'docs/walk.md'));

  const [why] = [...printed.values()].flat().filter(({ command }) => command === 'zincati why');
  expect(why).toBeDefined();
  expect(await readFile(path.join(ROOT, 'README.md'), 'utf8')).toContain(why && `${block(why)}\n`);
});
