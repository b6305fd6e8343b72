/** Where a host has its time zones. Pure. */
export const LOCALTIME_FILE = '/etc/localtime';
export const ZONEINFO = '/usr/share/zoneinfo';
/** The largest file of tzdata has 4 KiB. */
export const LARGEST_ZONE_BYTES = 64 * 1024;

const LONGEST_NAME = 255;
const NAME = /^[A-Za-z0-9_+-][A-Za-z0-9_.+-]*(?:\/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)*$/;

/** Whether it can be the name of a file below ZONEINFO. None leads out of that folder. */
export function isZoneName(name: string): boolean {
  return name.length <= LONGEST_NAME && NAME.test(name);
}
