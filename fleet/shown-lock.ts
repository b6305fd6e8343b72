/** Addresses of lock servers, for people. Pure. */

/** Without a user name and a password. */
export function withoutUserInfo(address: string): string {
  return address.replace(/^([a-z]+:\/\/)[^/@]*@/i, '$1');
}
