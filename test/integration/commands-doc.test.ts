/**
 * docs/commands.md says what the table of commands says, and its examples are what the commands print. To write it anew:
 * `npx vitest run --project integration test/integration/commands-doc.test.ts -u`.
 */
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';

import { fixedZone } from '../../src/calendar/zone-rules.ts';
import { explanationFacts } from '../../src/cli/decode-agent.ts';
import { deniedLines } from '../../src/cli/denied.ts';
import type { CommandName } from '../../src/cli/table/commands.ts';
import { historyLines } from '../../src/cli/history-text.ts';
import { holdText, statusLines } from '../../src/cli/status-text.ts';
import { whyLines } from '../../src/cli/why-text.ts';
import { HOUR_MS } from '../../src/text/units.ts';
import { decodeSample, DENIAL, EXPLANATION, HOLD, NOW, WAITING } from '../support/agent-samples.ts';
import { BusFixture } from '../support/bus-fixture.ts';
import { commandsPage, type Example } from '../support/commands-page.ts';
import { FakeAgent } from '../support/fake-agent.ts';
import { zincati } from '../support/operator.ts';

const TERMS = { now: NOW, zone: fixedZone('Europe/Berlin', HOUR_MS, 'CET'), width: undefined, colour: false };
const HOST = {
  name: 'core-7',
  architecture: 'x86_64',
  bootedAt: Date.parse('2026-11-03T01:14:00Z'),
  version: undefined,
};

const HAPPENED = [
  {
    at: Date.parse('2026-11-03T01:14:50Z'),
    kind: 'updated',
    text: "updated from '43.20260203.3.0' to '43.20260217.3.1', 48 s down",
    fields: {},
  },
  {
    at: Date.parse('2026-11-25T14:02:11Z'),
    kind: 'staged',
    text: "staged '43.20260413.3.2'",
    fields: {},
  },
];

/** Those whose output has distances in time, at a fixed instant. */
function rendered(): Partial<Record<CommandName, Example>> {
  const facts = decodeSample({ Holds: [HOLD], Denied: [DENIAL] });
  return {
    status: { args: 'status', output: statusLines(decodeSample(), HOST, TERMS).join('\n') },
    why: { args: 'why', output: whyLines(explanationFacts(EXPLANATION), TERMS).join('\n') },
    denied: { args: 'denied', output: deniedLines(facts.denied, TERMS).join('\n') },
    history: { args: 'history -n 2', output: historyLines(HAPPENED, TERMS).join('\n') },
    hold: { args: 'hold', output: facts.holds.map((one) => holdText(one, TERMS)).join('\n') },
  };
}

const RUN: Partial<Record<CommandName, readonly string[]>> = {
  wait: ['wait', '--for', 'staged', '--timeout', '10m'],
  check: ['check'],
  update: ['update', '--ignore-rollout'],
  reboot: ['reboot', '--override', 'window', '--json'],
  cancel: ['cancel'],
  discard: ['discard'],
  release: ['release', 'h1'],
  deny: ['deny', '43.20260413.3.2', '--reason', 'kernel regression'],
  allow: ['allow', '43.20260413.3.2'],
};

it('docs/commands.md', async () => {
  const bus = await BusFixture.start();
  onTestFinished(() => bus.stop());
  const agent = await FakeAgent.start(bus.bus.address, WAITING);
  onTestFinished(() => agent[Symbol.asyncDispose]());
  agent
    .onJob('Check', (job) => job.done({ text: 'the update server offers nothing newer', changed: false }))
    .onJob('Stage', (job) => job.done({ text: '43.20260413.3.2 is staged' }))
    .onJob('Reboot', (job) =>
      job.done({
        request: '1f3a9c20-4',
        text: 'the reboot into 43.20260413.3.2 is asked for',
        release: '43.20260413.3.2',
      }),
    );
  for (const member of ['Cancel', 'Discard', 'Release', 'Deny', 'Allow']) {
    agent.on(member, () => undefined);
  }
  const examples = rendered();
  for (const [name, args] of Object.entries(RUN) as [CommandName, readonly string[]][]) {
    const { stdout, stderr } = await zincati({ busAddress: bus.bus.address }, ...args);
    expect(stderr, name).toBe('');
    const shown = args.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' ');
    examples[name] = { args: shown, output: stdout.trimEnd() };
  }
  const page = path.resolve(import.meta.dirname, '../../docs/commands.md');
  await expect(commandsPage(examples)).toMatchFileSnapshot(page);
});
