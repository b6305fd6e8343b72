import { describe, expect, it } from 'vitest';

import { fixedZone } from '../../../src/calendar/zone-rules.ts';
import type { ExplanationFacts } from '../../../src/cli/agent-facts.ts';
import { explanationFacts } from '../../../src/cli/decode-agent.ts';
import { gateName } from '../../../src/cli/gate-words.ts';
import { whyLines } from '../../../src/cli/why-text.ts';
import { HOUR_MS } from '../../../src/text/units.ts';
import { dictionary } from '../../support/fake-agent.ts';
import { AT, explainSituation, SITUATIONS } from '../../support/why-situations.ts';

const CET = fixedZone('Europe/Berlin', HOUR_MS, 'CET');
const TERMS = { now: AT, zone: CET, width: undefined, colour: false, users: new Map([[1000, 'core']]) };
const [FIRST] = Object.values(SITUATIONS);

async function shown(name: string, more: Partial<typeof TERMS> = {}): Promise<readonly string[]> {
  const { facts, now } = await explainSituation(SITUATIONS[name] ?? {});
  return whyLines(facts, { ...TERMS, now, ...more });
}

const names = Object.keys(SITUATIONS);

it('tells each situation in words that a person reads: see why-text.txt', async () => {
  const told = await Promise.all(
    names.map(async (name) => `# ${name}\n\n${(await shown(name)).join('\n')}\n`),
  );
  await expect(told.join('\n')).toMatchFileSnapshot('why-text.txt');
});

describe.each(names)('%s', (name) => {
  it('why-dates: has one form of date, and no number in place of a name that is known', async () => {
    const text = (await shown(name)).join('\n');
    expect(text).not.toMatch(/\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d| UTC\b|uid (?:0|1000)\b/);
  });

  it('says the name of a gate once in its row, and each sentence once', async () => {
    const { facts, now } = await explainSituation(SITUATIONS[name] ?? {});
    const rows = whyLines(facts, { ...TERMS, now }).filter((line) =>
      /^ {2}\S.* (?:yes|NO|\?)(?: |$)/.test(line),
    );
    expect(rows).toHaveLength(facts.stage === 'finalized' ? 0 : facts.gates.length);
    facts.gates.forEach((gate, index) => {
      const title = gateName(gate);
      expect(rows[index]?.split(title)).toHaveLength(2);
    });
    const sentences = rows.flatMap((line) =>
      line
        .slice(2)
        .split(/ {2,}|; /)
        .slice(2),
    );
    expect(new Set(sentences.filter((one) => one.length > 20)).size).toBe(
      sentences.filter((one) => one.length > 20).length,
    );
  });

  it('fits 40 columns', async () => {
    const lines = await shown(name, { width: 40 } as never);
    expect(lines.filter((line) => line.length > 40)).toEqual([]);
  });
});

it('why-override-boot-space: has people look before they override what may not boot', async () => {
  for (const name of ['there is no room on /boot, and its window is closed', 'this boot is not complete']) {
    const lines = await shown(name);
    expect(lines.slice(1, 3).join()).toMatch(/To see what /);
    expect(lines.join()).not.toContain('--override');
  }
});

it('why-lender: says what a lock server answered where nothing else keeps the node', async () => {
  const [first] = await shown('a lock server refused');
  expect(first).toMatch(/^Not now: the lock server lends no slot: all slots are taken\. /);
  const [other] = await shown('a lock server has to be asked');
  expect(other).toMatch(
    /^Not yet: it reboots at its next look\. .*, if fleet_lock lends a slot when it is asked\.$/,
  );
});

const outlook = (lower: Readonly<Record<string, string | number>>): string | undefined =>
  whyLines(
    explanationFacts(dictionary({ stage: 'staged', release: '2', lower: dictionary(lower), gates: [] })),
    TERMS,
  )[0];

it('says so where the agent cannot tell, or an agent of another version tells it otherwise', () => {
  expect(outlook({ kind: 'open' })).toBe('Nothing keeps it now. When it can reboot cannot be told.');
  expect(outlook({ kind: 'at' })).toBe('Nothing keeps it now. When it can reboot cannot be told.');
  const empty: ExplanationFacts = explanationFacts(undefined);
  expect(whyLines(empty, TERMS)[0]).toBe('Nothing keeps it now. When it can reboot cannot be told.');
});

it('tells a gate that it does not know in the words of the agent', () => {
  const gates = [
    dictionary({ gate: 'moon_phase', class: 'timed', verdict: 'block', reason: 'it is waning' }),
  ];
  const lines = whyLines(explanationFacts(dictionary({ stage: 'staged', release: '2', gates })), TERMS);
  expect(lines[0]).toBe('Not now: it is waning. When it can reboot cannot be told.');
  expect(lines.at(-1)).toBe('  moon phase  NO    it is waning');
});

it('colours what blocks', async () => {
  const { facts, now } = await explainSituation(FIRST ?? {});
  const lines = whyLines(facts, { ...TERMS, now, colour: true });
  expect(lines.filter((line) => line.includes('\u001b[31mNO\u001b[0m'))).toHaveLength(2);
});
