/**
 * /run/zincati/booted-status-override.json: a deployment that takes the booted one's place in the status, for hosts
 * that move from commits to images.
 *
 * Invariant: only a regular file of bounded size is read, and one that cannot be used is an error, never ignored: the
 * agent would otherwise decide with a deployment that its operator declared wrong.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployment } from '../agent/ports.ts';
import { RpmOstreeError, messageOf } from '../errors.ts';
import { isMissingOrNotDirectory } from '../files/error-code.ts';
import { readFileStart } from '../files/read-small-file.ts';
import { fromStatusJson } from './deployment.ts';

const OVERRIDE_PATH = 'run/zincati/booted-status-override.json';

/** Real ones weigh up to 300 kB for each of two metadata texts. */
const LARGEST_OVERRIDE_BYTES = 4 * 1024 * 1024;

/** Undefined when there is no such file. */
export async function readBootedOverride(root: string): Promise<Deployment | undefined> {
  const path = join(root, OVERRIDE_PATH);
  try {
    const { size, bytes, isWhole } = await readFileStart(path, LARGEST_OVERRIDE_BYTES);
    if (!isWhole) {
      throw new Error(`it must have at most ${LARGEST_OVERRIDE_BYTES} bytes, got ${size}`);
    }
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    return fromStatusJson(json);
  } catch (error) {
    if (isMissingOrNotDirectory(error)) {
      return undefined;
    }
    const why = messageOf(error);
    throw new RpmOstreeError('rpm_ostree_malformed_reply', `cannot use ${path}: ${why}`, { cause: error });
  }
}

/** Changes when the file does; cheap. */
export async function overrideStamp(root: string): Promise<string> {
  try {
    const { mtimeNs, size, ino } = await stat(join(root, OVERRIDE_PATH), { bigint: true });
    return `${mtimeNs} ${size} ${ino}`;
  } catch {
    return 'none';
  }
}
