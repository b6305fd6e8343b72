/**
 * Reads a file that proves who this node is, or who a server must be: tokens, keys, certificates.
 *
 * Invariants:
 * - What is checked and what is read come from one opened descriptor.
 * - Neither a FIFO nor a device holds the agent.
 * - An error names the key and the file. It never repeats a byte of what is in the file, not even where somebody has
 *   written that in place of the path.
 * - Each request reads its files anew, so a rotated one counts at once. They are small, and requests are rare.
 */
import { resolveBelow } from './resolve-below.ts';
import { HttpError, reasonOf } from '../errors.ts';
import { readFileStart, SmallFileError } from './read-small-file.ts';
import { shownPath } from '../text/shown-path.ts';
import { modeText } from '../text/mode-text.ts';

export interface CredentialFile {
  /** The configuration key that names it, for people. */
  readonly key: string;
  /** As the host sees it. Symbolic links are followed. */
  readonly path: string;
  readonly maxBytes: number;
  /** Others must not be able to read it, nor the group to change it. */
  readonly secret: boolean;
}

/** 0600 and 0640 are fine: the agent is not root, and reads it as its owner or through its group. */
const NOT_FOR_SECRETS = 0o027;

/** `root`: where the host's files are. Rejects with HttpError `http_bad_credentials`. */
export async function readCredentialFile(root: string, file: CredentialFile): Promise<Buffer> {
  try {
    const found = await resolveBelow(root, file.path);
    if (found.kind !== 'found') {
      throw badCredential(file, found.kind === 'null-device' ? 'be a regular file, got /dev/null' : 'exist');
    }
    const { stats, bytes, isWhole } = await readFileStart(found.path, file.maxBytes, 'refuse');
    if (file.secret && (stats.mode & NOT_FOR_SECRETS) !== 0) {
      throw badCredential(
        file,
        `not be readable by others nor writable by its group, got mode ${modeText(stats.mode)}; chmod 0640`,
      );
    }
    if (!isWhole) {
      throw badCredential(file, `be at most ${file.maxBytes} bytes long`);
    }
    return bytes;
  } catch (error) {
    throw asBadCredential(file, error);
  }
}

/** "KEY: PATH must REQUIREMENT". */
export function badCredential(file: CredentialFile, requirement: string, cause?: unknown): HttpError {
  return new HttpError(
    'http_bad_credentials',
    `${file.key}: ${shownPath(file.path)} must ${requirement}`,
    cause === undefined ? undefined : { cause },
  );
}

function asBadCredential(file: CredentialFile, error: unknown): HttpError {
  if (error instanceof HttpError) {
    return error;
  }
  if (error instanceof SmallFileError && error.kind === 'not_regular') {
    return badCredential(file, 'be a regular file, got something else');
  }
  return badCredential(file, `be readable, got: ${reasonOf(error)}`, error);
}
