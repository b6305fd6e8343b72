/** `zincati status` for people. Pure. */
import type { LastWords } from '../history/last-words.ts';
import type { AgentFacts, DeploymentFacts, HoldFacts, ProgressFacts } from './agent-facts.ts';
import type { Absence } from './absent-agent.ts';
import { row, wrap } from './columns.ts';
import { inLocalTerms } from './agent-text.ts';
import { wordsOf } from './gate-words.ts';
import type { HostFacts } from './host-facts.ts';
import { progressText } from './progress-text.ts';
import { distance, localTime, localTimeAndDistance, type Terms, type Tint, tinted } from './terms.ts';
import { userName } from './user-name.ts';

const LABEL_WIDTH = 10;
const HEALTH_TINTS: Readonly<Record<string, Tint>> = { OK: 'good', DEGRADED: 'warning', STUCK: 'bad' };

type Row = readonly [label: string, text: string];

/** Lines without their breaks. `isRoot`: of who reads them. */
export function statusLines(
  facts: AgentFacts,
  host: HostFacts,
  terms: Terms,
  isRoot = false,
): readonly string[] {
  const rows: readonly Row[] = [
    ['node', nodeText(host, facts)],
    ['booted', bootedText(facts.booted, host, terms)],
    ...stagedRows(facts, terms),
    ...targetRows(facts),
    ['health', healthText(facts, terms)],
    ...waitRows(facts, terms),
    ...facts.holds.map((hold): Row => ['hold', holdText(hold, terms)]),
    ['checks', checksText(facts, terms)],
    ...configurationRows(facts, terms),
    ...permissionRows(facts, isRoot),
  ];
  return rows.flatMap(([label, text], index) =>
    tableRow(label === rows[index - 1]?.[0] ? '' : label, text, terms),
  );
}

/** Where the agent does not run: that first, then what can be told without it. */
export function absentLines(
  { text, todo }: Absence,
  host: HostFacts,
  terms: Terms,
  lastWords?: LastWords,
): readonly string[] {
  const said: readonly Row[] =
    lastWords === undefined ? [] : [['ended', `${localTime(lastWords.at, terms)}: ${lastWords.text}`]];
  const booted =
    host.version === undefined ? [] : tableRow('booted', bootedText(undefined, host, terms), terms);
  return [
    ...wrap(tinted(text, 'bad', terms), terms.width),
    ...wrap(todo, terms.width),
    '',
    ...tableRow('node', nodeText(host, undefined), terms),
    ...booted,
    ...said.flatMap(([label, words]) => tableRow(label, words, terms)),
  ];
}

/** `h1: no reboot until Sat 28 Nov 02:00 CET (in 2 d 9 h), by root since Wed 25 Nov 15:02 CET: release week`. */
export function holdText({ id, what, uid, reason, sinceAt, untilAt }: HoldFacts, terms: Terms): string {
  const subject = what === 'stage' ? 'staging' : what;
  const until =
    untilAt === undefined ? 'until it is released' : `until ${localTimeAndDistance(untilAt, terms)}`;
  const by = uid === undefined ? '' : `, by ${userName(uid, terms.users)}`;
  const since = sinceAt === undefined ? '' : ` since ${localTime(sinceAt, terms)}`;
  return `${id}: no ${subject} ${until}${by}${since}${reason === undefined ? '' : `: ${reason}`}`;
}

function tableRow(label: string, text: string, terms: Terms): readonly string[] {
  const paint = (shown: string): string => tinted(shown, 'faint', terms);
  return row(label, text, { labelWidth: LABEL_WIDTH, width: terms.width, paint });
}

/** `core-7 (1e0a...9c), group workers, stream stable, aws x86_64`. */
function nodeText(
  { name, architecture }: HostFacts,
  facts: Pick<AgentFacts, 'node' | 'booted'> | undefined,
): string {
  const { id, group, platform } = facts?.node ?? {};
  const stream = facts?.node.stream ?? facts?.booted?.stream;
  const short = id === undefined || id.length <= 6 ? id : `${id.slice(0, 4)}...${id.slice(-2)}`;
  return [
    short === undefined ? name : `${name} (${short})`,
    ...(group === undefined ? [] : [`group ${group}`]),
    ...(stream === undefined ? [] : [`stream ${stream}`]),
    platform === undefined ? architecture : `${platform} ${architecture}`,
  ].join(', ');
}

