/**
 * What a support bundle must not have, as far as this host knows it.
 *
 * Invariant: what cannot be read is not known. It costs nothing else.
 */
import os from 'node:os';
import path from 'node:path';

import { loadSettings } from '../config/load-settings.ts';
import type { Settings } from '../config/settings.ts';
import { readSmallText } from '../files/read-small-file.ts';
import { readBearer } from '../http/bearer-file.ts';
import { asAgent } from '../host/agent-rights.ts';
import { loadIdentity, needsOf } from '../identity/identity.ts';
import { nodeUuid } from '../identity/node-uuid.ts';
import { secretsIn } from '../text/secrets.ts';
import type { Known } from './redaction.ts';

/** Files with one name or id each. */
const HOST_NAME = '/etc/hostname';
const IDS: readonly string[] = ['/etc/machine-id', '/proc/sys/kernel/random/boot_id'];
const ID = /^[0-9a-f]{32}$/i;

/** Never rejects. */
export async function knownSecrets(root: string): Promise<Known> {
  const settings = await known(async () => (await loadSettings(root)).settings);
  const ids = [
    settings === undefined
      ? undefined
      : await known(async () => (await loadIdentity(root, settings, needsOf(undefined))).nodeUuid),
    // Also where another one is configured.
    await known(() => nodeUuid(root)),
    ...(await Promise.all(IDS.map((file) => known(() => readSmallText(path.join(root, file)))))),
  ];
  const names = [os.hostname(), await known(() => readSmallText(path.join(root, HOST_NAME)))];
  return {
    secrets: settings === undefined ? [] : await secretsOf(root, settings),
    ids: ids.map((id) => id?.trim().replaceAll('-', '') ?? '').filter((id) => ID.test(id)),
    hostNames: names.map((name) => name?.trim() ?? '').filter((name) => name !== ''),
  };
}

async function secretsOf(root: string, { cincinnati, updates }: Settings): Promise<readonly string[]> {
  const { baseUrl, bearerFile } = updates.fleetLock;
  const token =
    bearerFile === undefined
      ? undefined
      : await known(() =>
          asAgent(root, () => readBearer(root, 'updates.fleet_lock.bearer_file', bearerFile)),
        );
  const addresses = [cincinnati.baseUrl, baseUrl].flatMap((text) =>
    text !== undefined && URL.canParse(text) ? secretsIn(new URL(text)) : [],
  );
  return token === undefined ? addresses : [...addresses, token];
}

async function known<Value>(read: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
