/**
 * Who may do what: by a token or a certificate, group by group.
 *
 * Invariants:
 * - A token of one group opens no other group, and an administrator's opens none for nodes.
 * - Tokens are compared by their hashes, in constant time.
 * - Where a group names both, a node needs both.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { LockdGroup } from './config-groups.ts';

/** How a request proves itself. */
export interface Proof {
  /** The header Authorization. */
  readonly authorization: string | undefined;
  /** Names in the client's certificate, lower case; empty without one. */
  readonly names: readonly string[];
}

/** `unauthorized`: a token is missing or unknown. `forbidden`: this one is not of the group. */
export type Entrance = 'open' | 'unauthorized' | 'forbidden';

export function entranceOf(group: LockdGroup, { authorization, names }: Proof): Entrance {
  const { tokenHashes, clientNames } = group;
  if (tokenHashes.length > 0 && !hasToken(authorization, tokenHashes)) {
    return authorization === undefined ? 'unauthorized' : 'forbidden';
  }
  return clientNames.length === 0 || names.some((name) => clientNames.some((allowed) => fits(name, allowed)))
    ? 'open'
    : 'forbidden';
}

export function hasToken(authorization: string | undefined, hashes: readonly string[]): boolean {
  const [, token] = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) {
    return false;
  }
  const given = createHash('sha256').update(token).digest();
  // All of them are looked at.
  return hashes.map((hash) => timingSafeEqual(given, Buffer.from(hash, 'hex'))).some((isSame) => isSame);
}

/** The password that a browser was given, as a token; its name does not matter. Anything else stays as it is. */
export function asBearer(authorization: string | undefined): string | undefined {
  const [, pair] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
  return pair === undefined
    ? authorization
    : `Bearer ${Buffer.from(pair, 'base64')
        .toString('utf8')
        .replace(/^[^:]*:/, '')}`;
}

/** `*.workers.example` stands for one more part in front. */
function fits(name: string, allowed: string): boolean {
  return allowed.startsWith('*.')
    ? name.endsWith(allowed.slice(1)) &&
        !name.slice(0, 1 - allowed.length).includes('.') &&
        name.length >= allowed.length
    : name === allowed;
}

/** A token that nobody guesses, and its hash as the configuration wants it. */
export function newToken(): { readonly token: string; readonly hash: string } {
  const token = randomBytes(32).toString('base64url');
  return { token, hash: `sha256:${createHash('sha256').update(token).digest('hex')}` };
}