function bootedText(booted: DeploymentFacts | undefined, host: HostFacts, terms: Terms): string {
  const version = booted?.version ?? host.version ?? 'not known yet';
  const at = booted?.sinceAt ?? host.bootedAt;
  const since =
    at === undefined ? '' : `   since ${localTime(at, terms)} (${distance(at, terms).replace(' ago', '')})`;
  const layers = booted?.layered.length ?? 0;
  const layered = layers === 0 ? '' : `; ${layers} ${layers === 1 ? 'package' : 'packages'} layered`;
  return `${version}${since}${layered}`;
}

function stagedRows({ staged, blocked }: AgentFacts, terms: Terms): readonly Row[] {
  if (staged === undefined) {
    return [];
  }
  const { version, locked, sinceAt } = staged;
  const since = sinceAt === undefined ? '' : `   since ${localTime(sinceAt, terms)}`;
  const separator = since === '' ? '   ' : '; ';
  const isByHand = blocked.some(({ gate }) => gate === 'manual');
  const command = isByHand ? 'zincati reboot --override manual' : 'zincati reboot';
  const hint = locked === true ? `${separator}a plain \`reboot\` does not apply it, \`${command}\` does` : '';
  return [['staged', `${version}${since}${hint}`]];
}

function targetRows({ target, staged, progress }: AgentFacts): readonly Row[] {
  const isStaged = target === undefined || target.version === staged?.version;
  const { hop, hops } = target ?? {};
  const place: readonly Row[] =
    hop === undefined || hops === undefined || hops < 2
      ? []
      : [['hop', `${hop} of ${hops} on the way to the newest release`]];
  const rows: Row[] = [...(isStaged ? [] : [['target', target.version] as const]), ...place];
  return progress === undefined ? rows : [...rows, ['staging', progressLine(progress)]];
}

function progressLine(progress: ProgressFacts): string {
  const numbers = progressText(progress);
  return [numbers, progress.text].filter((part) => part !== undefined && part !== '').join(', ');
}

function healthText({ health, statusText }: AgentFacts, terms: Terms): string {
  const { level, cause, sinceAt, text } = health;
  const shown = tinted(level, HEALTH_TINTS[level] ?? 'bad', terms);
  if (level === 'OK') {
    return shown;
  }
  const since = sinceAt === undefined ? '' : ` since ${localTimeAndDistance(sinceAt, terms)}`;
  const why = text ?? statusText;
  const because = why === undefined ? '' : `: ${inLocalTerms(why, terms, { far: true })}`;
  return `${shown}${cause === undefined ? '' : ` (${cause})`}${since}${because}`;
}

function waitRows({ blocked, staged, reboot, statusText }: AgentFacts, terms: Terms): readonly Row[] {
  if (blocked.length > 0) {
    return blocked.map((gate) => ['waits', wordsOf(gate, terms).wait]);
  }
  if (staged === undefined) {
    return [];
  }
  const { lower } = reboot;
  if (lower.kind === 'at' && lower.at > terms.now) {
    return [['waits', `first possible reboot: ${localTimeAndDistance(lower.at, terms)}`]];
  }
  return statusText === undefined ? [] : [['waits', inLocalTerms(statusText, terms, { far: true })]];
}

function checksText({ checks }: AgentFacts, terms: Terms): string {
  const { lastAttemptAt, lastSuccessAt, nextAt } = checks;
  const next = nextAt === undefined ? '' : `, next ${nextAt <= terms.now ? 'now' : distance(nextAt, terms)}`;
  const asked = lastAttemptAt === undefined ? '' : ` (last asked ${distance(lastAttemptAt, terms)})`;
  if (lastSuccessAt === undefined) {
    return `none was answered yet${asked}${next}`;
  }
  const hasFailed = lastAttemptAt !== undefined && lastAttemptAt > lastSuccessAt;
  return `last ${localTime(lastSuccessAt, terms)}${hasFailed ? `, none answered since${asked}` : ''}${next}`;
}

function configurationRows({ configuration }: AgentFacts, terms: Terms): readonly Row[] {
  const { current, reason, sinceAt } = configuration;
  if (current) {
    return [];
  }
  const since = sinceAt === undefined ? '' : ` since ${localTimeAndDistance(sinceAt, terms)}`;
  return [['config', `what is on disk is not in use${since}${reason === undefined ? '' : `: ${reason}`}`]];
}

/** Root may act in any case; a package that lacks its files is told to everybody. */
function permissionRows({ permissions: { polkit, text } }: AgentFacts, isRoot: boolean): readonly Row[] {
  return text === undefined || (isRoot && polkit === 'absent') ? [] : [['access', text]];
}
