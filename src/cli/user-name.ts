/**
 * Who a user id is, for people.
 *
 * Invariant: names come from this host's own /etc/passwd alone. Asking anything else may take a network.
 */
import path from 'node:path';

import { printable } from '../errors.ts';
import { readNow } from '../files/read-now.ts';
import { KIBIBYTE } from '../text/units.ts';

/** Names by user id. */
export type Users = ReadonlyMap<number, string>;

/** Of a host with thousands of users. A larger file names nobody. */
const MOST_BYTES = 256 * KIBIBYTE;

/** Never throws: ids whose names cannot be told stay numbers. `root`: prefix of the host's paths. */
export function hostUsers(root: string): Users {
  try {
    return usersIn(new TextDecoder().decode(readNow(path.join(root, '/etc/passwd'), MOST_BYTES)));
  } catch {
    return new Map();
  }
}

const ENTRY = /^([^:\s]{1,64}):[^:]*:(\d{1,10}):/;

/** Of a file as passwd(5) describes it. The first name of an id counts. Pure. */
export function usersIn(text: string): Users {
  const users = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [, name, uid] = ENTRY.exec(line) ?? [];
    if (name !== undefined && !users.has(Number(uid))) {
      users.set(Number(uid), printable(name));
    }
  }
  return users;
}

/** `root`, `core`, or `uid 1000`. */
export function userName(uid: number, users: Users): string {
  return uid === 0 ? 'root' : (users.get(uid) ?? `uid ${uid}`);
}
