/**
 * Where a redirect leads, if it may be followed. Pure.
 *
 * Invariants:
 * - From https it leads only to https: nobody on the line must be able to pull a node down to plain text.
 * - From http it may lead to either.
 * - A POST keeps its method and body, or is not redirected at all: as a GET it would mean something else.
 */
import { HttpError } from '../errors.ts';

const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];
const KEEP_METHOD: readonly number[] = [307, 308];

/** Undefined: `reply` is no redirect but the answer. Throws HttpError `http_redirect_refused`. */
export function nextHop(
  from: URL,
  method: 'GET' | 'POST',
  reply: { readonly status: number; readonly headers: ReadonlyMap<string, string> },
): URL | undefined {
  const location = reply.headers.get('location');
  if (!REDIRECTS.includes(reply.status) || location === undefined) {
    return undefined;
  }
  if (method === 'POST' && !KEEP_METHOD.includes(reply.status)) {
    throw refused(`a ${method} must be redirected with status 307 or 308, got ${reply.status}`);
  }
  const to = URL.parse(location, from.href);
  const schemes = from.protocol === 'https:' ? ['https:'] : ['http:', 'https:'];
  if (to === null || !schemes.includes(to.protocol)) {
    const allowed = schemes.map((scheme) => `${scheme}//`).join(' or ');
    // Only the scheme, since the rest may repeat what the request's own address keeps secret.
    const scheme = /^[a-z][a-z0-9+.-]{0,20}:/i.exec(location)?.[0];
    throw refused(`a redirect must lead to ${allowed}, got ${scheme ?? 'something else'}`);
  }
  to.username = '';
  to.password = '';
  to.hash = '';
  return to;
}

function refused(message: string): HttpError {
  return new HttpError('http_redirect_refused', message);
}
