/**
 * docs/commands.md says what the table of commands says. Its examples, and that of docs/history.md, are what the built
 * program prints beside the built agent. To write it anew:
 * `npx vitest run --project integration test/integration/commands-doc.test.ts -u`.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';

import type { CommandName } from '../../src/cli/table/commands.ts';
import { commandsPage, type Example } from '../support/commands-page.ts';
import { SandboxNode, wordsOf } from '../support/sandbox-node.ts';
import { block, inExample, UNTIL, untilOf } from '../support/walk-page.ts';

const DOCS = path.resolve(import.meta.dirname, '../../docs');

interface Step {
  /** Left out: the page does not show it. */
  readonly shown?: CommandName;
  readonly command: string;
  readonly code: number;
  /** Of the agent's log, after the command. */
  readonly then?: RegExp;
}

/** In this order. UNTIL is the end of the hold. */
const WAITING: readonly Step[] = [
  { shown: 'status', command: 'zincati status', code: 0 },
  { shown: 'why', command: 'zincati why', code: 0 },
  { shown: 'wait', command: 'zincati wait --for staged --timeout 10m', code: 0 },
  { shown: 'check', command: 'sudo zincati check', code: 0 },
  { shown: 'update', command: 'sudo zincati update --ignore-rollout', code: 3 },
  {
    command: "sudo zincati hold --until 'UNTIL' --reason 'release week'",
    code: 0,
    then: /reboot held by the update strategy: .*release week/,
  },
  { shown: 'hold', command: 'zincati hold', code: 0 },
  { shown: 'release', command: 'sudo zincati release h1', code: 0 },
  { shown: 'deny', command: "sudo zincati deny 43.20260511.3.0 --reason 'kernel regression'", code: 0 },
  { shown: 'denied', command: 'zincati denied', code: 0 },
  { shown: 'allow', command: 'sudo zincati allow 43.20260511.3.0', code: 0 },
  { shown: 'cancel', command: 'sudo zincati cancel', code: 3 },
  {
    shown: 'reboot',
    command: 'sudo zincati reboot --override window --json',
    code: 0,
    then: /reached steady state/,
  },
  { shown: 'history', command: 'zincati history -n 2', code: 0 },
];

/** On a node of its own: the agent takes the next best release afterwards. */
const DISCARDING: readonly Step[] = [{ shown: 'discard', command: 'sudo zincati discard', code: 0 }];

async function walk(steps: readonly Step[]): Promise<Partial<Record<CommandName, Example>>> {
  await using node = await SandboxNode.start();
  const examples: Partial<Record<CommandName, Example>> = {};
  let hasRebooted = false;
  for (const { shown, command, code, then } of steps) {
    const from = node.said;
    const words = wordsOf(command.replace('UNTIL', untilOf(node.times.opensAt)));
    const { code: got, stdout, stderr } = await node.zincati(...words);
    expect([got, stderr], command).toEqual([code, '']);
    if (then !== undefined) {
      await node.says(then, from);
    }
    hasRebooted ||= shown === 'reboot';
    if (shown !== undefined) {
      examples[shown] = {
        command: command.replace('UNTIL', UNTIL),
        output: inExample(stdout.trimEnd(), node.times, hasRebooted),
      };
    }
  }
  return examples;
}

it('docs/commands.md, and the example of docs/history.md', async () => {
  const [waiting, discarding] = await Promise.all([walk(WAITING), walk(DISCARDING)]);
  const examples = { ...waiting, ...discarding };
  await expect(commandsPage(examples)).toMatchFileSnapshot(path.join(DOCS, 'commands.md'));
  const { history } = examples;
  expect(history).toBeDefined();
  expect(await readFile(path.join(DOCS, 'history.md'), 'utf8')).toContain(history && block(history));
});
