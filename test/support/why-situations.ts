/** What `zincati why` has to tell: nodes in trouble, explained by the real gates, and sent as the agent sends it. */
import type { Override } from '../../src/agent/overrides.ts';
import type { ExplainedReport, Session } from '../../src/agent/ports.ts';
import type { Hold } from '../../src/agent/requests.ts';
import type { Policy } from '../../src/agent/state.ts';
import { showDate, showDistance, showInstant } from '../../src/calendar/luxon-zone.ts';
import { UTC, type ZoneRules } from '../../src/calendar/zone-rules.ts';
import type { ExplanationFacts } from '../../src/cli/agent-facts.ts';
import { explanationFacts } from '../../src/cli/decode-agent.ts';
import { readFragment } from '../../src/config/fragment.ts';
import { mergeFragments } from '../../src/config/merge.ts';
import { resolveSettings } from '../../src/config/resolve-settings.ts';
import { parseToml } from '../../src/config/toml.ts';
import { judgeBootComplete } from '../../src/gates/boot-complete.ts';
import { judgeFreeSpace } from '../../src/gates/free-space.ts';
import { explained } from '../../src/gates/gate.ts';
import { HOLD } from '../../src/gates/hold.ts';
import { judgeInhibitors } from '../../src/gates/inhibitors.ts';
import { OBSERVED, OPEN, SHUT } from '../../src/gates/timing.ts';
import { judgeUptime, timeUptime } from '../../src/gates/uptime.ts';
import { unknown } from '../../src/gates/verdict.ts';
import { encodeExplanation } from '../../src/service/encode.ts';
import { judgeImmediate } from '../../src/strategies/immediate.ts';
import { judgeManual } from '../../src/strategies/manual.ts';
import { judgeMarker, timeMarker } from '../../src/strategies/marker.ts';
import { PeriodicSchedule } from '../../src/strategies/periodic-schedule.ts';
import { explainPeriodic } from '../../src/strategies/periodic.ts';
import { DAY_MS, HOUR_MS } from '../../src/text/units.ts';
import { explain } from '../../src/why/explain.ts';
import { blocking, checkResult, deployment, POLICY, release } from './samples.ts';
import { KindError, SimulatedNode, type World } from './simulated-node.ts';

const CALM: Policy = { ...POLICY, jitter: false };
const LENDING: Policy = {
  ...CALM,
  hasLenders: true,
  slotPlaces: [{ lender: 'fleet_lock', address: 'https://lock', group: 'g', id: 'n' }],
};
/** Wed 25 Nov 2026 16:44:30 in Berlin. */
export const AT = Date.parse('2026-11-25T15:44:30Z');
const WINDOW = 'days = ["Sat"]\nstart_time = "02:00"\nlength_minutes = 120\n';
const FOUND = checkResult({ kind: 'update', release: release('44.20260707.3.1', 2) });

/** A gate, once the instant of the question is known. */
type Asked = (question: {
  readonly at: number;
  readonly holds: readonly Hold[];
  readonly overrides: readonly Override[];
}) => ExplainedReport | Promise<ExplainedReport>;

export interface Situation {
  readonly world?: Partial<World>;
  readonly gates?: readonly Asked[];
  readonly sessions?: readonly Session[];
  readonly overrides?: readonly Override[];
  readonly holds?: readonly Hold[];
  /** Where the node is to be. Left out: it has something staged, and rests. */
  readonly until?: (node: SimulatedNode) => boolean;
}

const periodic =
  (zoneOf: (name: string) => ZoneRules, text: string, uuid = '27e3ac02af3946af995c9940e18b0cce'): Asked =>
  ({ at, overrides }) => {
    const fragment = readFragment(parseToml(Buffer.from(text), 'x.toml'), 'x.toml');
    const { settings } = resolveSettings(mergeFragments([fragment]));
    const schedule = new PeriodicSchedule({
      settings: settings.updates.periodic,
      nodeUuid: uuid,
      zoneOf,
      text: { showInstant, showDate, showDistance },
    });
    return explainPeriodic(schedule, { at, overrides, booted: undefined, staged: undefined });
  };
