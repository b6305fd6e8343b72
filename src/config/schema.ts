/**
 * Every key of the configuration: how it is read, its default, and how files combine. Parsing, the reports of unknown
 * keys and the test of docs/configuration.md all use this table.
 *
 * To add a key: a line in ConfigValues, a descriptor in SCHEMA, a place in Settings, and a row in the documentation.
 */
import type { Freeze } from '../calendar/freeze.ts';
import type { MaintenanceWindow } from '../calendar/maintenance-window.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../text/units.ts';
import { withAttributes } from './attribute-template.ts';
import {
  absolutePath,
  fraction,
  listenAddress,
  type ListenAddress,
  namesOutOf,
  seconds,
  timeZone,
  urlTemplate,
  userNames,
  uuid,
  wholeNumber,
  word,
  yesOrNo,
} from './checks.ts';
import { FREEZE_FIELDS, freezes } from './freezes.ts';
import { choices, FRACTION, integer, matching, PATH, SECONDS, TEXT, TEXTS, TRUTH } from './json-shapes.ts';
import { maintenanceWindows, NEEDED_OF_WINDOW, WEEK_MINUTES, WINDOW_FIELDS } from './maintenance-windows.ts';
import { isKeyOf, type Schema } from './read-keys.ts';
import { MOST_NAMES, releaseNames } from './release-names.ts';
import { STRATEGY_NAMES, type StrategyName } from './strategy-names.ts';

/** The type of each key after its check. Undefined: not set, without default. Empty text: as if not set. */
export interface ConfigValues {
  'agent.timing.steady_interval_secs': number;
  'agent.timing.retry_interval_secs': number;
  'agent.timing.jitter': boolean;
  'agent.timing.reboot_overdue_secs': number;
  'agent.timing.transaction_stall_secs': number;
  'identity.group': string;
  'identity.node_uuid': string | undefined;
  'identity.rollout_wariness': number | undefined;
  'identity.platform': string | undefined;
  'identity.stream': string | undefined;
  'cincinnati.base_url': string | undefined;
  'updates.enabled': boolean;
  'updates.allow_downgrade': boolean;
  'updates.catch_up': boolean;
  'updates.replace_staged_by_others': boolean;
  'updates.skip': readonly string[];
  'updates.strategy': readonly StrategyName[];
  'updates.fleet_lock.base_url': string | undefined;
  'updates.fleet_lock.ca_file': string | undefined;
  'updates.fleet_lock.client_cert_file': string | undefined;
  'updates.fleet_lock.client_key_file': string | undefined;
  'updates.fleet_lock.bearer_file': string | undefined;
  'updates.fleet_lock.timeout_secs': number;
  'updates.periodic.time_zone': string;
  'updates.periodic.window': readonly MaintenanceWindow[];
  'updates.periodic.freeze': readonly Freeze[];
  'updates.periodic.reset': boolean;
  'updates.periodic.splay_minutes': number;
  'updates.periodic.min_hours': number;
  'updates.marker.path': string;
  'updates.reboot.min_uptime_minutes': number;
  'updates.reboot.first_boot_grace_minutes': number;
  'updates.sessions.grace_minutes': number;
  'updates.sessions.max_delay_minutes': number | undefined;
  'updates.sessions.ignore_users': readonly string[];
  'updates.sessions.never_while_logged_in': boolean;
  'metrics.listen': ListenAddress | undefined;
}
export type ConfigKey = keyof ConfigValues;

const fact = word(/^[a-zA-Z0-9._-]+$/, 'letters, digits, ".", "_" and "-"');

/** A longer wait is a mistake. */
const YEAR_MINUTES = (366 * DAY_MS) / MINUTE_MS;
/** As long as Zincati waits. Below the limit of the effect, so that the error says more. */
const MOST_LOCK_SECONDS = 1800;

/** All hours of 32 days. */
const MOST_OPEN_HOURS = (32 * DAY_MS) / HOUR_MS;

