/**
 * What the agent knows, as values of D-Bus. docs/dbus.md lists every key; decode.ts reads them. Pure.
 *
 * Invariant: a key whose value is not known is left out, and nothing at all is an empty dictionary.
 */
import type { Deployment, Progress } from '../agent/ports.ts';
import type { Release } from '../agent/release.ts';
import type { Hold, Outcome, Request } from '../agent/requests.ts';
import { type Dictionary, Variant } from '../dbus/types.ts';
import { SECOND_MS } from '../text/units.ts';
import type { Bound, ExplainedGate, Explanation } from '../why/explanation.ts';
import { permissionText, type KnownActions } from './known-actions.ts';
import type { CalendarSpan, DeniedRelease, HistoryEntry, ShownSetting, Snapshot } from './agent-port.ts';
import {
  count,
  dictionary,
  flag,
  instant,
  longText,
  nested,
  nestedList,
  plainFields,
  real,
  size,
  text,
  texts,
} from './wire-values.ts';

const NOTHING: Dictionary = new Map();

/** All properties of the agent by name, each as the variant that `Get` returns. */
export function encodeSnapshot(snapshot: Snapshot): ReadonlyMap<string, Variant> {
  const { health, checks, reboot, configuration } = snapshot;
  return new Map(
    Object.entries({
      Version: text(snapshot.version),
      State: text(snapshot.state),
      StatusText: text(snapshot.statusText),
      Health: nested(
        dictionary({
          level: text(health.level),
          cause: text(health.cause),
          since: instant(health.sinceAt),
          text: text(health.text),
        }),
      ),
      Node: nested(
        dictionary({
          id: text(snapshot.node.id),
          group: text(snapshot.node.group),
          platform: text(snapshot.node.platform),
          stream: text(snapshot.node.stream),
        }),
      ),
      Booted: nested(encodeDeployment(snapshot.booted, snapshot.bootedSinceAt)),
      Staged: nested(encodeDeployment(snapshot.staged, snapshot.stagedSinceAt)),
      Target: nested(encodeTarget(snapshot.target, snapshot.hop)),
      Progress: nested(encodeProgress(snapshot.progress)),
      Checks: nested(
        dictionary({
          'last-attempt': instant(checks.lastAttemptAt),
          'last-success': instant(checks.lastSuccessAt),
          next: instant(checks.nextAt),
        }),
      ),
      Blocked: nestedList(snapshot.blocked.map(encodeGate)),
      Reboot: nested(
        dictionary({
          lower: nested(encodeBound(reboot.lower)),
          upper: nested(encodeBound(reboot.upper)),
          assumptions: texts(reboot.assumptions),
          'as-of': instant(reboot.asOfAt),
        }),
      ),
      Holds: nestedList(snapshot.holds.map(encodeHold)),
      Denied: nestedList(snapshot.denied.map(encodeDenied)),
      Configuration: nested(
        dictionary({
          current: flag(configuration.current),
          reason: text(configuration.reason),
          since: instant(configuration.sinceAt),
        }),
      ),
    }).filter((entry): entry is [string, Variant] => entry[1] !== undefined),
  );
}

/** Who may act. Empty: it is not known yet. */
export function encodePermissions(found: KnownActions | undefined): Variant {
  return new Variant(
    'a{sv}',
    found === undefined
      ? NOTHING
      : dictionary({
          polkit: text(found.kind),
          missing: texts(found.kind === 'unknown' ? found.actions : undefined),
          text: text(permissionText(found)),
        }),
  );
}

export function encodeDeployment(deployment: Deployment | undefined, sinceAt?: number): Dictionary {
  return deployment === undefined
    ? NOTHING
    : dictionary({
        id: text(deployment.id),
        version: text(deployment.version),
        payload: text(deployment.payload?.value),
        scheme: text(deployment.payload?.scheme),
        'base-checksum': text(deployment.baseChecksum),
        stream: text(deployment.stream),
        image: text(deployment.imageReference),
        locked: flag(deployment.finalizationLocked),
        layered: texts(deployment.layeredPackages),
        since: instant(sinceAt),
      });
}

