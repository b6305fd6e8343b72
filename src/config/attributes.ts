/**
 * Reads what Afterburn found out about the machine. Afterburn writes the file for systemd units, so it is parsed as
 * systemd parses it.
 *
 * Invariants:
 * - Anything but a small regular file of text is refused.
 * - A file that everyone can write to is refused.
 */
import { ConfigError, reasonOf } from '../errors.ts';
import { accessRemedy } from '../files/access-remedy.ts';
import { errorCode } from '../files/error-code.ts';
import { readSmallFile } from '../files/read-small-file.ts';
import { resolveBelow } from '../files/resolve-below.ts';
import { printable } from '../text/printable.ts';
import { KIBIBYTE } from '../text/units.ts';
import { ATTRIBUTES_FILE, type Attributes } from './attribute-template.ts';
import { parseEnvironmentFile } from './environment-file.ts';
import { modeText } from '../text/mode-text.ts';

/** Clouds provide a page or two. */
const MAX_ATTRIBUTES_BYTES = 64 * KIBIBYTE;
const WRITABLE_BY_OTHERS = 0o002;

/**
 * The attributes whose names start with AFTERBURN_; undefined when the file does not exist. `neededBy` names the keys
 * that use them, for people. Rejects with ConfigError `config_unreadable`.
 */
export async function readAttributes(root: string, neededBy: string): Promise<Attributes | undefined> {
  try {
    const found = await resolveBelow(root, ATTRIBUTES_FILE);
    if (found.kind === 'missing') {
      return undefined;
    }
    if (found.kind !== 'found' || !found.stats.isFile()) {
      throw new Error('it must be a regular file');
    }
    if ((found.stats.mode & WRITABLE_BY_OTHERS) !== 0) {
      throw new Error(
        `it must not be writable by everyone, got mode ${modeText(found.stats.mode)}; chmod o-w ${ATTRIBUTES_FILE}`,
      );
    }
    const text = textOf(await readSmallFile(found.path, MAX_ATTRIBUTES_BYTES));
    return new Map([...parseEnvironmentFile(text)].filter(([name]) => name.startsWith('AFTERBURN_')));
  } catch (error) {
    const message = `cannot read ${ATTRIBUTES_FILE}, which ${neededBy} needs: ${reasonOf(error)}${accessRemedy(error)}`;
    throw new ConfigError('config_unreadable', printable(message), {
      cause: error,
      mayCome: errorCode(error) !== undefined,
    });
  }
}

function textOf(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Error('it must be UTF-8 text', { cause: error });
  }
  if (text.includes('\0')) {
    throw new Error('it must be text, got a byte 0');
  }
  return text;
}
