/** The token with which a node proves itself to a server, from a file that only the agent can read. */
import { badCredential, readCredentialFile, type CredentialFile } from '../files/credential-file.ts';
import { KIBIBYTE } from '../text/units.ts';

/** A cluster's token has about one kilobyte, signed claims included. */
const MAX_BEARER_BYTES = 4 * KIBIBYTE;
/** No character that could end a header, and no blank: that would make two words of it. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Reads the token, without the blanks around it. `key`: the configuration key that names `path`.
 *
 * Rejects with HttpError `http_bad_credentials`.
 */
export async function readBearer(root: string, key: string, path: string): Promise<string> {
  const file: CredentialFile = { key, path, maxBytes: MAX_BEARER_BYTES, secret: true };
  const token = (await readCredentialFile(root, file))
    .toString('latin1')
    .replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
  if (token === '') {
    throw badCredential(file, 'hold a token, got an empty file');
  }
  if (/[\r\n]/.test(token)) {
    throw badCredential(file, 'have one line, got several');
  }
  if (!TOKEN.test(token)) {
    throw badCredential(file, 'hold visible ASCII characters only, got another one, or a blank');
  }
  return token;
}
