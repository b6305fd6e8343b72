/**
 * Who this node is, towards update and lock servers and in metrics.
 *
 * Invariant: a fact that the settings give is never looked up, so a host that lacks it can always be described by hand.
 */
import { machine as unameMachine } from 'node:os';

import type { Settings } from '../config/settings.ts';
import { basearch } from './basearch.ts';
import { nodeUuid } from './node-uuid.ts';
import { platform } from './platform.ts';

export interface Identity {
  /** 32 lower-hex digits. */
  readonly nodeUuid: string;
  readonly platform: string;
  readonly basearch: string;
  readonly group: string;
  /** 0.0 to 1.0. Undefined: the server chooses. */
  readonly rolloutWariness: number | undefined;
  /** As configured. Undefined: that of the booted deployment counts, see resolveStream. */
  readonly stream: string | undefined;
}

/** Reads the node's facts below `root`. Rejects with IdentityError, whose message says which key to set. */
export async function loadIdentity(
  root: string,
  settings: Pick<Settings, 'identity'>,
  machine: string = unameMachine(),
): Promise<Identity> {
  const configured = settings.identity;
  return Object.freeze({
    nodeUuid: configured.nodeUuid ?? (await nodeUuid(root)),
    platform: configured.platform ?? (await platform(root)),
    basearch: basearch(machine),
    group: configured.group,
    rolloutWariness: configured.rolloutWariness,
    stream: configured.stream,
  });
}
