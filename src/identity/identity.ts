/**
 * Who this node is, towards update and lock servers and in metrics.
 *
 * Invariants:
 * - A fact that the settings give is never looked up, so a host that lacks it can always be described by hand.
 * - A host that lacks a fact that nobody needs is no worse for it.
 */
import { machine as unameMachine } from 'node:os';

import { IdentityError } from '../errors.ts';
import type { Settings } from '../config/settings.ts';
import { basearch } from './basearch.ts';
import { nodeUuid } from './node-uuid.ts';
import { platform } from './platform.ts';
import { TEMPLATE_NAMES, type TemplateName } from '../text/url-template.ts';

export interface Identity {
  /** 32 lower-hex digits. */
  readonly nodeUuid: string;
  /** Empty: nobody needs it, and the host does not tell. */
  readonly platform: string;
  /** As above. */
  readonly basearch: string;
  readonly group: string;
  /** 0.0 to 1.0. Undefined: the server chooses. */
  readonly rolloutWariness: number | undefined;
  /** As configured. Undefined: that of the booted deployment counts, see resolveStream. */
  readonly stream: string | undefined;
}

type Needs = ReadonlySet<TemplateName>;

const EVERYTHING: Needs = new Set(TEMPLATE_NAMES);

/** Who is asked at `address` alone needs what it names. Undefined: nobody is asked. */
export function needsOf(address: string | undefined): Needs {
  return new Set(TEMPLATE_NAMES.filter((name) => address?.includes(`\${${name}}`) === true));
}

/**
 * The needs of the agent: everything, as Zincati has it. While updates are disabled, no update server is asked, and only what
 * a slot is given back with counts.
 */
export function needsOfAgent({ updates }: Pick<Settings, 'updates'>): Needs {
  if (updates.enabled) {
    return EVERYTHING;
  }
  return needsOf(updates.strategies.includes('fleet_lock') ? updates.fleetLock.baseUrl : undefined);
}

/**
 * Reads the node's facts below `root`. Rejects with IdentityError, whose message says which key to set, where one of
 * `needs` or the node's id is not known.
 */
export async function loadIdentity(
  root: string,
  settings: Pick<Settings, 'identity'>,
  needs: Needs = EVERYTHING,
  machine: string = unameMachine(),
): Promise<Identity> {
  const configured = settings.identity;
  return Object.freeze({
    nodeUuid: configured.nodeUuid ?? (await nodeUuid(root)),
    platform: configured.platform ?? (await known(needs.has('platform'), () => platform(root))),
    basearch: await known(needs.has('basearch'), () => basearch(machine)),
    group: configured.group,
    rolloutWariness: configured.rolloutWariness,
    stream: configured.stream,
  });
}

async function known(isNeeded: boolean, read: () => string | Promise<string>): Promise<string> {
  try {
    return await read();
  } catch (error) {
    if (isNeeded || !(error instanceof IdentityError)) {
      throw error;
    }
    return '';
  }
}
