/** The methods of Agent1 that change nothing, for everybody. */
import type { ExportedMethod } from '../dbus/types.ts';
import type { AgentPort } from './agent-port.ts';
import { encodeEntry, encodeExplanation, encodeSetting, encodeSpan } from './encode.ts';
import { readOverrides, withOptions } from './method-parts.ts';
import { readOptions, readRange } from './options.ts';
import { LONGEST_LIST } from './wire-values.ts';

const DEFAULT_ENTRIES = 50;
const DEFAULT_DAYS = 14;
const MOST_DAYS = 366;

export interface ReadingParts {
  readonly port: Pick<AgentPort, 'explain' | 'history' | 'calendar' | 'configuration'>;
  /** Ends with the agent. */
  readonly life: AbortSignal;
}

export function readingMethods({ port, life }: ReadingParts): readonly ExportedMethod[] {
  return [
    {
      ...withOptions('Explain', '', 'a{sv}', 'explanation'),
      handle: async ([given]) => {
        const options = readOptions('Explain', given, { override: 'texts' });
        return [encodeExplanation(await port.explain(readOverrides(options.override), life))];
      },
    },
    {
      ...withOptions('History', '', 'aa{sv}', 'entries'),
      handle: async ([given]) => {
        const options = readOptions('History', given, { newest: 'count', since: 'instant' });
        const range = { least: 1, most: LONGEST_LIST, otherwise: DEFAULT_ENTRIES };
        const newest = readRange('newest', options.newest, range);
        const since = options.since === undefined ? {} : { sinceAt: options.since };
        return [(await port.history({ newest, ...since })).slice(0, LONGEST_LIST).map(encodeEntry)];
      },
    },
    {
      ...withOptions('Calendar', '', 'aa{sv}', 'spans'),
      handle: async ([given]) => {
        const options = readOptions('Calendar', given, { days: 'count' });
        const range = { least: 1, most: MOST_DAYS, otherwise: DEFAULT_DAYS };
        const spans = await port.calendar(readRange('days', options.days, range));
        return [spans.slice(0, LONGEST_LIST).map(encodeSpan)];
      },
    },
    {
      ...withOptions('ShowConfiguration', '', 'aa{sv}', 'settings'),
      handle: ([given]) => {
        readOptions('ShowConfiguration', given, {});
        return [port.configuration().slice(0, LONGEST_LIST).map(encodeSetting)];
      },
    },
  ];
}
