/**
 * What src/service/encode.ts writes, read strictly, so that a test notices a key that is lost. docs/dbus.md lists every
 * key. Pure.
 *
 * Invariants:
 * - Unknown keys are ignored.
 * - What cannot be read throws BusError `bus_malformed_message`.
 */
import { HEALTH_LEVELS, type HealthLevel } from '../../../src/agent/health.ts';
import { GATE_VERDICTS, type Deployment, type Progress } from '../../../src/agent/ports.ts';
import { SCHEMES, type Payload, type Release } from '../../../src/agent/release.ts';
import { HOLDABLE, type Hold } from '../../../src/agent/requests.ts';
import type { BusValue } from '../../../src/dbus/types.ts';
import { BusError } from '../../../src/errors.ts';
import { GATE_CLASSES, type Bound, type ExplainedGate } from '../../../src/why/explanation.ts';
import type { DeniedRelease, Snapshot } from '../../../src/service/agent-port.ts';
import { Fields, known, listOf } from './fields.ts';

/** A snapshot as a client has it. A newer agent may have words for states and causes that are not known here. */
export interface ToldSnapshot extends Omit<Snapshot, 'state' | 'health'> {
  readonly state: string;
  readonly health: {
    readonly level: HealthLevel;
    readonly cause: string;
    readonly sinceAt: number | undefined;
    readonly text: string;
  };
}

const BOUNDS = ['at', 'never-within', 'open'] as const satisfies Bound['kind'][];

/** `properties`: as `getAllProperties` gives them. */
export function decodeSnapshot(properties: ReadonlyMap<string, BusValue>): ToldSnapshot {
  const of = (name: string): Fields => new Fields(properties.get(name), name);
  const node = of('Node');
  const health = of('Health');
  const checks = of('Checks');
  const reboot = of('Reboot');
  const configuration = of('Configuration');
  return {
    version: textOf(properties, 'Version'),
    state: textOf(properties, 'State'),
    statusText: textOf(properties, 'StatusText'),
    health: {
      level: health.word('level', HEALTH_LEVELS),
      cause: health.text('cause'),
      sinceAt: health.maybeInstant('since'),
      text: health.text('text'),
    },
    node: {
      id: node.maybeText('id'),
      group: node.maybeText('group'),
      platform: node.maybeText('platform'),
      stream: node.maybeText('stream'),
    },
    booted: decodeDeployment(of('Booted'), { booted: true, staged: false }),
    bootedSinceAt: of('Booted').maybeInstant('since'),
    staged: decodeDeployment(of('Staged'), { booted: false, staged: true }),
    stagedSinceAt: of('Staged').maybeInstant('since'),
    target: decodeTarget(of('Target')),
    hop: decodeHop(of('Target')),
    progress: decodeProgress(of('Progress')),
    checks: {
      lastAttemptAt: checks.maybeInstant('last-attempt'),
      lastSuccessAt: checks.maybeInstant('last-success'),
      nextAt: checks.maybeInstant('next'),
    },
    blocked: listOf(properties.get('Blocked'), 'Blocked').map(decodeGate),
    reboot: {
      lower: decodeBound(reboot.fields('lower')),
      upper: decodeBound(reboot.fields('upper')),
      assumptions: reboot.texts('assumptions'),
      asOfAt: reboot.maybeInstant('as-of'),
    },
    holds: listOf(properties.get('Holds'), 'Holds').map(decodeHold),
    denied: listOf(properties.get('Denied'), 'Denied').map(decodeDenied),
    configuration: {
      current: configuration.flag('current'),
      reason: configuration.text('reason'),
      sinceAt: configuration.maybeInstant('since'),
    },
  };
}

export function textOf(properties: ReadonlyMap<string, BusValue>, name: string): string {
  const value = properties.get(name);
  if (typeof value !== 'string') {
    throw new BusError('bus_malformed_message', `cannot read ${name} of the agent: it must be a text`);
  }
  return value;
}