export const SCHEMA: Schema<ConfigValues> = {
  'agent.timing.steady_interval_secs': {
    type: 'integer',
    parse: seconds,
    json: SECONDS,
    fallback: 300,
    doc: 'seconds between update checks while nothing happens',
  },
  'agent.timing.retry_interval_secs': {
    type: 'integer',
    parse: seconds,
    json: SECONDS,
    fallback: 300,
    doc: 'seconds until a failed step, or a reboot the strategy denied, is tried again',
  },
  'agent.timing.jitter': {
    type: 'boolean',
    parse: yesOrNo,
    json: TRUTH,
    fallback: true,
    doc: 'lengthen intervals by up to a tenth, at random, so that a fleet does not ask in step',
  },
  'agent.timing.reboot_overdue_secs': {
    type: 'integer',
    parse: seconds,
    json: SECONDS,
    fallback: 900,
    doc: 'seconds after which a reboot that was asked for and did not come is reported',
  },
  'agent.timing.transaction_stall_secs': {
    type: 'integer',
    parse: seconds,
    json: SECONDS,
    fallback: 600,
    doc: 'seconds without progress after which a running download is cancelled. Other steps, such as a layer of an image, may be silent for six hours',
  },
  'identity.group': {
    type: 'text, attributes',
    parse: withAttributes(word(/^[a-zA-Z0-9.-]+$/, 'letters, digits, "." and "-"')),
    json: TEXT,
    attributes: 'name',
    fallback: 'default',
    doc: 'group of nodes that take turns at rebooting; also `${group}` in addresses',
  },
  'identity.node_uuid': {
    type: 'text',
    parse: uuid,
    json: TEXT,
    fallback: undefined,
    doc: 'identity of the node; without it, derived from the machine id',
  },
  'identity.rollout_wariness': {
    type: 'number',
    parse: fraction,
    json: FRACTION,
    fallback: undefined,
    doc: 'place in a gradual rollout, from 0.0 (first) to 1.0 (last); without it the server chooses',
  },
  'identity.platform': {
    type: 'text',
    parse: fact,
    json: matching('^[a-zA-Z0-9._-]*$'),
    fallback: undefined,
    doc: 'platform, in place of `ignition.platform.id=` on the kernel command line',
  },
  'identity.stream': {
    type: 'text',
    parse: fact,
    json: matching('^[a-zA-Z0-9._-]*$'),
    fallback: undefined,
    doc: 'update stream, in place of the one the booted deployment names',
  },
  'cincinnati.base_url': {
    type: 'text, templates',
    parse: withAttributes(urlTemplate),
    json: TEXT,
    attributes: 'address',
    fallback: undefined,
    doc: 'address of the update server; needed unless updates are disabled',
  },
  'updates.enabled': {
    type: 'boolean',
    parse: yesOrNo,
    json: TRUTH,
    fallback: true,
    doc: 'false: the agent stays up, ready and idle',
  },
  'updates.allow_downgrade': {
    type: 'boolean',
    parse: yesOrNo,
    json: TRUTH,
    fallback: false,
    doc: 'true: an older release is taken when the server points to it',
  },
  'updates.catch_up': {
    type: 'boolean',
    parse: yesOrNo,
    json: TRUTH,
    fallback: false,
    doc: 'true: a node that is several updates behind keeps its reboot slot until the last one',
  },
  'updates.replace_staged_by_others': {
    type: 'boolean',
    parse: yesOrNo,
    json: TRUTH,
    fallback: false,
    doc: 'true: an update replaces a deployment that somebody else has staged',
  },
  'updates.skip': {
    type: 'list of texts',
    parse: releaseNames,
    json: { ...TEXTS, maxItems: MOST_NAMES },
    fallback: [],
    doc: 'releases that this node never takes: versions, base checksums or image digests',
  },
  'updates.strategy': {
    type: 'text or list of texts',
    parse: namesOutOf(STRATEGY_NAMES),
    json: choices(STRATEGY_NAMES),
    fallback: ['immediate'],
    doc: 'when the node may reboot; every strategy of a list must agree',
  },
  'updates.fleet_lock.base_url': {
    type: 'text, templates',
    parse: withAttributes(urlTemplate),
    json: TEXT,
    attributes: 'address',
    fallback: undefined,
    doc: 'address of the lock server; needed by `fleet_lock`',
  },
  'updates.fleet_lock.ca_file': {
    type: 'text',
    parse: absolutePath,
    json: PATH,
    fallback: undefined,
    doc: 'PEM file with the authorities that may vouch for the lock server, in place of the usual ones',
  },
  'updates.fleet_lock.client_cert_file': {
    type: 'text',
    parse: absolutePath,
    json: PATH,
    fallback: undefined,
    doc: 'PEM file with the certificate that this node shows to the lock server',
  },
  'updates.fleet_lock.client_key_file': {
    type: 'text',
    parse: absolutePath,
    json: PATH,
    fallback: undefined,
    doc: 'PEM file with the key of that certificate',
  },
  'updates.fleet_lock.bearer_file': {
    type: 'text',
    parse: absolutePath,
    json: PATH,
    fallback: undefined,
    doc: 'file with the token that is sent to the lock server as `Authorization: Bearer`',
  },
  'updates.fleet_lock.timeout_secs': {
    type: 'integer',
    parse: wholeNumber(1, MOST_LOCK_SECONDS, 'seconds'),
    json: integer(1, MOST_LOCK_SECONDS),
    fallback: 1800,
    doc: 'seconds within which the lock server must have answered, at most 1800; it may drain the node first',
  },
  'updates.periodic.time_zone': {
    type: 'text',
    parse: timeZone,
    json: TEXT,
    fallback: 'UTC',
    doc: 'time zone of the windows: an IANA name, or `localtime` for the one of the host',
  },
  'updates.periodic.window': {
    type: 'list of tables',
    parse: maintenanceWindows,
    json: { type: 'array' },
    fallback: [],
    doc: 'maintenance windows; those of all files add up',
    accumulate: (earlier, later) => [...earlier, ...later],
    fields: WINDOW_FIELDS,
    needed: NEEDED_OF_WINDOW,
  },
  'updates.periodic.freeze': {
    type: 'list of tables',
    parse: freezes,
    json: { type: 'array' },
    fallback: [],
    doc: 'times in which no window is open; those of all files add up',
    accumulate: (earlier, later) => [...earlier, ...later],
    fields: FREEZE_FIELDS,
    needed: Object.keys(FREEZE_FIELDS),
  },
  'updates.periodic.reset': {
    type: 'boolean',
    parse: yesOrNo,
    json: TRUTH,
    fallback: false,
    doc: 'true: the windows and freezes of all files before this one are dropped',
    clears: ['updates.periodic.window', 'updates.periodic.freeze'],
  },
  'updates.periodic.splay_minutes': {
    type: 'integer',
    parse: wholeNumber(0, WEEK_MINUTES, 'minutes'),
    json: integer(0, WEEK_MINUTES),
    fallback: 0,
    doc: 'minutes after the opening of a window over which the nodes of a fleet spread; 0: all begin at once',
  },
  'updates.periodic.min_hours': {
    type: 'integer',
    parse: wholeNumber(0, MOST_OPEN_HOURS, 'hours'),
    json: integer(0, MOST_OPEN_HOURS),
    fallback: 1,
    doc: 'open hours that there should be in any 32 days; fewer lead to a warning, 0: to none',
  },
  'updates.marker.path': {
    type: 'text',
    parse: absolutePath,
    json: PATH,
    fallback: '/etc/zincati/allow-reboot',
    doc: 'file whose existence allows the reboot; where it is set, `marker` is in force whatever `updates.strategy` says',
  },
  'updates.reboot.min_uptime_minutes': {
    type: 'integer',
    parse: wholeNumber(0, YEAR_MINUTES, 'minutes'),
    json: integer(0, YEAR_MINUTES),
    fallback: 0,
    doc: 'minutes that the node must have been up before it reboots into an update',
  },
  'updates.reboot.first_boot_grace_minutes': {
    type: 'integer',
    parse: wholeNumber(0, YEAR_MINUTES, 'minutes'),
    json: integer(0, YEAR_MINUTES),
    fallback: 0,
    doc: 'the same for the first boot of the machine, while it is being provisioned',
  },
  'updates.sessions.grace_minutes': {
    type: 'integer',
    parse: wholeNumber(0, YEAR_MINUTES, 'minutes'),
    json: integer(0, YEAR_MINUTES),
    fallback: 10,
    doc: 'minutes that people who are logged in get to finish; 0: nobody is waited for',
  },
  'updates.sessions.max_delay_minutes': {
    type: 'integer',
    parse: wholeNumber(0, YEAR_MINUTES, 'minutes'),
    json: integer(0, YEAR_MINUTES),
    fallback: undefined,
    doc: 'the most that one release is put off for people, over all attempts; without it, `grace_minutes`',
  },
  'updates.sessions.ignore_users': {
    type: 'list of texts',
    parse: userNames,
    json: TEXTS,
    fallback: [],
    doc: 'users whose sessions hold nothing up',
  },
  'updates.sessions.never_while_logged_in': {
    type: 'boolean',
    parse: yesOrNo,
    json: TRUTH,
    fallback: false,
    doc: 'true: no reboot while anybody is logged in, however long that is',
  },
  'metrics.listen': {
    type: 'text',
    parse: listenAddress,
    json: TEXT,
    fallback: undefined,
    doc: 'ADDRESS:PORT on which metrics are served over HTTP as well',
  },
};

export const CONFIG_KEYS: readonly ConfigKey[] = Object.keys(SCHEMA).filter((key) => isKeyOf(SCHEMA, key));

/** Every key that an operator can write, including those of list entries (`updates.periodic.window.days`). */
export const WRITABLE_KEYS: readonly string[] = CONFIG_KEYS.flatMap((key) => [
  key,
  ...Object.keys(SCHEMA[key].fields ?? {}).map((field) => `${key}.${field}`),
]);

/** The key as it is best shown: a list of tables by its header. */
export function shownKey(key: string): string {
  return isKeyOf(SCHEMA, key) && SCHEMA[key].fields !== undefined ? `[[${key}]]` : key;
}
