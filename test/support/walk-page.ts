/**
 * docs/walk.md, from what the commands print, with the instants of an example. Pure.
 *
 * Invariants:
 * - An instant within an hour of the test's start is the example's now. One from the window's opening on is as far from
 *   the opening as it was.
 * - A distance is that from the example's now. What comes within minutes comes in five.
 * - What the machine of the test decides is that of the example: its name, its boot, and for how long it was down.
 */
import { showDistance } from '../../src/calendar/luxon-zone.ts';
import { UTC } from '../../src/calendar/zone-rules.ts';
import { distance, localTime } from '../../src/cli/terms.ts';
import { HOUR_MS, MINUTE_MS } from '../../src/text/units.ts';

/** What the test knows of its own time. */
export interface WalkTimes {
  readonly startedAt: number;
  /** When the next window opens. */
  readonly opensAt: number;
}

export interface Step {
  /** As an operator types it. `UNTIL` stands for the end of the hold. */
  readonly command: string;
  readonly code: number;
  /** Of the agent's log, after the command: it has done what the command leads to. */
  readonly then?: RegExp;
}

export interface Scene {
  readonly title: string;
  readonly text: string;
  readonly steps: readonly Step[];
}

export interface Printed {
  readonly command: string;
  readonly output: string;
}

const NOW = Date.parse('2026-11-26T09:41:00Z');
const OPENS = Date.parse('2026-11-28T02:00:00Z');
const BOOTED = Date.parse('2026-11-03T02:14:00Z');
const SOON = NOW + 5 * MINUTE_MS;

export const SCENES: readonly Scene[] = [
  {
    title: 'It is staged',
    text: `The agent has found a release, and has staged it. The node still runs the one before.`,
    steps: [{ command: 'zincati status', code: 0 }],
  },
  {
    title: 'Why does it not reboot?',
    text: `The first line is the answer, and the third says what would reboot the node now. Each row below is a gate: \`NO\` keeps the node,
and says until when. Row \`next look\` is the pace of the agent, which looks at everything again every five minutes here.`,
    steps: [{ command: 'zincati why', code: 0 }],
  },
  {
    title: 'Keep it as it is',
    text: `Somebody works on this node during the weekend. A hold keeps it from rebooting in the window. Then \`why\` names the hold, and
the window after it.`,
    steps: [
      {
        command: "sudo zincati hold --until 'UNTIL' --reason 'release week'",
        code: 0,
        then: /reboot held by the update strategy: .*release week/,
      },
      { command: 'zincati hold', code: 0 },
      { command: 'zincati why', code: 0 },
    ],
  },
  {
    title: 'Let it go',
    text: `The work is done earlier. The id is what \`zincati hold\` has printed.`,
    steps: [
      {
        command: 'sudo zincati release h1',
        code: 0,
        then: /reboot held by the update strategy: outside of maintenance windows(?!.*release week)/,
      },
    ],
  },
  {
    title: 'Reboot now',
    text: `Without an override the window still counts. The command ends with exit code 4, and changes nothing.`,
    steps: [{ command: 'sudo zincati reboot', code: 4 }],
  },
  {
    title: 'Reboot now, outside of the window',
    text: `\`--dry-run\` says what would happen. An override counts for one request.`,
    steps: [
      { command: 'sudo zincati reboot --override window --dry-run', code: 0 },
      { command: 'sudo zincati reboot --override window', code: 0, then: /reached steady state/ },
    ],
  },
  {
    title: 'After the reboot',
    text: `The history has all of it, and who asked. A request has an id: one line has it with \`by\`, another one with what came of it.`,
    steps: [
      { command: 'zincati status', code: 0 },
      { command: 'zincati history', code: 0 },
    ],
  },
];

const HEAD = `# A walk through an update

This is a whole update in a terminal. A test runs these commands and compares this page with what they print. Only times, the
node's name and ids are those of an example.

The node runs in the sandbox of the tests, with real releases and the real agent. Its strategy is \`periodic\`, with a window on
Saturdays at 02:00. The sandbox has no systemd, and knows nothing of \`/boot\`: two gates say so. [Commands](commands.md) has all
options and exit codes.`;

