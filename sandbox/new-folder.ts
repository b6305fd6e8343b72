/** Where a sandbox is: below a temporary folder, or where somebody wants it. */
import { mkdir, mkdtemp } from 'node:fs/promises';
import { resolve } from 'node:path';
import { messageOf } from '../src/errors.ts';
import { UsageError } from './program.ts';

/** Resolves with its absolute path. Rejects with UsageError. */
export async function newFolder(wanted: string | undefined): Promise<string> {
  if (wanted === undefined) {
    return await mkdtemp('/tmp/zincati-demo-');
  }
  try {
    await mkdir(wanted);
  } catch (error) {
    throw new UsageError(`--folder must be a new folder in one that exists: ${messageOf(error)}`);
  }
  return resolve(wanted);
}
