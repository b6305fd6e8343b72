/**
 * JSON Schemas of what `--json` prints, one for each kind of document. The package ships them. Pure data.
 *
 * Invariants:
 * - Every key that is ever printed is here, and a test holds the documents to that.
 * - Readers must accept keys that are not here: later versions add some.
 */
import { API_VERSION, type Kind } from './json-document.ts';

/** The part of JSON Schema (2020-12) that is used here. */
export interface Schema {
  readonly description?: string;
  readonly type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  readonly const?: string | boolean;
  readonly format?: 'date-time';
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  /** Of keys that `properties` does not have. Left out: any. */
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  /** One of several plain types. */
  readonly anyOf?: readonly Schema[];
}

const TEXT: Schema = { type: 'string' };
const FLAG: Schema = { type: 'boolean' };
const NUMBER: Schema = { type: 'number' };
const COUNT: Schema = { type: 'integer' };
const INSTANT: Schema = { type: 'string', format: 'date-time' };
const list = (items: Schema): Schema => ({ type: 'array', items });
const record = (properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema => ({
  type: 'object',
  properties,
  required,
});
const described = (description: string, schema: Schema): Schema => ({ description, ...schema });

const HOST = record(
  {
    name: TEXT,
    architecture: TEXT,
    bootedAt: INSTANT,
    version: described('as the release itself says', TEXT),
  },
  ['name', 'architecture'],
);
const HEALTH = record(
  { level: described('OK, DEGRADED or STUCK', TEXT), cause: TEXT, sinceAt: INSTANT, text: TEXT },
  ['level'],
);
const DEPLOYMENT = record(
  {
    id: TEXT,
    version: TEXT,
    payload: described('a checksum, or a digest of an image', TEXT),
    stream: TEXT,
    baseChecksum: TEXT,
    image: TEXT,
    locked: described('a plain reboot does not apply it', FLAG),
    layered: list(TEXT),
    sinceAt: described('since when it is booted, or staged', INSTANT),
  },
  ['version', 'layered'],
);
const RELEASE = record(
  {
    version: TEXT,
    payload: TEXT,
    hop: described('its place on the way to the newest release, from 1', COUNT),
    hops: described('releases on that way', COUNT),
  },
  ['version'],
);
const NODE = record({
  id: described('as update and lock servers know it', TEXT),
  group: TEXT,
  platform: TEXT,
  stream: TEXT,
});
const PROGRESS = record({
  text: TEXT,
  fraction: described('from 0 to 1', NUMBER),
  bytesDone: NUMBER,
  bytesTotal: described('left out: rpm-ostree does not say', NUMBER),
  quietMs: described('for so long nothing has moved, milliseconds', NUMBER),
  rate: described('bytes a second', NUMBER),
  layersDone: COUNT,
  layersTotal: COUNT,
});
const PLAIN: Schema = { anyOf: [TEXT, NUMBER, FLAG] };
const GATE = record(
  {
    gate: TEXT,
    class: described('timed, observed, bounded or foreign', TEXT),
    verdict: described('pass, block or unknown', TEXT),
    label: TEXT,
    reason: TEXT,
    evidence: { type: 'object', additionalProperties: PLAIN },
    earliestAt: INSTANT,
    latestAt: INSTANT,
    endsAt: described('when a present pass ends', INSTANT),
    binds: described('it decides the earliest reboot', FLAG),
    asOfAt: INSTANT,
  },
  ['gate', 'verdict', 'evidence'],
);
const BOUND = record({ kind: described('at, never-within or open', TEXT), at: INSTANT, days: COUNT }, [
  'kind',
]);
const BOUNDS = { lower: BOUND, upper: BOUND, assumptions: list(TEXT) };
const HOLD = record(
  {
    id: TEXT,
    what: described('reboot or stage', TEXT),
    uid: COUNT,
    reason: TEXT,
    sinceAt: INSTANT,
    untilAt: described('left out: until it is released', INSTANT),
  },
  ['id', 'what'],
);
const DENIAL = record(
  { release: TEXT, reason: TEXT, text: TEXT, file: TEXT, uid: COUNT, sinceAt: INSTANT, untilAt: INSTANT },
  ['release'],
);
const AGENT = record(
  {
    version: TEXT,
    state: TEXT,
    statusText: TEXT,
    health: HEALTH,
    node: NODE,
    booted: DEPLOYMENT,
    staged: DEPLOYMENT,
    target: RELEASE,
    progress: PROGRESS,
    checks: record({ lastAttemptAt: INSTANT, lastSuccessAt: INSTANT, nextAt: INSTANT }),
    blocked: list(GATE),
    reboot: record(BOUNDS, ['lower', 'upper', 'assumptions']),
    holds: list(HOLD),
    denied: list(DENIAL),
    configuration: record({ current: FLAG, reason: TEXT, sinceAt: INSTANT }, ['current']),
    permissions: record({
      polkit: described('known, unknown (it does not know the actions) or absent', TEXT),
      missing: list(TEXT),
      text: TEXT,
    }),
  },
  ['state', 'node', 'health', 'checks', 'blocked', 'reboot', 'holds', 'denied', 'configuration'],
);
const UNIT = record({
  activeState: TEXT,
  subState: TEXT,
  result: TEXT,
  execMainStatus: COUNT,
  statusText: TEXT,
  fileState: TEXT,
  trouble: described('why systemd cannot be asked', TEXT),
});

const CONTENTS: Readonly<Record<Kind, Schema>> = {
  Status: record(
    {
      running: described('the agent runs and answers; then `agent` is there', FLAG),
      host: HOST,
      agent: AGENT,
      text: described('why it does not answer', TEXT),
      todo: TEXT,
      lastWords: described(
        'what the agent that ran last said when it ended; for root',
        record({ at: INSTANT, version: TEXT, text: TEXT }, ['at', 'version', 'text']),
      ),
      unit: described('what systemd says of an agent that does not answer', UNIT),
    },
    ['running', 'host'],
  ),
  Explanation: record(
    {
      ...BOUNDS,
      asOfAt: INSTANT,
      release: TEXT,
      stage: described('none, available, staged or finalized', TEXT),
      gates: list(GATE),
    },
    ['lower', 'upper', 'assumptions', 'stage', 'gates'],
  ),
  Result: record(
    {
      text: TEXT,
      changed: described('false: there was nothing to do', FLAG),
      request: described('its id in the history', TEXT),
      release: TEXT,
      hold: described('id of a hold', TEXT),
      cancelled: described(
        'requests that a cancel has ended',
        list(
          record({ request: TEXT, uid: COUNT, wish: described('check, stage or reboot', TEXT) }, ['request']),
        ),
      ),
    },
    ['text', 'changed'],
  ),
  Holds: record({ holds: list(HOLD) }, ['holds']),
  Denials: record({ denied: list(DENIAL) }, ['denied']),
  ConfigCheck: record(
    {
      valid: FLAG,
      errors: list(TEXT),
      warnings: list(TEXT),
      notes: described('what only a host has, or how a value came about', list(TEXT)),
      files: described('that were read, weakest first', list(TEXT)),
    },
    ['valid', 'errors', 'warnings', 'notes', 'files'],
  ),
  Configuration: record(
    {
      settings: list(
        record(
          {
            key: TEXT,
            value: described('as TOML', TEXT),
            file: described('empty: the default', TEXT),
            masked: described('files whose value this one replaced', list(TEXT)),
          },
          ['key', 'value', 'file', 'masked'],
        ),
      ),
    },
    ['settings'],
  ),
  Calendar: record(
    {
      timeZone: TEXT,
      spans: list(
        record(
          {
            kind: described('window, freeze, or turn of this node', TEXT),
            startAt: INSTANT,
            endAt: described('left out: no end in sight', INSTANT),
            text: TEXT,
          },
          ['kind', 'startAt', 'text'],
        ),
      ),
    },
    ['spans'],
  ),
  History: record(
    {
      entries: described(
        'oldest first',
        list(
          record(
            {
              at: INSTANT,
              kind: TEXT,
              text: TEXT,
              fields: described('whatever else is known', {
                type: 'object',
                additionalProperties: PLAIN,
              }),
            },
            ['at', 'kind', 'text', 'fields'],
          ),
        ),
      ),
    },
    ['entries'],
  ),
  Slot: record(
    {
      app: TEXT,
      id: described('as which the lock server knows the program', TEXT),
      group: TEXT,
      server: described('without user, password and query', TEXT),
      held: FLAG,
      text: TEXT,
    },
    ['app', 'id', 'group', 'server', 'held', 'text'],
  ),
  Support: record({ sections: list(record({ title: TEXT, text: TEXT }, ['title', 'text'])) }, ['sections']),
  Error: record(
    {
      exitCode: COUNT,
      error: described("last part of the agent's error name", TEXT),
      text: TEXT,
      todo: TEXT,
      gates: described('those that block', list(TEXT)),
    },
    ['exitCode', 'text', 'gates'],
  ),
};

/** A whole schema, as its file has it. */
export function schemaOf(kind: Kind): Schema & { readonly $schema: string; readonly title: string } {
  const { properties = {}, required = [] } = CONTENTS[kind];
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: kind,
    type: 'object',
    properties: { apiVersion: { const: API_VERSION }, kind: { const: kind }, ...properties },
    required: ['apiVersion', 'kind', ...required],
  };
}
