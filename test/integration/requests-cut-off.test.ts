/** Callers of an agent that ends meanwhile: each gets an answer, and what was cut off is told afterwards. */
import { expect, it } from 'vitest';

import { EXIT } from '../../src/cli/exit-codes.ts';
import { SandboxNode } from '../support/sandbox-node.ts';

const NEWEST = '44.20260707.3.1';
/** A download that lasts longer than any test. */
const SLOW = { bytes: 500e6, bytesPerSecond: 1e5, ready: /target release '44.*' selected/ } as const;

interface Told {
  readonly entries: readonly { readonly text: string; readonly fields: Readonly<Record<string, unknown>> }[];
}

/** An agent answers, perhaps the next one. */
async function answers(node: SandboxNode): Promise<void> {
  while ((await node.zincati('status')).code === EXIT.noAgent) {
    expect(node.said).toBeGreaterThan(0);
  }
}

async function cutOffOf(node: SandboxNode) {
  const { stdout } = await node.zincati('history', '-n', '500', '--json');
  const { entries } = JSON.parse(stdout) as Told;
  return entries.filter(({ fields }) => fields['outcome'] === 'CutOff');
}

it('cut-off: a request that SIGKILL cut off is told once, with who asked for what', async () => {
  await using node = await SandboxNode.start(SLOW);
  const taken = node.said;
  const update = node.zincati('update');
  await node.says(/request \S+ of uid 0: stage/, taken);
  // It is on disk: the history is read from there.
  expect((await node.zincati('history', '--json')).stdout).toContain('"wish":"stage"');
  node.kill('SIGKILL');
  const { code, stderr } = await update;
  expect([code, stderr.split('\n')[0]]).toEqual([EXIT.noAgent, expect.stringMatching(/agent/)]);
  await node.says(/request \S+ of uid 0: stage; cut off: the agent ended before it had answered/, taken);
  await answers(node);
  const [told, ...more] = await cutOffOf(node);
  expect(more).toEqual([]);
  expect(told?.fields).toMatchObject({ uid: 0, wish: 'stage' });
  expect((await node.zincati('history')).stdout).toMatch(/request +\S+ by root: stage; cut off: /);
  // The next life has nothing more to tell.
  const second = node.said;
  node.kill('SIGKILL');
  await node.says(/starting update agent/, second);
  await answers(node);
  expect(await cutOffOf(node)).toEqual([told]);
});

it('of two callers at once the second is told that the first is served, and a check is shared', async () => {
  await using node = await SandboxNode.start(SLOW);
  const from = node.said;
  const first = node.zincati('update');
  await node.says(/request \S+ of uid 0: stage/, from);
  expect(await node.zincati('update')).toEqual({
    code: EXIT.blocked,
    stdout: '',
    stderr:
      'a release is being staged already\ntry again when it is done; `zincati status --watch` shows it\n',
  });
  expect(await node.zincati('reboot')).toMatchObject({ code: EXIT.nothing });
  const cancelled = await node.zincati('cancel');
  expect(cancelled).toMatchObject({ code: EXIT.ok, stderr: '' });
  expect(cancelled.stdout).toMatch(
    new RegExp(`^${NEWEST} is not being staged for now; cancelled: stage of root \\(\\S+\\)\\n$`),
  );
  expect(await first).toMatchObject({ code: EXIT.failure });
  expect(await node.zincati('cancel')).toMatchObject({
    code: EXIT.nothing,
    stdout: 'there is nothing to cancel: nothing is being staged, and no request waits\n',
  });
  // Each has an answer, and the update server one question at a time.
  const checks = await Promise.all([node.zincati('check'), node.zincati('check')]);
  expect(checks.map(({ stdout }) => stdout)).toEqual([
    `the update server offers ${NEWEST}\n`,
    `the update server offers ${NEWEST}\n`,
  ]);
});

it.each([
  ['while a release is fetched', SLOW],
  ['while the node rests with a staged release', {}],
] as const)('every caller has an answer when the agent is told to end: %s', async (_, options) => {
  await using node = await SandboxNode.start(options);
  const from = node.said;
  const calls = [
    ['update'],
    ['check'],
    ['reboot'],
    ['hold', '--for', '1s'],
    ['deny', '1.0'],
    ['allow', '1.0'],
    ['why'],
    ['wait', '--for', 'rebooted', '--timeout', '2s'],
  ].map((words) => node.zincati(...words));
  await node.says(/request \S+ of uid 0/, from);
  node.kill('SIGTERM');
  const codes = (await Promise.all(calls)).map(({ code }) => code);
  const { ok, failure, nothing, blocked, noAgent, gaveUp } = EXIT;
  for (const code of codes) {
    expect(code).toBeOneOf([ok, failure, nothing, blocked, noAgent, gaveUp]);
  }
  await node.says(/stopping update agent/, from);
});

it('a hold whose end comes while no agent runs is over when the next one starts', async () => {
  await using node = await SandboxNode.start();
  const from = node.said;
  const { stdout } = await node.zincati('hold', '--for', '1s', '--reason', 'short', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ hold: 'h1' });
  node.kill('SIGKILL');
  await node.says(/starting update agent/, from);
  await answers(node);
  // hold-over: it ends by itself, and nothing else happens.
  while ((await node.zincati('hold')).stdout.startsWith('h1:')) {
    expect(node.said).toBeGreaterThan(from);
  }
  expect((await node.zincati('why')).stdout).toMatch(/^ +no hold +yes$/m);
  expect((await node.zincati('release', 'h1')).code).toBe(EXIT.nothing);
});
