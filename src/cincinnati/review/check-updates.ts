/**
 * Findings about `updates/STREAM.json`, which Fedora CoreOS's graph builder makes barriers, dead-ends and rollouts of. Pure.
 *
 * What it takes: coreos/fedora-coreos-cincinnati 95388bd, commons/src/metadata.rs.
 */
import { nearestKey } from '../../config/nearest-key.ts';
import { memberOf, type Placed } from '../../text/json-places.ts';
import { printable } from '../../text/printable.ts';
import { type Findings, itemAt, type Located, memberAt, pathOfMember } from './finding.ts';

type Test = (value: unknown) => boolean;
type Fields = Readonly<
  Record<string, { readonly form: string; readonly test: Test; readonly needed?: true }>
>;

const TEXT: Test = (value) => typeof value === 'string';
const WHOLE: Test = (value) => Number.isSafeInteger(value);

const PARTS: Readonly<Record<string, Fields>> = {
  barrier: { reason: { form: 'a text', test: TEXT, needed: true } },
  deadend: { reason: { form: 'a text', test: TEXT, needed: true } },
  rollout: {
    start_epoch: { form: 'whole seconds since 1970', test: WHOLE },
    start_percentage: {
      form: 'a number from 0 to 1',
      test: (value) => typeof value === 'number' && value >= 0 && value <= 1,
    },
    duration_minutes: {
      form: 'whole minutes, 1 at least',
      test: (value) => WHOLE(value) && Number(value) >= 1,
    },
  },
};

/** How many releases it has. */
export function checkUpdates(findings: Findings, root: Placed): number {
  const file: Located = { place: root, path: '' };
  checkText(findings, file, 'stream');
  reportUnknown(findings, file, ['stream', 'metadata', 'releases']);
  const list = memberAt(file, 'releases');
  if (list.place?.kind !== 'list') {
    findings.error('updates-form', list, 'releases must be a list');
    return 0;
  }
  const firsts = new Map<string, number>();
  for (const index of list.place.items.keys()) {
    const at = itemAt(list, index);
    const version = checkText(findings, at, 'version');
    const first = firsts.get(version ?? '');
    if (version !== undefined && first !== undefined) {
      findings.error(
        'repeated-version',
        memberAt(at, 'version'),
        `every version must be there once, got ${printable(version)} as releases[${first}] as well: both apply, and the later one wins`,
      );
    }
    firsts.set(version ?? '', first ?? index);
    reportUnknown(findings, at, ['version', 'metadata']);
    if (memberOf(at.place, 'metadata')?.value.kind === 'object') {
      checkParts(findings, memberAt(at, 'metadata'));
    } else {
      findings.error('updates-form', memberAt(at, 'metadata'), 'metadata must be an object');
    }
  }
  return list.place.items.length;
}

function checkParts(findings: Findings, at: Located): void {
  const members = at.place?.kind === 'object' ? at.place.members : [];
  reportUnknown(findings, at, Object.keys(PARTS));
  if (members.every(({ key }) => !Object.hasOwn(PARTS, key))) {
    findings.warn(
      'says-nothing',
      at,
      'a release should have a barrier, a deadend or a rollout here, got none of them',
    );
  }
  for (const { key, value } of members) {
    const fields = Object.hasOwn(PARTS, key) ? PARTS[key] : undefined;
    const isNull = value.kind === 'scalar' && value.value === null;
    if (fields === undefined || isNull) {
      continue;
    }
    const part = memberAt(at, key);
    if (value.kind !== 'object') {
      findings.error('updates-form', part, `${key} must be an object`);
      continue;
    }
    reportUnknown(findings, part, Object.keys(fields));
    for (const [name, { form, test, needed }] of Object.entries(fields)) {
      const found = memberOf(value, name)?.value;
      const isLeftOut = found === undefined || (found.kind === 'scalar' && found.value === null);
      if (isLeftOut ? needed : !(found.kind === 'scalar' && test(found.value))) {
        findings.error(
          'updates-form',
          memberAt(part, name),
          `${key}.${name} must be ${form}, got ${shown(found)}`,
        );
      }
    }
    if (key === 'rollout' && value.members.length === 0) {
      findings.warn('rollout-paused', part, 'a rollout without a start and a duration reaches no node');
    }
  }
}

function checkText(findings: Findings, at: Located, key: string): string | undefined {
  const value = memberOf(at.place, key)?.value;
  if (value?.kind === 'scalar' && typeof value.value === 'string' && value.value !== '') {
    return value.value;
  }
  findings.error('updates-form', memberAt(at, key), `${key} must be a text, got ${shown(value)}`);
  return undefined;
}

function reportUnknown(findings: Findings, at: Located, known: readonly string[]): void {
  for (const { key, keyAt } of at.place?.kind === 'object' ? at.place.members : []) {
    if (!known.includes(key)) {
      const nearest = nearestKey(key, known);
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      findings.addAt(
        'warning',
        'unknown-key',
        keyAt,
        pathOfMember(at.path, key),
        `nobody reads the key ${printable(key)}${hint}`,
      );
    }
  }
}

function shown(place: Placed | undefined): string {
  if (place === undefined) {
    return 'nothing';
  }
  return place.kind === 'scalar' ? printable(JSON.stringify(place.value).slice(0, 80)) : `a ${place.kind}`;
}
