/**
 * From what the agent sends over D-Bus to what commands use; docs/dbus.md has the wire's side. Pure.
 *
 * Invariant: nothing that an agent sends makes it throw. What cannot be read is not known.
 */
import type { BusValue } from '../dbus/types.ts';
import type {
  AgentFacts,
  BoundFacts,
  DenialFacts,
  DeploymentFacts,
  ExplanationFacts,
  GateFacts,
  HappenedFacts,
  HoldFacts,
  ProgressFacts,
  RebootFacts,
  ReleaseFacts,
  ResultFacts,
  SettingFacts,
  SpanFacts,
} from './agent-facts.ts';
import { SECOND_MS } from '../text/units.ts';
import { Dictionary } from './dictionary.ts';

/** `properties`: of Agent1, by name. */
export function agentFacts(properties: BusValue): AgentFacts {
  const all = Dictionary.of(properties);
  const health = all.dictionary('Health');
  const node = all.dictionary('Node');
  const checks = all.dictionary('Checks');
  const configuration = all.dictionary('Configuration');
  const reboot = all.dictionary('Reboot');
  const permissions = all.dictionary('Permissions');
  return {
    version: filled(all.text('Version')),
    state: all.text('State') ?? '',
    statusText: filled(all.text('StatusText')),
    health: {
      level: health.text('level') ?? 'OK',
      cause: filled(health.text('cause')),
      sinceAt: health.instant('since'),
      text: filled(health.text('text')),
    },
    node: {
      id: filled(node.text('id')),
      group: filled(node.text('group')),
      platform: filled(node.text('platform')),
      stream: filled(node.text('stream')),
    },
    booted: deployment(all.dictionary('Booted')),
    staged: deployment(all.dictionary('Staged')),
    target: target(all.dictionary('Target')),
    progress: progressFacts(all.dictionary('Progress')),
    checks: {
      lastAttemptAt: checks.instant('last-attempt'),
      lastSuccessAt: checks.instant('last-success'),
      nextAt: checks.instant('next'),
    },
    blocked: all.dictionaries('Blocked').map(gate),
    reboot: bounds(reboot),
    holds: all.dictionaries('Holds').map(hold),
    denied: all.dictionaries('Denied').map(denial),
    configuration: {
      current: configuration.flag('current') ?? true,
      reason: filled(configuration.text('reason')),
      sinceAt: configuration.instant('since'),
    },
    permissions: {
      polkit: filled(permissions.text('polkit')),
      missing: permissions.texts('missing'),
      text: filled(permissions.text('text')),
    },
  };
}

/** `value`: the answer of Explain. */
export function explanationFacts(value: BusValue | undefined): ExplanationFacts {
  const all = Dictionary.of(value);
  return {
    ...bounds(all),
    asOfAt: all.instant('as-of'),
    release: filled(all.text('release')),
    stage: all.text('stage') ?? 'none',
    gates: all.dictionaries('gates').map(gate),
  };
}

/** `properties`: some or all of Job1, by name. Undefined: nothing is said of it. */
export function jobProgress(properties: BusValue): ProgressFacts | undefined {
  return progressFacts(Dictionary.of(properties).dictionary('Progress'));
}

/** `value`: a job's Result, or the second argument of JobDone. */
export function resultFacts(value: BusValue | undefined): ResultFacts {
  const all = Dictionary.of(value);
  return {
    request: filled(all.text('request')),
    text: filled(all.text('text')),
    changed: all.flag('changed') ?? true,
    error: filled(all.text('error')),
    gates: all.texts('gates'),
    release: filled(all.text('release')),
    cancelled: all.dictionaries('cancelled').map((one) => ({
      request: one.text('request') ?? '?',
      uid: one.number('uid'),
      wish: filled(one.text('wish')),
    })),
  };
}

/** `value`: the answer of History. What has no instant is no entry. */
export function historyFacts(value: BusValue | undefined): readonly HappenedFacts[] {
  return Dictionary.listOf(value).flatMap((one) => happened(one) ?? []);
}

/** `value`: the answer of ShowConfiguration. */
export function settingFacts(value: BusValue | undefined): readonly SettingFacts[] {
  return Dictionary.listOf(value).flatMap((one) => {
    const key = one.text('key');
    const shown = one.text('value');
    return key === undefined || shown === undefined
      ? []
      : [{ key, value: shown, file: one.text('file') ?? '', masked: one.texts('masked') }];
  });
}