function decodeDeployment(
  fields: Fields,
  place: { readonly booted: boolean; readonly staged: boolean },
): Deployment | undefined {
  return fields.isEmpty
    ? undefined
    : {
        id: fields.text('id'),
        version: fields.text('version'),
        payload: decodePayload(fields),
        baseChecksum: fields.text('base-checksum'),
        stream: fields.maybeText('stream'),
        ...place,
        finalizationLocked: fields.maybeFlag('locked'),
        imageReference: fields.maybeText('image'),
        layeredPackages: fields.texts('layered'),
      };
}

function decodePayload(fields: Fields): Payload | undefined {
  const value = fields.maybeText('payload');
  return value === undefined ? undefined : { scheme: fields.word('scheme', SCHEMES), value };
}

function decodeTarget(fields: Fields): Release | undefined {
  return fields.isEmpty
    ? undefined
    : {
        version: fields.text('version'),
        payload: { scheme: fields.word('scheme', SCHEMES), value: fields.text('payload') },
      };
}

function decodeHop(fields: Fields): ToldSnapshot['hop'] {
  const [number, of] = [fields.maybeCount('hop'), fields.maybeCount('hops')];
  return number === undefined || of === undefined ? undefined : { number, of };
}

/** Undefined for an empty dictionary: nothing is being staged. */
export function decodeProgress(fields: Fields): Progress | undefined {
  if (fields.isEmpty) {
    return undefined;
  }
  const fraction = fields.maybeReal('fraction');
  const quiet = fields.maybeSize('quiet');
  return {
    text: fields.text('text'),
    ...known({
      percent: fraction === undefined ? undefined : Math.round(fraction * 10_000) / 100,
      bytesTransferred: fields.maybeSize('bytes-done'),
      bytesTotal: fields.maybeSize('bytes-total'),
      bytesPerSecond: fields.maybeSize('rate'),
      quietMs: quiet === undefined ? undefined : quiet * 1000,
      layersDone: fields.maybeCount('layers-done'),
      layersNeeded: fields.maybeCount('layers-total'),
    }),
  };
}

export function decodeGate(fields: Fields): ExplainedGate {
  return {
    gate: fields.text('gate'),
    label: fields.text('label'),
    reason: fields.text('reason'),
    class: fields.word('class', GATE_CLASSES),
    verdict: fields.word('verdict', GATE_VERDICTS),
    ...known({
      evidence: fields.maybeFields('evidence')?.plain(),
      earliestAt: fields.maybeInstant('earliest'),
      latestAt: fields.maybeInstant('latest'),
      endsAt: fields.maybeInstant('ends'),
      binds: fields.maybeFlag('binds') === true ? (true as const) : undefined,
      asOfAt: fields.maybeInstant('as-of'),
    }),
  };
}

export function decodeBound(fields: Fields): Bound {
  const kind = fields.word('kind', BOUNDS);
  switch (kind) {
    case 'at':
      return { kind, at: fields.instant('at') };
    case 'never-within':
      return { kind, days: fields.count('days') };
    case 'open':
      return { kind };
  }
}

function decodeHold(fields: Fields): Hold {
  return {
    id: fields.text('id'),
    what: fields.word('what', HOLDABLE),
    by: { uid: fields.count('uid') },
    reason: fields.text('reason'),
    sinceAt: fields.instant('since'),
    ...known({ untilAt: fields.maybeInstant('until') }),
  };
}

function decodeDenied(fields: Fields): DeniedRelease {
  const uid = fields.maybeCount('uid');
  return {
    release: fields.text('release'),
    reason: fields.text('reason'),
    text: fields.text('text'),
    ...known({
      file: fields.maybeText('file'),
      by: uid === undefined ? undefined : { uid },
      sinceAt: fields.maybeInstant('since'),
      untilAt: fields.maybeInstant('until'),
    }),
  };
}