const inUtc = (text: string): Asked => periodic(() => UTC, text);

const asked =
  (judge: (question: { readonly at: number }) => ExplainedReport['report'], timing = OBSERVED): Asked =>
  ({ at, overrides }) =>
    explained(judge({ at }), timing, { at, overrides, booted: undefined, staged: undefined });
const hold: Asked = (question) =>
  HOLD.explain({ ...question, booted: undefined, staged: undefined }, AbortSignal.timeout(10_000));
const question = (at: number) => ({ at, booted: undefined, staged: deployment('44.20260707.3.1') });

const immediate = asked(judgeImmediate, OPEN);
const booted = asked(() => judgeBootComplete({ system: 'running', bootComplete: 'active' }));
const calm = asked(() => judgeInhibitors([]));
const roomy = asked(({ at }) =>
  judgeFreeSpace({ freeBytes: 112e6, neededBytes: 39e6, reclaimableBytes: 0 }, question(at)),
);
const usual = [hold, booted, calm, roomy];
const hours = { minUptimeMs: 6 * HOUR_MS, firstBootGraceMs: 0 };
const young = { uptimeMs: HOUR_MS, firstBoot: false };
const held = (more: Partial<Hold> = {}): Hold => ({
  id: 'h1',
  what: 'reboot',
  by: { uid: 0 },
  reason: 'release week',
  sinceAt: AT,
  ...more,
});
const marker = '/etc/zincati/reboot';

/** 44 is staged by an agent before the present one, and no check has named it since. */
function afterRestart(): Situation {
  let isBefore = true;
  return {
    world: {
      check: () => (isBefore ? FOUND : new KindError('client_failed_request')),
      survey: () => blocking('x'),
    },
    gates: [inUtc(`[[updates.periodic.window]]\n${WINDOW}`), ...usual],
    until: (node) => {
      const { state } = node.model;
      if (isBefore && state.name === 'UpdateStaged' && state.step === 'rest') {
        isBefore = false;
        node.restart();
        return false;
      }
      const isThere = !isBefore && state.name === 'NoNewUpdate' && state.step === 'rest';
      // The same situation is explained more than once.
      isBefore ||= isThere;
      return isThere;
    },
  };
}

