/** Findings about the metadata of releases: what servers and agents make of barriers, dead-ends and rollouts. Pure. */
import { nearestKey } from '../../config/nearest-key.ts';
import type { Placed } from '../../text/json-places.ts';
import { printable } from '../../text/printable.ts';
import { HOUR_MS, SECOND_MS } from '../../text/units.ts';
import { readRollout, throttle } from '../policy/rollout.ts';
import { type Findings, itemAt, type Located, memberAt, pathOfMember } from './finding.ts';
import { KEYS, type NodeTexts, type ReadGraph } from './read-graph.ts';

const KNOWN: readonly string[] = Object.values(KEYS);
const OWN_PREFIX = 'org.fedoraproject.coreos.';
/** Servers add what they know of architectures. */
const OTHERS = /^org\.fedoraproject\.coreos\.releases\.arch/;
const ROLLOUT_KEYS = [KEYS.startEpoch, KEYS.startValue, KEYS.durationMinutes];
/** Later instants are mistakes, mostly milliseconds in place of seconds. */
const LATEST_EPOCH = 4_102_444_800;

export function checkMetadata(findings: Findings, root: Placed, read: ReadGraph, nowAt: number): void {
  const list = memberAt({ place: root, path: '' }, 'nodes');
  for (const [index, texts] of read.metadata.entries()) {
    const at = memberAt(itemAt(list, index), 'metadata');
    reportKeys(findings, at);
    reportFlag(findings, at, texts, KEYS.deadend, KEYS.deadendReason, 'it is no dead-end then');
    reportFlag(findings, at, texts, KEYS.barrier, KEYS.barrierReason, 'it counts as a barrier all the same');
    reportRollout(findings, at, texts, nowAt);
  }
}

function reportKeys(findings: Findings, at: Located): void {
  if (at.place?.kind !== 'object') {
    return;
  }
  for (const { key, keyAt, value } of at.place.members) {
    const path = pathOfMember(at.path, key);
    if (value.kind !== 'scalar' || typeof value.value !== 'string') {
      findings.error(
        'metadata-type',
        { place: value, path },
        `metadata must be texts, got ${value.kind === 'scalar' ? JSON.stringify(value.value) : `a ${value.kind}`}: Zincati and the policy engine refuse the whole graph`,
      );
    }
    if (!KNOWN.includes(key) && !OTHERS.test(key)) {
      const nearest = nearestKey(key, KNOWN);
      const isOurs = key.startsWith(OWN_PREFIX);
      if (isOurs || nearest !== undefined) {
        const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
        findings.addAt(
          'warning',
          'unknown-key',
          keyAt,
          path,
          `nobody reads the key ${printable(key)}${hint}`,
        );
      }
    }
  }
}

function reportFlag(
  findings: Findings,
  at: Located,
  texts: NodeTexts,
  flag: string,
  reason: string,
  otherwise: string,
): void {
  const set = texts.get(flag);
  if (set !== undefined && set !== 'true') {
    findings.warn(
      'odd-flag',
      memberAt(at, flag),
      `it should be "true" or not there, got ${printable(JSON.stringify(set))}: ${otherwise}`,
    );
  }
  if (set === undefined && texts.has(reason)) {
    findings.warn('reason-alone', memberAt(at, reason), `it says nothing without ${flag}`);
  }
  if (set === 'true' && (texts.get(reason) ?? '').trim() === '') {
    findings.warn('no-reason', memberAt(at, flag), `people should be told why: ${reason} is missing`);
  }
}

function reportRollout(findings: Findings, at: Located, texts: NodeTexts, nowAt: number): void {
  const flag = texts.get(KEYS.rollout);
  if (flag === undefined) {
    for (const key of ROLLOUT_KEYS.filter((name) => texts.has(name))) {
      findings.warn('rollout-alone', memberAt(at, key), `it says nothing without ${KEYS.rollout}`);
    }
    return;
  }
  if (flag !== 'true') {
    findings.warn(
      'odd-flag',
      memberAt(at, KEYS.rollout),
      `it should be "true" or not there, got ${printable(JSON.stringify(flag))}: it is a rollout all the same`,
    );
  }
  const written = {
    startEpoch: texts.get(KEYS.startEpoch),
    startValue: texts.get(KEYS.startValue),
    durationMinutes: texts.get(KEYS.durationMinutes),
  };
  const rollout = readRollout(written);
  const wanted = {
    startEpoch: 'whole seconds since 1970',
    startValue: 'a number',
    durationMinutes: 'whole minutes',
  };
  for (const name of ['startEpoch', 'startValue', 'durationMinutes'] as const) {
    if (written[name] !== undefined && rollout[name] === undefined) {
      findings.error(
        'rollout-unread',
        memberAt(at, KEYS[name]),
        `it must be ${wanted[name]}, got ${printable(JSON.stringify(written[name]))}: servers go on as if it was not there`,
      );
    }
  }
  const { startEpoch = 0, startValue = 0, durationMinutes } = rollout;
  if (!(startValue >= 0 && startValue <= 1)) {
    findings.warn(
      'rollout-range',
      memberAt(at, KEYS.startValue),
      `it should be from 0 to 1, got ${startValue}`,
    );
  }
  if (startEpoch < 0 || startEpoch > LATEST_EPOCH) {
    findings.warn(
      'rollout-range',
      memberAt(at, KEYS.startEpoch),
      `it should be seconds since 1970, got ${startEpoch}, which is ${startEpoch < 0 ? 'before' : 'beyond the year 2100'}`,
    );
  }
  if (durationMinutes === 0) {
    findings.warn(
      'rollout-range',
      memberAt(at, KEYS.durationMinutes),
      'it should be 1 at least, got 0, which counts as 1',
    );
  }
  if (durationMinutes === undefined && startEpoch * SECOND_MS <= nowAt && startValue < 1) {
    const share = throttle(rollout, nowAt);
    findings.warn(
      'rollout-paused',
      memberAt(at, KEYS.rollout),
      `without ${KEYS.durationMinutes} it makes no progress: ${share <= 0 ? 'no node that leaves the time to the server gets it' : `it stays at ${share}`}`,
    );
  }
  if (startEpoch * SECOND_MS - nowAt > 366 * 24 * HOUR_MS && startEpoch <= LATEST_EPOCH) {
    findings.warn('rollout-range', memberAt(at, KEYS.startEpoch), 'it begins in more than a year');
  }
}
