/** The token by which a node names itself to a server, out of a file that only the agent can read. */
import { badCredential, readCredentialFile, type CredentialFile } from '../files/credential-file.ts';
import { KIBIBYTE } from '../text/units.ts';

/** Tokens of clusters, signed claims included, have about one kilobyte. */
const MAX_BEARER_BYTES = 4 * KIBIBYTE;
/** Nothing that could end a header, and no blank in it: that would be two words. */
const TOKEN = /^[\x21-\x7e]+$/;

/** Rejects with HttpError `http_bad_credentials`. */
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
