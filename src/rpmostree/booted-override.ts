/**
 * Reads /run/zincati/booted-status-override.json: a deployment that replaces the booted one in the status, for hosts
 * that move from commits to images.
 *
 * Invariants:
 * - Only a regular file is read, and only JSON of bounded size and shape is built.
 * - A file that cannot be used is an error. Ignoring it would mean deciding by a deployment that its operator declared
 *   wrong.
 */
import { join } from 'node:path';
import type { Deployment } from '../agent/ports.ts';
import { RpmOstreeError, messageOf } from '../errors.ts';
import { isMissingOrNotDirectory } from '../files/error-code.ts';
import { readFileStart } from '../files/read-small-file.ts';
import { METADATA_JSON, parseJsonBytes } from '../text/bounded-json.ts';
import { fromStatusJson } from './deployment.ts';
import { fileStamp } from './file-stamp.ts';

const OVERRIDE_PATH = 'run/zincati/booted-status-override.json';

/** Real files have two metadata texts of up to 300 kB each. */
const LARGEST_OVERRIDE_BYTES = METADATA_JSON.bytes;

/** Undefined when there is no such file. Rejects with RpmOstreeError `rpm_ostree_malformed_reply`. */
export async function readBootedOverride(root: string): Promise<Deployment | undefined> {
  const path = join(root, OVERRIDE_PATH);
  try {
    const { size, bytes, isWhole } = await readFileStart(path, LARGEST_OVERRIDE_BYTES);
    if (!isWhole) {
      throw new Error(`it must have at most ${LARGEST_OVERRIDE_BYTES} bytes, got ${size}`);
    }
    return fromStatusJson(parseJsonBytes(bytes, METADATA_JSON));
  } catch (error) {
    if (isMissingOrNotDirectory(error)) {
      return undefined;
    }
    const why = messageOf(error);
    throw new RpmOstreeError('rpm_ostree_malformed_reply', `cannot use ${path}: ${why}`, { cause: error });
  }
}

/** A text that changes whenever the file does. It is cheap to compute. */
export async function overrideStamp(root: string): Promise<string> {
  return (await fileStamp(join(root, OVERRIDE_PATH))) ?? 'none';
}
