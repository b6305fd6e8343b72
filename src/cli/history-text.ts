/** Entries of the history as lines for people. Pure. */
import { printable } from '../errors.ts';
import type { HappenedFacts } from './agent-facts.ts';
import { inLocalTerms } from './agent-text.ts';
import { row } from './columns.ts';
import { describeDuration } from './duration.ts';
import { localTime, type Terms } from './terms.ts';

/** So that entries that come one by one stand below each other. */
const USUAL_TIME = 20;
const USUAL_KIND = 12;

/** `Sat 28 Nov 02:07 CET  updated       updated to '43.2', down for 48 s`. Lines without their breaks. */
export function historyLines(entries: readonly HappenedFacts[], terms: Terms): readonly string[] {
  const cells = entries.map((entry) => ({
    time: localTime(entry.at, terms),
    kind: printable(entry.kind),
    text: sentenceOf(entry, terms),
  }));
  const timeWidth = Math.max(USUAL_TIME, ...cells.map(({ time }) => time.length));
  const kindWidth = Math.max(USUAL_KIND, ...cells.map(({ kind }) => kind.length));
  return cells.flatMap(({ time, kind, text }) =>
    row(`${time.padEnd(timeWidth)}  ${kind.padEnd(kindWidth)}  `, text, {
      labelWidth: timeWidth + kindWidth + 4,
      width: terms.width,
    }),
  );
}

/** The downtime of an update is told once, and so is what the kind says. */
function sentenceOf({ kind, text, fields }: HappenedFacts, terms: Terms): string {
  const said = withoutKind(kind, inLocalTerms(printable(text), terms, { far: false }));
  const { downtimeMs } = fields;
  const isLeftOut = kind === 'updated' && typeof downtimeMs === 'number' && !/\bdown\b/.test(said);
  return isLeftOut ? `${said}, down for ${describeDuration(downtimeMs)}` : said;
}

function withoutKind(kind: string, text: string): string {
  const shown = shortened(kind, text);
  // The instant that the sentence has named already.
  const [end, until = ''] = /[,;] not before ([^,;]+)$/.exec(shown) ?? [''];
  const rest = shown.slice(0, shown.length - end.length);
  return end !== '' && rest.includes(until) ? rest : shown;
}

/** Without what the agent's log says before the news. */
function shortened(kind: string, text: string): string {
  switch (kind) {
    case 'held':
      return text.replace(/^reboot held by the update strategy: /, '');
    case 'request':
      return text.replace(/^request (\S+) of /, '$1 by ').replace(/^request /, '');
    default:
      return text;
  }
}
