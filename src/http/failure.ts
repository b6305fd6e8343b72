/** What undici, TLS and sockets throw, in words for people. Pure. */
import { HttpError, type HttpErrorKind, messageOf, printable } from '../errors.ts';

const UNREACHABLE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name cannot be resolved at the moment (is DNS up?)',
  EAI_FAIL: 'the host name cannot be resolved',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'the network is unreachable',
  EADDRNOTAVAIL: 'no local address to connect from',
  EACCES: 'connecting is not permitted (a firewall?)',
  EPERM: 'connecting is not permitted (a firewall?)',
  UND_ERR_PRX_TLS: 'TLS with the proxy failed',
  UND_ERR_PRX_CONN: 'the proxy broke the connection',
};

const TLS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate was issued by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate was issued by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate was issued by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate was issued by an unknown authority',
  CERT_HAS_EXPIRED: 'the certificate has expired (is the clock right?)',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet (is the clock right?)',
  CERT_REVOKED: 'the certificate was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
  EPROTO: 'the server does not speak TLS as it should',
};

/** Errors whose own words say more, such as which names the certificate has or what TLS did not like. */
const TELLING = /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/;

const BROKEN: Readonly<Record<string, string>> = {
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: 'the length of the request is wrong',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer is shorter or longer than it says',
  HPE_HEADER_OVERFLOW: 'the headers of the answer are too long',
  UND_ERR_HEADERS_OVERFLOW: 'the headers of the answer are too long',
};

/** What a request threw, as an HttpError. One that is an HttpError already stays as it is. */
export function describeFailure(error: unknown): HttpError {
  if (error instanceof HttpError) {
    return error;
  }
  const code = codeOf(error);
  const [kind, text] = explain(code);
  const details = detailsOf(firstOf(error));
  const where = /\b(?:\d{1,3}\.){3}\d{1,3}:\d+\b|(?:[0-9a-f]*:){2,}[0-9a-f]+:\d+/i.exec(details)?.[0];
  if (text === undefined) {
    return new HttpError(kind, details, { cause: error });
  }
  const shown = where === undefined ? text : `${text} (${where})`;
  return new HttpError(kind, TELLING.test(code) ? `${text}: ${details}` : shown, { cause: error });
}

function explain(code: string): readonly [HttpErrorKind, string | undefined] {
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    return ['http_timeout', 'the connection was not made in time'];
  }
  if (Object.hasOwn(UNREACHABLE, code)) {
    return ['http_unreachable', UNREACHABLE[code]];
  }
  if (Object.hasOwn(TLS, code)) {
    return ['http_tls', TLS[code]];
  }
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return ['http_tls', TLS['EPROTO']];
  }
  if (Object.hasOwn(BROKEN, code)) {
    return ['http_broken_reply', BROKEN[code]];
  }
  if (code.startsWith('HPE_')) {
    return ['http_broken_reply', 'the answer is no valid HTTP'];
  }
  // A proxy that refuses a tunnel says so in words. The code is the same as for requests that were given up.
  return [code === 'UND_ERR_ABORTED' ? 'http_unreachable' : 'http_broken_reply', undefined];
}

/** OpenSSL's messages name its source files; its `reason` is the part for people. */
function detailsOf(error: unknown): string {
  const reason =
    error instanceof Error && 'reason' in error && typeof error.reason === 'string'
      ? error.reason
      : undefined;
  return printable(reason ?? messageOf(error));
}

/** Several addresses were tried: the first failure stands for all. */
function firstOf(error: unknown): unknown {
  return error instanceof AggregateError && error.errors.length > 0 ? error.errors[0] : error;
}

function codeOf(error: unknown): string {
  for (let level = firstOf(error); level instanceof Error; level = level.cause) {
    if ('code' in level && typeof level.code === 'string') {
      return level.code;
    }
  }
  return '';
}
