/** A lock server as the agent's record knows it: where it is asked, and as which node. Pure. */
import { STREAM_TEMPLATE, type SlotFiles, type SlotPlace } from '../agent/slot-place.ts';
import type { Settings } from '../config/settings.ts';
import type { TemplateValues } from '../http/base-url.ts';
import { expandTemplate } from '../text/url-template.ts';
import { NAME } from './fleet-lock.ts';

type LockSettings = Settings['updates']['fleetLock'] & { readonly baseUrl: string };
type Node = Omit<TemplateValues, 'stream'> & { readonly nodeUuid: string };

/** All templates but the stream's are filled in. */
export function lockPlace(settings: LockSettings, node: Node): SlotPlace {
  const values = { ...node, stream: '' };
  const { caFile: ca, clientCertFile: cert, clientKeyFile: key, bearerFile: bearer } = settings;
  const files: SlotFiles = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(bearer !== undefined && { bearer }),
  };
  return {
    lender: NAME,
    address: settings.baseUrl
      .split(STREAM_TEMPLATE)
      .map((part) => expandTemplate(part, values))
      .join(STREAM_TEMPLATE),
    group: node.group,
    id: node.nodeUuid,
    ...(Object.keys(files).length > 0 && { files }),
  };
}

/** The settings and the node with which a slot is given back where it was taken. */
export function settingsOf(
  { address, group, id, files = {} }: SlotPlace,
  timeoutMs: number,
): { readonly settings: LockSettings; readonly node: Node & { readonly stream: undefined } } {
  return {
    settings: {
      baseUrl: address,
      caFile: files.ca,
      clientCertFile: files.cert,
      clientKeyFile: files.key,
      bearerFile: files.bearer,
      timeoutMs,
    },
    node: { basearch: '', platform: '', group, nodeUuid: id, stream: undefined },
  };
}