/** `value`: what Calendar answers. */
export function spanFacts(value: BusValue | undefined): readonly SpanFacts[] {
  return Dictionary.listOf(value).flatMap((one) => {
    const kind = one.text('kind');
    const startAt = one.instant('start');
    const endAt = one.instant('end');
    return kind === undefined || startAt === undefined
      ? []
      : [{ kind, startAt, ...(endAt !== undefined && { endAt }), text: one.text('text') ?? kind }];
  });
}

/** `value`: the argument of Happened. */
export function happenedFacts(value: BusValue | undefined): HappenedFacts | undefined {
  return happened(Dictionary.of(value));
}

function happened(from: Dictionary): HappenedFacts | undefined {
  const at = from.instant('at');
  if (at === undefined) {
    return undefined;
  }
  const others = Object.entries(from.plain()).filter(([key]) => !OF_EVERY_ENTRY.has(key));
  return {
    at,
    kind: from.text('kind') ?? '?',
    text: from.text('text') ?? '',
    fields: Object.fromEntries(others),
  };
}

const OF_EVERY_ENTRY: ReadonlySet<string> = new Set(['at', 'kind', 'text']);

function filled(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function deployment(from: Dictionary): DeploymentFacts | undefined {
  if (from.isEmpty) {
    return undefined;
  }
  return {
    id: filled(from.text('id')),
    version: from.text('version') ?? '?',
    payload: filled(from.text('payload')),
    stream: filled(from.text('stream')),
    baseChecksum: filled(from.text('base-checksum')),
    image: filled(from.text('image')),
    locked: from.flag('locked'),
    layered: from.texts('layered'),
    sinceAt: from.instant('since'),
  };
}

function target(from: Dictionary): ReleaseFacts | undefined {
  const version = filled(from.text('version'));
  return version === undefined
    ? undefined
    : {
        version,
        payload: filled(from.text('payload')),
        hop: from.number('hop'),
        hops: from.number('hops'),
      };
}

function progressFacts(from: Dictionary): ProgressFacts | undefined {
  if (from.isEmpty) {
    return undefined;
  }
  const fraction = from.number('fraction');
  const quiet = from.number('quiet');
  return {
    text: filled(from.text('text')),
    fraction: fraction === undefined ? undefined : Math.min(1, Math.max(0, fraction)),
    bytesDone: from.number('bytes-done'),
    bytesTotal: from.number('bytes-total'),
    quietMs: quiet === undefined || quiet === 0 ? undefined : quiet * SECOND_MS,
    rate: from.number('rate'),
    layersDone: from.number('layers-done'),
    layersTotal: from.number('layers-total'),
  };
}

function gate(from: Dictionary): GateFacts {
  return {
    gate: from.text('gate') ?? '?',
    class: filled(from.text('class')),
    verdict: from.text('verdict') ?? 'unknown',
    label: filled(from.text('label')),
    reason: filled(from.text('reason')),
    evidence: from.dictionary('evidence').plain(),
    earliestAt: from.instant('earliest'),
    latestAt: from.instant('latest'),
    endsAt: from.instant('ends'),
    binds: from.flag('binds'),
    asOfAt: from.instant('as-of'),
  };
}

function bounds(from: Dictionary): RebootFacts {
  return {
    lower: bound(from.dictionary('lower')),
    upper: bound(from.dictionary('upper')),
    assumptions: from.texts('assumptions'),
  };
}

function bound(from: Dictionary): BoundFacts {
  const at = from.instant('at');
  const days = from.number('days');
  switch (from.text('kind')) {
    case 'at':
      return at === undefined ? { kind: 'open' } : { kind: 'at', at };
    case 'never-within':
      return days === undefined ? { kind: 'open' } : { kind: 'never-within', days };
    default:
      return { kind: 'open' };
  }
}

function hold(from: Dictionary): HoldFacts {
  return {
    id: from.text('id') ?? '?',
    what: from.text('what') ?? 'reboot',
    uid: from.number('uid'),
    reason: filled(from.text('reason')),
    sinceAt: from.instant('since'),
    untilAt: from.instant('until'),
  };
}

function denial(from: Dictionary): DenialFacts {
  return {
    release: from.text('release') ?? '?',
    reason: filled(from.text('reason')),
    text: filled(from.text('text')),
    file: filled(from.text('file')),
    uid: from.number('uid'),
    sinceAt: from.instant('since'),
    untilAt: from.instant('until'),
  };
}
