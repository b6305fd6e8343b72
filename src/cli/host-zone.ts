/** The zone in which a command shows times. */
import { parseTzif } from '../calendar/tzif.ts';
import { isZoneName, LARGEST_ZONE_BYTES, LOCALTIME_FILE, ZONEINFO } from '../calendar/zone-files.ts';
import { UTC, type ZoneRules } from '../calendar/zone-rules.ts';
import { readNow } from '../files/read-now.ts';

/** The zone of TZ, if it is a name, else the host's. A host without any has UTC. `root`: prefix of the host's paths. */
export async function hostZone(root: string, wanted = process.env['TZ']): Promise<ZoneRules> {
  const name = wanted?.replace(/^:/, '') ?? '';
  if (root !== '/') {
    return zoneBelow(root, name);
  }
  return (name === '' ? undefined : zoneNow(name)) ?? zoneNow(undefined) ?? UTC;
}

/** The kernel follows the links of this host by itself. Undefined where no file says it. */
function zoneNow(name: string | undefined): ZoneRules | undefined {
  if (name === 'UTC') {
    return UTC;
  }
  try {
    if (name === undefined) {
      return parseTzif('localtime', readNow(LOCALTIME_FILE, LARGEST_ZONE_BYTES));
    }
    return isZoneName(name) ? parseTzif(name, readNow(`${ZONEINFO}/${name}`, LARGEST_ZONE_BYTES)) : undefined;
  } catch {
    return undefined;
  }
}

async function zoneBelow(root: string, name: string): Promise<ZoneRules> {
  const { HostZones, LOCALTIME } = await import('../calendar/zoneinfo.ts');
  const zones = new HostZones({ root, builtIn: () => undefined, warn: () => undefined });
  try {
    return await zones.load(name === '' ? LOCALTIME : name);
  } catch {
    return zones.load(LOCALTIME).catch(() => UTC);
  }
}
