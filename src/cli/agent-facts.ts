/**
 * What the agent says of itself over D-Bus, as commands use it; docs/dbus.md has the wire's side. Pure.
 *
 * Invariants:
 * - What is not known is undefined, and so is an empty text that says nothing.
 * - Words are texts, not a closed list: an agent of another version may have more.
 * - Instants are milliseconds since 1970 UTC.
 */
import type { BusValue } from '../dbus/types.ts';
import { Dictionary } from './dictionary.ts';

export interface DeploymentFacts {
  readonly id: string | undefined;
  readonly version: string;
  readonly payload: string | undefined;
  readonly stream: string | undefined;
  readonly baseChecksum: string | undefined;
  readonly image: string | undefined;
  readonly locked: boolean | undefined;
  readonly layered: readonly string[];
}

export interface ReleaseFacts {
  readonly version: string;
  readonly payload: string | undefined;
}

export interface ProgressFacts {
  readonly text: string | undefined;
  /** From 0 to 1. */
  readonly fraction: number | undefined;
  readonly bytesDone: number | undefined;
  /** Bytes a second. */
  readonly rate: number | undefined;
  readonly layersDone: number | undefined;
  readonly layersTotal: number | undefined;
}

export interface GateFacts {
  readonly gate: string;
  readonly class: string | undefined;
  /** `pass`, `block`, `unknown`. */
  readonly verdict: string;
  readonly label: string | undefined;
  readonly reason: string | undefined;
  readonly evidence: Readonly<Record<string, string | number | boolean>>;
  readonly earliestAt: number | undefined;
  readonly latestAt: number | undefined;
  readonly asOfAt: number | undefined;
}

export type BoundFacts =
  | { readonly kind: 'at'; readonly at: number }
  | { readonly kind: 'never-within'; readonly days: number }
  | { readonly kind: 'open' };

export interface HoldFacts {
  readonly id: string;
  readonly what: string;
  readonly uid: number | undefined;
  readonly reason: string | undefined;
  readonly sinceAt: number | undefined;
  readonly untilAt: number | undefined;
}

export interface DenialFacts {
  readonly release: string;
  readonly reason: string | undefined;
  readonly text: string | undefined;
  readonly file: string | undefined;
  readonly uid: number | undefined;
  readonly sinceAt: number | undefined;
  readonly untilAt: number | undefined;
}

export interface RebootFacts {
  readonly lower: BoundFacts;
  readonly upper: BoundFacts;
  readonly assumptions: readonly string[];
}

export interface AgentFacts {
  readonly version: string | undefined;
  readonly state: string;
  readonly statusText: string | undefined;
  readonly health: {
    /** `OK`, `DEGRADED`, `STUCK`. */
    readonly level: string;
    readonly cause: string | undefined;
    readonly sinceAt: number | undefined;
    readonly text: string | undefined;
  };
  readonly booted: DeploymentFacts | undefined;
  readonly staged: DeploymentFacts | undefined;
  readonly target: ReleaseFacts | undefined;
  readonly progress: ProgressFacts | undefined;
  readonly checks: {
    readonly lastAttemptAt: number | undefined;
    readonly lastSuccessAt: number | undefined;
    readonly nextAt: number | undefined;
  };
  readonly blocked: readonly GateFacts[];
  readonly reboot: RebootFacts;
  readonly holds: readonly HoldFacts[];
  readonly denied: readonly DenialFacts[];
  readonly configuration: {
    readonly current: boolean;
    readonly reason: string | undefined;
    readonly sinceAt: number | undefined;
  };
}

export interface ExplanationFacts extends RebootFacts {
  readonly asOfAt: number | undefined;
  readonly release: string | undefined;
  /** `none`, `available`, `staged`, `finalized`. */
  readonly stage: string;
  readonly gates: readonly GateFacts[];
}

export interface JobFacts {
  /** `waiting`, `running`, `done`, `failed`. */
  readonly state: string;
  readonly progress: ProgressFacts | undefined;
  readonly result: ResultFacts;
}

export interface ResultFacts {
  readonly request: string | undefined;
  readonly text: string | undefined;
  readonly changed: boolean;
  /** Last part of the error's name; undefined: it went well. */
  readonly error: string | undefined;
  readonly gates: readonly string[];
  readonly release: string | undefined;
}

/** `properties`: of Agent1, by name. */
export function agentFacts(properties: ReadonlyMap<string, BusValue>): AgentFacts {
  const all = Dictionary.of(properties);
  const health = all.dictionary('Health');
  const checks = all.dictionary('Checks');
  const configuration = all.dictionary('Configuration');
  const reboot = all.dictionary('Reboot');
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

/** `properties`: of Job1, by name. */
export function jobFacts(properties: ReadonlyMap<string, BusValue>): JobFacts {
  const all = Dictionary.of(properties);
  return {
    state: all.text('State') ?? 'running',
    progress: progressFacts(all.dictionary('Progress')),
    result: resultFacts(properties.get('Result')),
  };
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
  };
}

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
  };
}

function target(from: Dictionary): ReleaseFacts | undefined {
  const version = filled(from.text('version'));
  return version === undefined ? undefined : { version, payload: filled(from.text('payload')) };
}

function progressFacts(from: Dictionary): ProgressFacts | undefined {
  if (from.isEmpty) {
    return undefined;
  }
  const fraction = from.number('fraction');
  return {
    text: filled(from.text('text')),
    fraction: fraction === undefined ? undefined : Math.min(1, Math.max(0, fraction)),
    bytesDone: from.number('bytes-done'),
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