export function encodeTarget(target: Release | undefined, hop?: Snapshot['hop']): Dictionary {
  return target === undefined
    ? NOTHING
    : dictionary({
        version: text(target.version),
        payload: text(target.payload.value),
        scheme: text(target.payload.scheme),
        hop: count(hop?.number),
        hops: count(hop?.of),
      });
}

export function encodeProgress(progress: Progress | undefined): Dictionary {
  return progress === undefined
    ? NOTHING
    : dictionary({
        text: text(progress.text),
        fraction: real(progress.percent === undefined ? undefined : progress.percent / 100),
        'bytes-done': size(progress.bytesTransferred),
        'bytes-total': size(progress.bytesTotal),
        rate: size(progress.bytesPerSecond),
        quiet: size(progress.quietMs === undefined ? undefined : progress.quietMs / SECOND_MS),
        'layers-done': count(progress.layersDone),
        'layers-total': count(progress.layersNeeded),
      });
}

export function encodeGate(gate: ExplainedGate): Dictionary {
  return dictionary({
    gate: text(gate.gate),
    label: text(gate.label),
    reason: text(gate.reason),
    class: text(gate.class),
    verdict: text(gate.verdict),
    evidence: nested(plainFields(gate.evidence)),
    earliest: instant(gate.earliestAt),
    latest: instant(gate.latestAt),
    ends: instant(gate.endsAt),
    binds: flag(gate.binds),
    'as-of': instant(gate.asOfAt),
  });
}

export function encodeBound(bound: Bound): Dictionary {
  return dictionary({
    kind: text(bound.kind),
    at: instant(bound.kind === 'at' ? bound.at : undefined),
    days: count(bound.kind === 'never-within' ? bound.days : undefined),
  });
}

export function encodeHold(hold: Hold): Dictionary {
  return dictionary({
    id: text(hold.id),
    what: text(hold.what),
    uid: count(hold.by.uid),
    reason: text(hold.reason),
    since: instant(hold.sinceAt),
    until: instant(hold.untilAt),
  });
}

export function encodeDenied(denied: DeniedRelease): Dictionary {
  return dictionary({
    release: text(denied.release),
    reason: text(denied.reason),
    text: text(denied.text),
    file: text(denied.file),
    uid: count(denied.by?.uid),
    since: instant(denied.sinceAt),
    until: instant(denied.untilAt),
  });
}

export function encodeExplanation(explanation: Explanation): Dictionary {
  return dictionary({
    'as-of': instant(explanation.asOfAt),
    release: text(explanation.release),
    stage: text(explanation.stage),
    lower: nested(encodeBound(explanation.lower)),
    upper: nested(encodeBound(explanation.upper)),
    assumptions: texts(explanation.assumptions),
    gates: nestedList(explanation.gates.map(encodeGate)),
  });
}

/** What else is known of an entry has keys of its own; `at`, `kind` and `text` are the entry's. */
export function encodeEntry(entry: HistoryEntry): Dictionary {
  return new Map([
    ...(plainFields(entry.fields) ?? NOTHING),
    ...dictionary({ at: instant(entry.at), kind: text(entry.kind), text: text(entry.text) }),
  ]);
}

export function encodeSpan(span: CalendarSpan): Dictionary {
  return dictionary({
    kind: text(span.kind),
    start: instant(span.startAt),
    end: instant(span.endAt),
    text: text(span.text),
  });
}

export function encodeSetting(setting: ShownSetting): Dictionary {
  return dictionary({
    key: text(setting.key),
    value: longText(setting.value),
    file: text(setting.file),
    masked: texts(setting.masked),
  });
}

/** `request`: the id that the history has it under. */
export function encodeResult(request: string, outcome: Outcome): Dictionary {
  const done = outcome.kind === 'done' ? outcome : undefined;
  const refused = outcome.kind === 'refused' ? outcome : undefined;
  return dictionary({
    request: text(request),
    text: text(outcome.text),
    changed: flag(done?.changed ?? false),
    error: text(refused?.error),
    gates: texts(refused?.gates),
    release: text(done?.release),
    hold: text(done?.hold),
    cancelled: done?.cancelled && nestedList(done.cancelled.map(encodeRequest)),
  });
}

function encodeRequest({ id, by, wish }: Request): Dictionary {
  return dictionary({ request: text(id), uid: count(by.uid), wish: text(wish.kind) });
}
