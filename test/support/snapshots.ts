/** Arbitrary snapshots, explanations and outcomes of the agent, for tests of its interface. */
import fc from 'fast-check';

import { HEALTH_CAUSES, HEALTH_LEVELS } from '../../src/agent/health.ts';
import { GATE_VERDICTS, type Deployment, type Progress } from '../../src/agent/ports.ts';
import type { Payload } from '../../src/agent/release.ts';
import { HOLDABLE, REQUEST_ERRORS, type Hold, type Outcome } from '../../src/agent/requests.ts';
import type {
  CalendarSpan,
  DeniedRelease,
  HistoryEntry,
  ShownSetting,
  Snapshot,
} from '../../src/service/agent-port.ts';
import { GATE_CLASSES, type Bound, type ExplainedGate, type Explanation } from '../../src/why/explanation.ts';

/** As the agent itself writes it: what is not printable is for tests of its own. */
const text = fc.string({ maxLength: 20 });
const word = fc.stringMatching(/^[a-z][a-z_]{0,9}$/);
const instant = fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) });
const count = fc.nat(0xffff_ffff);
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });
/** With every key, some keys or no keys beside `needed`. */
function record<T extends object, U extends object>(
  needed: { [K in keyof T]: fc.Arbitrary<T[K]> },
  others: { [K in keyof U]: fc.Arbitrary<U[K]> },
): fc.Arbitrary<T & Partial<U>> {
  return fc
    .tuple(fc.record(needed), fc.record(others, { requiredKeys: [] }))
    .map(([one, other]) => ({ ...one, ...other }) as T & Partial<U>);
}

const payload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ scheme: fc.constant('checksum' as const), value: text }),
  fc.record({ scheme: fc.constant('oci' as const), value: text }),
);

const deployment = (place: { booted: boolean; staged: boolean }): fc.Arbitrary<Deployment> =>
  fc.record({
    id: text,
    version: text,
    payload: maybe(payload),
    baseChecksum: text,
    stream: maybe(text),
    booted: fc.constant(place.booted),
    staged: fc.constant(place.staged),
    finalizationLocked: maybe(fc.boolean()),
    imageReference: maybe(text),
    layeredPackages: fc.array(text, { maxLength: 3 }),
  });

export const anyProgress: fc.Arbitrary<Progress> = record(
  { text },
  {
    percent: fc.integer({ min: 0, max: 100 }),
    bytesTransferred: fc.nat(),
    bytesPerSecond: fc.nat(),
    layersDone: count,
    layersNeeded: count,
  },
);

const bound: fc.Arbitrary<Bound> = fc.oneof(
  fc.record({ kind: fc.constant('at' as const), at: instant }),
  fc.record({ kind: fc.constant('never-within' as const), days: count }),
  fc.record({ kind: fc.constant('open' as const) }),
);

const plainFields = fc
  .dictionary(
    fc.stringMatching(/^[A-Za-z]{1,8}$/),
    fc.oneof(text, fc.boolean(), fc.integer(), fc.constant(0.5)),
    { maxKeys: 3, noNullPrototype: true },
  )
  .map((fields) =>
    Object.fromEntries(Object.entries(fields).filter(([key]) => !['at', 'kind', 'text'].includes(key))),
  );

const gate: fc.Arbitrary<ExplainedGate> = record(
  {
    gate: word,
    class: fc.constantFrom(...GATE_CLASSES),
    verdict: fc.constantFrom(...GATE_VERDICTS),
    label: word,
    reason: text,
  },
  {
    evidence: plainFields,
    earliestAt: instant,
    latestAt: instant,
    endsAt: instant,
    binds: fc.constant(true as const),
    asOfAt: instant,
  },
);

const hold: fc.Arbitrary<Hold> = record(
  {
    id: word,
    what: fc.constantFrom(...HOLDABLE),
    by: fc.record({ uid: count }),
    reason: text,
    sinceAt: instant,
  },
  { untilAt: instant },
);

const denied: fc.Arbitrary<DeniedRelease> = record(
  { release: text, reason: word, text },
  { file: text, by: fc.record({ uid: count }), sinceAt: instant, untilAt: instant },
);

/** What belongs to something else is known only with it. */
export const anySnapshot: fc.Arbitrary<Snapshot> = fc
  .record({
    node: fc.record({ id: maybe(text), group: maybe(text), platform: maybe(text), stream: maybe(text) }),
    bootedSinceAt: maybe(instant),
    stagedSinceAt: maybe(instant),
    hop: maybe(fc.record({ number: count, of: count })),
    version: text,
    state: fc.constantFrom('Initialized' as const, 'UpdateStaged' as const),
    statusText: text,
    health: fc.record({
      level: fc.constantFrom(...HEALTH_LEVELS),
      cause: fc.constantFrom(...HEALTH_CAUSES),
      sinceAt: maybe(instant),
      text,
    }),
    booted: maybe(deployment({ booted: true, staged: false })),
    staged: maybe(deployment({ booted: false, staged: true })),
    target: maybe(fc.record({ version: text, payload })),
    progress: maybe(anyProgress),
    checks: fc.record({
      lastAttemptAt: maybe(instant),
      lastSuccessAt: maybe(instant),
      nextAt: maybe(instant),
    }),
    blocked: fc.array(gate, { maxLength: 3 }),
    reboot: fc.record({
      lower: bound,
      upper: bound,
      assumptions: fc.array(text, { maxLength: 3 }),
      asOfAt: maybe(instant),
    }),
    holds: fc.array(hold, { maxLength: 3 }),
    denied: fc.array(denied, { maxLength: 3 }),
    configuration: fc.record({ current: fc.boolean(), reason: text, sinceAt: maybe(instant) }),
  })
  .map((snapshot) => ({
    ...snapshot,
    bootedSinceAt: snapshot.booted && snapshot.bootedSinceAt,
    stagedSinceAt: snapshot.staged && snapshot.stagedSinceAt,
    hop: snapshot.target && snapshot.hop,
  }));

export const anyExplanation: fc.Arbitrary<Explanation> = fc.record({
  asOfAt: instant,
  release: maybe(text),
  stage: fc.constantFrom('none' as const, 'available' as const, 'staged' as const, 'finalized' as const),
  lower: bound,
  upper: bound,
  assumptions: fc.array(text, { maxLength: 3 }),
  gates: fc.array(gate, { maxLength: 3 }),
});

export const anyEntry: fc.Arbitrary<HistoryEntry> = fc.record({
  at: instant,
  kind: word,
  text,
  fields: plainFields,
});

export const anySpan: fc.Arbitrary<CalendarSpan> = record(
  {
    kind: fc.constantFrom('window' as const, 'freeze' as const, 'turn' as const),
    startAt: instant,
    text,
  },
  { endAt: instant },
);

export const anySetting: fc.Arbitrary<ShownSetting> = fc.record({
  key: text,
  value: text,
  file: text,
  masked: fc.array(text, { maxLength: 3 }),
});

export const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  record({ kind: fc.constant('done' as const), text, changed: fc.boolean() }, { hold: text, release: text }),
  record(
    { kind: fc.constant('refused' as const), error: fc.constantFrom(...REQUEST_ERRORS), text },
    { gates: fc.array(text, { maxLength: 3 }) },
  ),
);
