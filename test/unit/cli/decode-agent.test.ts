/** What commands read is what the agent writes: the service's encoder and the client's decoder, over the wire. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  agentFacts,
  explanationFacts,
  happenedFacts,
  resultFacts,
  settingFacts,
} from '../../../src/cli/decode-agent.ts';
import { decodeMessage, encodeMessage } from '../../../src/dbus/codec.ts';
import { MESSAGE_TYPE } from '../../../src/dbus/message.ts';
import type { BusValue } from '../../../src/dbus/types.ts';
import {
  encodeEntry,
  encodeExplanation,
  encodeResult,
  encodeSetting,
  encodeSnapshot,
} from '../../../src/service/encode.ts';
import type { Bound, ExplainedGate } from '../../../src/why/explanation.ts';
import { anyEntry, anyExplanation, anyOutcome, anySetting, anySnapshot } from '../../support/snapshots.ts';

function sent(signature: string, value: BusValue): BusValue {
  const bytes = encodeMessage({
    type: MESSAGE_TYPE.methodReturn,
    serial: 1,
    replySerial: 1,
    signature,
    body: [value],
  });
  const [arrived] = decodeMessage(bytes).body();
  if (arrived === undefined) {
    throw new Error('a message must have its body');
  }
  return arrived;
}

/** An empty text says nothing. */
const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const gateOf = ({ gate, verdict, reason, label, earliestAt, latestAt, asOfAt }: ExplainedGate): unknown =>
  expect.objectContaining({
    gate,
    verdict,
    reason: filled(reason),
    label: filled(label),
    earliestAt,
    latestAt,
    asOfAt,
  });
const boundsOf = ({ lower, upper }: { readonly lower: Bound; readonly upper: Bound }) => ({ lower, upper });

describe('what the agent sends is what commands know', () => {
  it('a snapshot', () => {
    fc.assert(
      fc.property(anySnapshot, (snapshot) => {
        const facts = agentFacts(sent('a{sv}', encodeSnapshot(snapshot)));
        expect(facts).toMatchObject({
          version: filled(snapshot.version),
          state: snapshot.state,
          statusText: filled(snapshot.statusText),
          checks: snapshot.checks,
          ...{ reboot: { ...boundsOf(snapshot.reboot), assumptions: snapshot.reboot.assumptions } },
        });
        expect(facts.health.level).toBe(snapshot.health.level);
        expect(facts.booted?.version).toBe(snapshot.booted?.version);
        expect(facts.staged?.locked).toBe(snapshot.staged?.finalizationLocked);
        expect(facts.staged?.layered).toEqual(snapshot.staged?.layeredPackages);
        expect(facts.target?.version).toBe(filled(snapshot.target?.version));
        expect(facts.blocked).toEqual(snapshot.blocked.map(gateOf));
        expect(facts.holds.map(({ id, what, uid, untilAt }) => [id, what, uid, untilAt])).toEqual(
          snapshot.holds.map(({ id, what, by, untilAt }) => [id, what, by.uid, untilAt]),
        );
        expect(facts.denied.map(({ release, uid, sinceAt }) => [release, uid, sinceAt])).toEqual(
          snapshot.denied.map(({ release, by, sinceAt }) => [release, by?.uid, sinceAt]),
        );
        expect(facts.configuration.current).toBe(snapshot.configuration.current);
      }),
    );
  });

  it('an explanation', () => {
    fc.assert(
      fc.property(anyExplanation, (explanation) => {
        expect(explanationFacts(sent('a{sv}', encodeExplanation(explanation)))).toEqual({
          ...boundsOf(explanation),
          assumptions: explanation.assumptions,
          asOfAt: explanation.asOfAt,
          release: filled(explanation.release),
          stage: explanation.stage,
          gates: explanation.gates.map(gateOf),
        });
      }),
    );
  });

  it('results, entries and settings', () => {
    fc.assert(
      fc.property(anyOutcome, anyEntry, anySetting, (outcome, entry, setting) => {
        const result = resultFacts(sent('a{sv}', encodeResult('0123abcd-1', outcome)));
        expect(result.request).toBe('0123abcd-1');
        expect(result.text).toBe(filled(outcome.text));
        expect(result.error).toBe(outcome.kind === 'done' ? undefined : outcome.error);
        expect(happenedFacts(sent('a{sv}', encodeEntry(entry)))).toEqual(entry);
        expect(settingFacts(sent('aa{sv}', [encodeSetting(setting)]))).toEqual([setting]);
      }),
    );
  });
});
