/**
 * Reads a plan from its file, with the drop-in folders that it names.
 *
 * Invariants:
 * - Everything that is wrong is told at once: file, key, what was expected, what was found.
 * - An unknown key is an error. A plan that is not what its author thinks would answer another question.
 * - The drop-ins are read and checked by the agent's own code.
 */
import { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { builtInZone } from '../src/calendar/luxon-zone.ts';
import type { ZoneRules } from '../src/calendar/zone-rules.ts';
import { Checker, isTable, type Findings } from '../src/config/checker.ts';
import { loadFolders, type LoadedSettings } from '../src/config/load-settings.ts';
import { readKeys } from '../src/config/read-keys.ts';
import type { Settings } from '../src/config/settings.ts';
import { parseToml, type TomlValue } from '../src/config/toml.ts';
import { ConfigError, messageOf, printable, reasonOf } from '../src/errors.ts';
import { readSmallFile } from '../src/files/read-small-file.ts';
import type { Plan, PlannedGroup, PlannedHours, PlannedLock, PlannedRelease } from '../src/fleet/plan.ts';
import { withoutUserInfo } from './shown-lock.ts';
import { DAY_MS, HOUR_MS, MEBIBYTE, MINUTE_MS, SECOND_MS } from '../src/text/units.ts';
import { isAddress } from './graph/graph-address.ts';
import { graphBytes, graphReleases } from './graph-releases.ts';
import { GROUP_KEYS, PLAN_KEYS, type GroupValues, type PlanValues } from './plan-keys.ts';
import { plannedReleases } from './planned-releases.ts';
import { policiesOf } from './policies.ts';
import { allOf, reportRepeatedNames, reportUnknown, withDefaults } from './toml-keys.ts';

/** What the command line says in place of the plan. */
export interface PlanOverrides {
  readonly fromAt?: number;
  readonly days?: number;
  readonly seed?: number;
}

export interface ReadPlan {
  readonly plan: Plan;
  /** One sentence each. */
  readonly warnings: readonly string[];
}

const LARGEST_PLAN = MEBIBYTE;

/** Rejects with ConfigError. */
export async function readPlan(file: string, overrides: PlanOverrides, nowAt: number): Promise<ReadPlan> {
  const shown = printable(file);
  const bytes = await readSmallFile(file, LARGEST_PLAN).catch((error: unknown) => {
    throw new ConfigError('config_unreadable', `cannot read ${shown}: ${messageOf(error)}`, { cause: error });
  });
  const findings: Findings = { errors: [], warnings: [], unknownKeys: [] };
  const at = new Checker(shown, findings);
  const values = withDefaults(PLAN_KEYS, readKeys<PlanValues>(PLAN_KEYS, parseToml(bytes, shown), at));
  const fromAt = overrides.fromAt ?? values.from ?? (Math.floor(nowAt / DAY_MS) + 1) * DAY_MS;
  const untilAt = fromAt + (overrides.days ?? values.days) * DAY_MS;
  const history = await historyOf(values, path.dirname(file), { fromAt, untilAt }, at);
  const readers = values.group.map((table, index) =>
    readGroup(table, at.inTable('group').inList(index), path.dirname(file), history.releases, findings),
  );
  const read = (await Promise.all(readers)).filter((group) => group !== undefined);
  if (values.group.length === 0 && findings.errors.length === 0) {
    at.inTable('group').refuseText('must be there: a list of tables, each opened by [[group]]');
  }
  const locks = locksOf(read, at);
  reportRepeatedNames(
    read.map(({ group }) => group.name),
    at,
  );
  const known = [...Object.keys(PLAN_KEYS), ...Object.keys(GROUP_KEYS).map((name) => `group.${name}`)];
  reportUnknown(findings, shown, known, 'a plan');
  if (findings.errors.length > 0) {
    throw allOf(findings.errors);
  }
  return {
    plan: {
      ...{ fromAt, untilAt, locks, ...history },
      seed: overrides.seed ?? values.seed,
      groups: read.map(({ group }) => group),
    },
    warnings: [...findings.warnings, ...read.flatMap(({ warnings }) => warnings)],
  };
}

async function historyOf(
  values: PlanValues,
  folder: string,
  span: { readonly fromAt: number; readonly untilAt: number },
  at: Checker,
): Promise<Pick<Plan, 'releases' | 'edges'>> {
  const graph = values['releases.graph'];
  if (graph === '') {
    return { releases: plannedReleases(values, span), edges: undefined };
  }
  try {
    const source = isAddress(graph) ? graph : path.resolve(folder, graph);
    const [stream, basearch] = [values['releases.stream'], values['releases.arch']];
    const bytes = await graphBytes(source, { stream, basearch, scheme: 'checksum' });
    return graphReleases(bytes, span.fromAt);
  } catch (error) {
    at.inTable('releases')
      .inTable('graph')
      .refuseText(`must be an update graph: ${messageOf(error)}`);
    return { releases: [], edges: undefined };
  }
}

interface ReadGroup {
  readonly group: PlannedGroup;
  readonly slots: number | undefined;
  readonly warnings: readonly string[];
}

async function readGroup(
  table: TomlValue,
  at: Checker,
  folder: string,
  releases: readonly PlannedRelease[],
  findings: Findings,
): Promise<ReadGroup | undefined> {
  if (!isTable(table)) {
    return undefined;
  }
  const errors = findings.errors.length;
  const written = readKeys<GroupValues>(GROUP_KEYS, table, at);
  const values = withDefaults(GROUP_KEYS, written);
  for (const needed of ['name', 'nodes', 'config'] as const) {
    if (!table.has(needed)) {
      at.inTable(needed).refuseText(`must be there: ${GROUP_KEYS[needed].doc}`);
    }
  }
  const booted = bootedOf(values.booted, releases, at);
  const logins = hoursOf(values, 'logins', at);
  const power = hoursOf(values, 'power', at);
  if (findings.errors.length > errors) {
    return undefined;
  }
  const loaded = await load(
    values.config.map((name) => path.resolve(folder, name)),
    findings,
  );
  if (loaded === undefined) {
    return undefined;
  }
  const { settings } = loaded;
  const hasLock = settings.updates.strategies.includes('fleet_lock');
  if (!hasLock && written.slots !== undefined) {
    at.inTable('slots').refuseText('must not be there: the configuration of this group asks no lock server');
    return undefined;
  }
  const zones = values.time_zones.map((name) =>
    zoneNamed(name === 'localtime' || name === '' ? 'UTC' : name),
  );
  return {
    slots: hasLock ? values.slots : undefined,
    warnings: loaded.warnings,
    group: {
      name: values.name,
      nodes: values.nodes,
      settings,
      policyOf: policiesOf(settings),
      lock: hasLock ? lockName(settings) : undefined,
      zones,
      zoneOf: zoneNamed,
      booted,
      logins:
        logins === undefined || values['logins.per_day'] === 0
          ? undefined
          : {
              ...logins,
              perDay: values['logins.per_day'],
              lengthMs: values['logins.minutes'] * MINUTE_MS,
            },
      power: [...Object.keys(written)].some((key) => key.startsWith('power.')) ? power : undefined,
      rebootMs: values['reboot.seconds'] * SECOND_MS,
      stagingMs: Math.round((values['download.megabytes'] * 8 * SECOND_MS) / values['download.megabits']),
      stagingFails: values['download.fails'],
      rebootFails: values['reboot.fails'],
      rebootHangs: values['reboot.hangs'],
      repairMs: Math.round(values['reboot.repair_hours'] * HOUR_MS),
    },
  };
}

async function load(folders: readonly string[], findings: Findings): Promise<LoadedSettings | undefined> {
  try {
    for (const folder of folders) {
      await requireFolder(folder);
    }
    return await loadFolders(folders);
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    findings.errors.push(error);
    return undefined;
  }
}

/** A folder that is not there must not pass for one without drop-ins. */
async function requireFolder(folder: string): Promise<void> {
  const found = await stat(folder).catch((error: unknown) => error);
  if (!(found instanceof Stats && found.isDirectory())) {
    const got = found instanceof Stats ? 'something else' : reasonOf(found);
    throw new ConfigError(
      'config_unreadable',
      `${printable(folder)}: must be a folder of drop-ins, got ${got}`,
    );
  }
}

function bootedOf(version: string, releases: readonly PlannedRelease[], at: Checker): number {
  if (version === '') {
    return 0;
  }
  const place = releases.findIndex((release) => release.version === version);
  if (place < 0) {
    at.inTable('booted').refuse('a version of the releases', version);
  }
  return Math.max(place, 0);
}

function hoursOf(values: GroupValues, of: 'logins' | 'power', at: Checker): PlannedHours | undefined {
  const [fromMinutes, untilMinutes] = [values[`${of}.from`], values[`${of}.until`]];
  if (fromMinutes >= untilMinutes) {
    at.inTable(of).inTable('until').refuseText(`must be later than ${of}.from`);
    return undefined;
  }
  return { fromMinutes, untilMinutes, weekdays: values[`${of}.days`] };
}

/** Who asks, as the lock server knows it. */
function lockName({ identity, updates }: Settings): string {
  return `${withoutUserInfo(updates.fleetLock.baseUrl ?? '')} group ${identity.group}`;
}

function locksOf(groups: readonly ReadGroup[], at: Checker): PlannedLock[] {
  const locks = new Map<string, number>();
  for (const { group, slots } of groups) {
    if (group.lock === undefined || slots === undefined) {
      continue;
    }
    const known = locks.get(group.lock);
    if (known !== undefined && known !== slots) {
      at.inTable('group').refuseText(
        `must name one number of slots for ${printable(group.lock)}, got ${known} and ${slots}`,
      );
    }
    locks.set(group.lock, known ?? slots);
  }
  return [...locks].map(([name, slots]) => ({ name, slots }));
}

const ZONES = new Map<string, ZoneRules>();

function zoneNamed(name: string): ZoneRules {
  const zone = ZONES.get(name) ?? builtInZone(name);
  if (zone === undefined) {
    throw new ConfigError('config_invalid', `time zone ${printable(name)} must be known to this machine`);
  }
  ZONES.set(name, zone);
  return zone;
}
