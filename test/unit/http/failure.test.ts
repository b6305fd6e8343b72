/** Errors in the shapes of sockets, TLS and undici. test/integration/http.test.ts has the real ones. */
import { describe, expect, it } from 'vitest';

import { HttpError } from '../../../src/errors.ts';
import { describeFailure } from '../../../src/http/failure.ts';

function coded(code: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { code }, more);
}

describe('what went wrong, for people', () => {
  it.each<[Error, string, string]>([
    [
      coded('ECONNREFUSED', 'connect ECONNREFUSED 192.0.2.1:443'),
      'http_unreachable',
      'connection refused (192.0.2.1:443)',
    ],
    [
      coded('ECONNREFUSED', 'connect ECONNREFUSED fd00::1:443'),
      'http_unreachable',
      'connection refused (fd00::1:443)',
    ],
    [coded('ENOTFOUND', 'getaddrinfo ENOTFOUND h'), 'http_unreachable', 'the host name is unknown'],
    [
      coded('EAI_AGAIN', 'getaddrinfo EAI_AGAIN h'),
      'http_unreachable',
      'the host name cannot be resolved at the moment (is DNS up?)',
    ],
    [
      coded('EHOSTUNREACH', 'connect EHOSTUNREACH 192.0.2.1:80'),
      'http_unreachable',
      'no route to the host (192.0.2.1:80)',
    ],
    [coded('ETIMEDOUT', 'x'), 'http_timeout', 'the connection was not made in time'],
    [coded('UND_ERR_CONNECT_TIMEOUT', 'x'), 'http_timeout', 'the connection was not made in time'],
    [
      coded('CERT_HAS_EXPIRED', 'certificate has expired'),
      'http_tls',
      'the certificate has expired (is the clock right?)',
    ],
    [
      coded('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'C0:error:0A:file.c:1:', {
        reason: 'tlsv1 alert protocol version',
      }),
      'http_tls',
      'the server does not speak TLS as it should: tlsv1 alert protocol version',
    ],
    [coded('ECONNRESET', 'read ECONNRESET'), 'http_broken_reply', 'the connection was reset'],
    [coded('HPE_INVALID_CONSTANT', 'x'), 'http_broken_reply', 'the answer is no valid HTTP'],
    [coded('constructor', 'odd\n\u001b[2J'), 'http_broken_reply', 'odd \uFFFD[2J'],
    [new TypeError('odd'), 'http_broken_reply', 'odd'],
    [
      new AggregateError([coded('ECONNREFUSED', 'connect ECONNREFUSED ::1:80'), coded('EPERM', 'x')]),
      'http_unreachable',
      'connection refused (::1:80)',
    ],
    [
      new Error('outer', { cause: coded('ECONNREFUSED', 'connect ECONNREFUSED 192.0.2.1:443') }),
      'http_unreachable',
      'connection refused',
    ],
  ])('%s', (error, kind, message) => {
    expect(describeFailure(error)).toMatchObject({ kind, message, cause: error });
  });

  it('is not said twice', () => {
    const known = new HttpError('http_timeout', 'x');
    expect(describeFailure(known)).toBe(known);
  });
});
