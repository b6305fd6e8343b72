/** Who a user id is, for people. Pure. */

/** Names of others could come from anywhere, and looking them up may take a network. */
export function userName(uid: number): string {
  return uid === 0 ? 'root' : `uid ${uid}`;
}