export const SITUATIONS: Readonly<Record<string, Situation>> = {
  'it waits for its window': { gates: [inUtc(`[[updates.periodic.window]]\n${WINDOW}`), ...usual] },
  'the agent was restarted, and the update server does not answer': afterRestart(),
  'its turn in the window comes later': {
    gates: [
      inUtc(`[updates.periodic]\nsplay_minutes = 60\n[[updates.periodic.window]]\n${WINDOW}`),
      ...usual,
    ],
  },
  'windows are frozen': {
    gates: [
      inUtc(
        `[[updates.periodic.window]]\n${WINDOW}[[updates.periodic.freeze]]\nfrom = 2026-11-20\nuntil = 2026-12-01\nreason = "year end"\n`,
      ),
      ...usual,
    ],
  },
  'a person holds it beyond the window': {
    gates: [inUtc(`[[updates.periodic.window]]\n${WINDOW}`), ...usual],
    holds: [held({ untilAt: AT + 4 * DAY_MS, by: { uid: 1000 } })],
  },
  'two people hold it without end': {
    gates: [immediate, ...usual],
    holds: [held(), held({ id: 'h2', by: { uid: 4711 }, reason: '' })],
  },
  'somebody is logged in': { gates: [immediate, ...usual], sessions: [{ user: 'core', tty: 'pts/0' }] },
  'a program inhibits a shutdown': {
    gates: [
      immediate,
      hold,
      booted,
      asked(() => judgeInhibitors([{ what: 'shutdown', who: 'backup', why: 'nightly run', mode: 'block' }])),
      roomy,
    ],
  },
  'there is no room on /boot, and its window is closed': {
    gates: [
      inUtc(`[[updates.periodic.window]]\n${WINDOW}`),
      hold,
      booted,
      calm,
      asked(({ at }) =>
        judgeFreeSpace({ freeBytes: 12e6, neededBytes: 150e6, reclaimableBytes: 20e6 }, question(at)),
      ),
    ],
  },
  'this boot is not complete': {
    gates: [
      immediate,
      hold,
      asked(() => judgeBootComplete({ system: 'starting', bootComplete: 'inactive' })),
    ],
  },
  'it is up for too short a time': {
    gates: [
      immediate,
      ({ at, overrides }) => {
        const of = { ...question(at), overrides };
        return explained(judgeUptime(young, of, hours), timeUptime(young, of, hours), of);
      },
      ...usual,
    ],
  },
  'the permission file is not there': {
    gates: [
      asked(({ at }) => judgeMarker({ kind: 'missing' }, question(at), { path: marker, ownerUid: 0 })),
      ...usual,
    ],
  },
  'the permission file has expired': {
    gates: [
      ({ at, overrides }) => {
        const bytes = Buffer.from('not_after = 2026-11-25T12:00:00Z\n');
        const file = { kind: 'file', uid: 0, mode: 0o644, links: 1, bytes } as const;
        const report = judgeMarker(file, question(at), { path: marker, ownerUid: 0 });
        return explained(report, timeMarker(report), { ...question(at), overrides });
      },
      ...usual,
    ],
  },
  'it reboots only by hand': { gates: [asked(judgeManual, SHUT), ...usual] },
  'a lock server has to be asked': { world: { policy: LENDING }, gates: [hold, booted, calm, roomy] },
  'a lock server refused': {
    world: {
      policy: LENDING,
      acquire: () => ({ kind: 'refused', reason: 'all slots are taken', label: 'fleet_lock' }),
      survey: () => [],
    },
    gates: [hold, booted, calm, roomy],
  },
  'a gate cannot tell': {
    gates: [
      immediate,
      ({ at, overrides }) =>
        explained(unknown('inhibitors', 'bus_call_timeout', 'logind does not answer'), OBSERVED, {
          ...question(at),
          overrides,
        }),
    ],
  },
  'everything is overridden': {
    gates: [inUtc(`[[updates.periodic.window]]\n${WINDOW}`), ...usual],
    overrides: ['window', 'hold'],
    holds: [held()],
  },
  'nothing is offered': {
    world: { check: () => checkResult({ kind: 'no-update' }) },
    gates: [inUtc(`[[updates.periodic.window]]\n${WINDOW}`), ...usual],
    until: ({ model }) => model.state.name === 'NoNewUpdate' && !model.memory.steady.owed,
  },
  'it does not get staged': {
    world: { stageFault: () => new KindError('rpm_ostree_failed') },
    gates: [immediate, ...usual],
    until: ({ model }) => model.state.name === 'UpdateAvailable' && model.state.step === 'rest',
  },
  'updates are disabled': {
    world: { policy: { ...CALM, enabled: false } },
    gates: [immediate, ...usual],
    until: ({ stateName }) => stateName === 'EndState',
  },
  'it is about to look': { gates: [immediate, ...usual] },
  'the reboot is under way': {
    world: { survey: () => [] },
    until: ({ stateName }) => stateName === 'UpdateFinalized',
  },
};

export async function explainSituation(situation: Situation): Promise<{
  readonly facts: ExplanationFacts;
  readonly now: number;
}> {
  const { world = {}, gates = [], sessions = [], overrides = [], holds = [], until } = situation;
  const node = new SimulatedNode(
    { policy: CALM, check: () => FOUND, survey: () => blocking('x'), ...world },
    [deployment('43.20260413.3.2', { booted: true })],
    AT,
  );
  node.runUntil(until ?? (({ model }) => model.state.name === 'UpdateStaged' && model.state.step === 'rest'));
  const reports: ExplainedReport[] = [];
  for (const gate of gates) {
    reports.push(await gate({ at: node.at, holds, overrides }));
  }
  const explanation = explain(node.model, node.policy, reports, node, {
    overrides,
    holds,
    company: { sessions },
  });
  return { facts: explanationFacts(encodeExplanation(explanation)), now: node.at };
}
