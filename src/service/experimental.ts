/** Zincati's D-Bus interface, word for word. The policy of the bus lets only root call it. */
import type { ExportedInterface } from '../dbus/types.ts';
import { SECOND_MS } from '../text/units.ts';

export const SERVICE_NAME = 'org.coreos.zincati';
export const EXPERIMENTAL_PATH = '/org/coreos/zincati';
export const EXPERIMENTAL_INTERFACE = `${SERVICE_NAME}.Experimental`;

export interface ExperimentalFacts {
  /** When the agent last went to work, in milliseconds since 1970 UTC. Undefined: not yet. */
  lastRefreshAt(): number | undefined;
}

export function experimentalInterface(facts: ExperimentalFacts): ExportedInterface {
  return {
    path: EXPERIMENTAL_PATH,
    name: EXPERIMENTAL_INTERFACE,
    methods: [
      {
        member: 'LastRefreshTime',
        in: '',
        out: 'x',
        handle: () => [BigInt(Math.floor((facts.lastRefreshAt() ?? 0) / SECOND_MS))],
      },
      {
        member: 'Moo',
        in: 'b',
        out: 's',
        argNames: ['talkative'],
        handle: ([talkative]) => [talkative === true ? 'Moooo mooo moooo!' : 'moo.'],
      },
    ],
  };
}
