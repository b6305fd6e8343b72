/**
 * The page for people: what the groups have lent, who waits, why nothing is lent, what happened last. Pure.
 *
 * Invariants:
 * - It runs nothing and loads nothing; its policy forbids both.
 * - Every alarm and every state is a word. Colours are those of the reader's system, and say nothing alone.
 * - Its size is bounded, however many nodes there are.
 */
import { createHash } from 'node:crypto';
import { describeDuration } from '../../src/cli/duration.ts';
import type { Entry } from '../../src/lockd/entry.ts';
import { VERSION } from '../../src/version.ts';
import { markup, trusted, type Html } from '../html.ts';
import type { GroupView } from './lock-service.ts';
import { closedText, pauseText, shownInstant } from './replies.ts';

export interface PageGroup {
  /** Undefined: the store has not told yet. */
  readonly view: GroupView | undefined;
  readonly name: string;
  /** The latest first; undefined: the store does not tell. */
  readonly history: readonly Entry[] | undefined;
}

export interface PageFacts {
  readonly groups: readonly PageGroup[];
  /** Wall clock, milliseconds. */
  readonly nowAt: number;
  /** The store answers. Otherwise the groups are as they were seen last. */
  readonly isCurrent: boolean;
}

/** Holders of a group that are shown. */
const MOST_HOLDERS = 200;
/** Entries of a group's history that are shown. */
export const MOST_SHOWN_ENTRIES = 10;

const STYLE = `
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.5rem }
section { border-top: 2px solid; margin-top: 2rem }
.alarm { border: 2px solid; border-left-width: .75rem; padding: .5rem .75rem }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 }
caption { text-align: left; font-weight: 600 }
th, td { min-width: 7rem; text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid GrayText }
time { white-space: nowrap }
@media (max-width: 40rem) {
  table, caption, tbody, tr, td { display: block }
  thead { position: absolute; clip-path: inset(50%) }
  tr { border-bottom: 1px solid GrayText; padding: .25rem 0 }
  th, td { min-width: 0; border: 0; padding: 0 }
  td::before { content: attr(data-label) ": " }
  .empty { display: none }
}
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** For every answer of the page's address. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

export function pageHtml({ groups, nowAt, isCurrent }: PageFacts): string {
  const old = markup`<p class="alarm"><strong>The store does not answer.</strong> Groups are as this server saw them last.</p>`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reboot slots</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<h1>Reboot slots</h1>
<p>As of ${instant(nowAt)}. <a href="/">Look again</a></p>
${isCurrent ? '' : old}
${groups.map((group) => section(group, nowAt))}
<footer><p>zincati-fleet ${VERSION}</p></footer>
</body>
</html>
`.text;
}

function section({ name, view, history }: PageGroup, nowAt: number): Html {
  const now =
    view === undefined
      ? markup`<p>Nothing is known of it yet.</p>`
      : markup`${states(view, nowAt)}${holdersTable(view, nowAt)}${waitersList(view, nowAt)}`;
  return markup`<section>
<h2>${name}</h2>
${now}
${history === undefined ? '' : historyTable(history)}
</section>
`;
}

function states(
  { name, slots, storedSlots = slots, holders, pause, closed }: GroupView,
  nowAt: number,
): Html {
  const lent = markup`<p>${holders.length} of ${Math.min(slots, storedSlots)} slots lent.</p>\n`;
  const shut =
    closed === undefined ? '' : markup`<p><strong>Closed.</strong> The group ${closedText(closed)}.</p>\n`;
  if (pause === undefined) {
    return markup`${lent}${shut}`;
  }
  const what = pause.lost === undefined ? 'Paused.' : 'Alarm: paused itself.';
  const since = markup`Since ${instant(pause.at)}, for ${ago(nowAt, pause.at)}.`;
  const help = markup`<code>zincati-fleet locks resume ${name}</code> lifts it.`;
  return markup`${lent}<p class="alarm"><strong>${what}</strong> The group ${pauseText(pause)}. ${since} ${help}</p>\n${shut}`;
}

function holdersTable({ holders, maxHoldMs }: GroupView, nowAt: number): Html {
  if (holders.length === 0) {
    return markup`<p>No node holds a slot.</p>\n`;
  }
  const alarm = markup`<strong>Alarm: longer than ${describeDuration(maxHoldMs)}</strong>`;
  const rows = holders
    .slice(0, MOST_HOLDERS)
    .map(({ id, sinceAt, isGuessed, isTooLong }) => [
      id,
      instant(sinceAt),
      `${isGuessed ? 'at least ' : ''}${ago(nowAt, sinceAt)}`,
      isTooLong ? alarm : 'none',
    ]);
  return markup`${table('Who holds a slot', ['Node', 'Since', 'For', 'Alarm'], rows)}${andMore(holders.length - rows.length)}`;
}

function waitersList({ waiters, waiting }: GroupView, nowAt: number): Html {
  if (waiters.length === 0) {
    return markup`<p>No node waits at this server.</p>\n`;
  }
  const items = waiters.map(({ id, sinceAt }) => markup`<li>${id}, for ${ago(nowAt, sinceAt)}</li>\n`);
  return markup`<h3>Who waits at this server, in this order</h3>
<ol>
${items}</ol>
${andMore(waiting - waiters.length)}`;
}

function historyTable(entries: readonly Entry[]): Html {
  if (entries.length === 0) {
    return markup`<p>Nothing has happened yet.</p>`;
  }
  const rows = entries
    .slice(0, MOST_SHOWN_ENTRIES)
    .map(({ at, kind, id, by, text }) => [instant(at), kind, id, by, text]);
  return table('What happened last', ['When', 'What', 'Node', 'By', 'Why'], rows);
}

function andMore(count: number): Html {
  return count > 0 ? markup`<p>And ${count} more.</p>\n` : markup``;
}

/** On narrow screens rows become blocks. The roles keep it a table for those who hear it. */
function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (Html | string)[])[],
): Html {
  const head = heads.map((name) => markup`<th role="columnheader" scope="col">${name}</th>`);
  const body = rows.map((cells) => {
    // An empty cell has no label on narrow screens.
    const written = cells.map((cell, index) =>
      cell === ''
        ? markup`<td role="cell" class="empty"></td>`
        : markup`<td role="cell" data-label="${heads[index] ?? ''}">${cell}</td>`,
    );
    return markup`<tr role="row">${written}</tr>\n`;
  });
  return markup`<table role="table">
<caption>${caption}</caption>
<thead role="rowgroup"><tr role="row">${head}</tr></thead>
<tbody role="rowgroup">
${body}</tbody>
</table>
`;
}

function instant(at: number): Html {
  const shown = shownInstant(at);
  return markup`<time datetime="${shown}">${shown.replace('T', ' ').replace('Z', ' UTC')}</time>`;
}

function ago(nowAt: number, at: number): string {
  return describeDuration(Math.max(nowAt - at, 0));
}
