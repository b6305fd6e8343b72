/** Tells whether a file is still the one that was read before. */
import { stat } from 'node:fs/promises';

/** A text that changes whenever the file does. It is cheap to compute. Undefined when there is no file to look at. */
export async function fileStamp(path: string): Promise<string | undefined> {
  try {
    const { mtimeNs, size, ino } = await stat(path, { bigint: true });
    return `${mtimeNs} ${size} ${ino}`;
  } catch {
    return undefined;
  }
}
