/** The body of an answer as the server meant it: decompressed, and never larger than allowed. */
import { promisify } from 'node:util';
import { brotliDecompress, gunzip } from 'node:zlib';

import { HttpError } from '../errors.ts';
import { errorCode } from '../files/error-code.ts';
import { tooLarge, type RawReply } from './exchange.ts';

const DECODERS = new Map([
  ['gzip', promisify(gunzip)],
  ['x-gzip', promisify(gunzip)],
  ['br', promisify(brotliDecompress)],
]);

/** Rejects with HttpError `http_too_large` or `http_broken_reply`. */
export async function decodeBody({ headers, body }: RawReply, limitBytes: number): Promise<Buffer> {
  const encoding = headers.get('content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity' || body.length === 0) {
    return body;
  }
  const decode = DECODERS.get(encoding);
  if (decode === undefined) {
    throw new HttpError(
      'http_broken_reply',
      `the content encoding must be gzip or br, got ${JSON.stringify(encoding)}`,
    );
  }
  try {
    // A small body can unpack to gigabytes, so zlib itself stops at the limit.
    return await decode(body, { maxOutputLength: limitBytes });
  } catch (error) {
    if (errorCode(error) === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(limitBytes);
    }
    throw new HttpError('http_broken_reply', `the answer must be ${encoding}, got something else`, {
      cause: error,
    });
  }
}