export function walkPage(printed: ReadonlyMap<Scene, readonly Printed[]>): string {
  const sections = [...printed].flatMap(([{ title, text }, shown]) => [
    `## ${title}`,
    text,
    ...shown.map(block),
  ]);
  return `${[HEAD, ...sections].join('\n\n')}\n`;
}

/** One command with its output, as pages show it. */
export function block({ command, output }: Printed): string {
  return `\`\`\`\n$ ${command}\n${output}\n\`\`\``;
}

/** When the hold of the example ends, as it is typed: UTC. */
export const UNTIL = '2026-11-28 18:00';

/** The same in the test's own time. */
export function untilOf(opensAt: number): string {
  return clock(opensAt + 16 * HOUR_MS);
}

const clock = (at: number): string => new Date(at).toISOString().slice(0, 16).replace('T', ' ');

const DAY = String.raw`(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) `;
/** `Sat 28 Nov 02:00 UTC`, as commands print it, or `Sat 2026-11-28 02:00:00 UTC`, as the agent does. */
const INSTANT = new RegExp(
  String.raw`${DAY}(?:(?<date>\d{1,2} [A-Z][a-z]{2})(?<year> \d{4})? (?<time>\d\d:\d\d)|(?<iso>\d{4}-\d\d-\d\d \d\d:\d\d)(?<seconds>:\d\d)?) UTC(?: \((?<away>in [^)]*|now|today|tomorrow)\))?`,
  'g',
);

/** What was printed, as it reads in the example. `booted`: the node has rebooted meanwhile. */
export function inExample(text: string, times: WalkTimes, hasRebooted: boolean): string {
  const since = hasRebooted ? NOW : BOOTED;
  const boot = `since ${localTime(since, { now: NOW, zone: UTC })} (${hasRebooted ? '20 s' : '23 d'})`;
  return text
    .replaceAll(/^(node +)\S+, stream stable, \S+$/gm, '$1core-7, stream stable, x86_64')
    .replaceAll(/^(booted .*)since .*? \([^)]*\)/gm, '$1BOOT')
    .replaceAll(/, next (?:now|in .*)$/gm, `, next ${distance(SOON, { now: NOW })}`)
    .replaceAll(/\b[\da-f]{8}-(\d+)\b/g, '1f3a9c20-$1')
    .replaceAll(/, \d+ s down\b/g, ', 20 s down')
    .replaceAll(INSTANT, (...match) => shown(match.at(-1) as Groups, times))
    .replaceAll(/^(booted .*)BOOT$/gm, `$1${boot}`);
}

type Groups = Readonly<Partial<Record<'date' | 'year' | 'time' | 'iso' | 'seconds' | 'away', string>>>;

function shown({ date, year, time, iso, seconds, away }: Groups, times: WalkTimes): string {
  const inYear = year ?? ` ${new Date(times.startedAt).getUTCFullYear()}`;
  const real = Date.parse(iso === undefined ? `${date ?? ''}${inYear} ${time ?? ''} UTC` : `${iso}Z`);
  const isSoon = away !== undefined && /^(?:now|in \d+ (?:min|s)\b.*)$/.test(away);
  const at = isSoon ? SOON : exampleOf(real, times);
  const local = localTime(at, { now: NOW, zone: UTC });
  const text = iso === undefined ? local : `${local.slice(0, 3)} ${clock(at)}${seconds ?? ''} UTC`;
  if (away === undefined) {
    return text;
  }
  const isByDate = /days?$|^today$|^tomorrow$/.test(away);
  return `${text} (${isByDate ? showDistance(UTC, NOW, at) : distance(at, { now: NOW })})`;
}

function exampleOf(at: number, { startedAt, opensAt }: WalkTimes): number {
  if (Math.abs(at - startedAt) <= HOUR_MS) {
    return NOW;
  }
  if (at < opensAt - HOUR_MS) {
    throw new Error(`an instant that the walk does not know: ${new Date(at).toISOString()}`);
  }
  return OPENS + (at - opensAt);
}
