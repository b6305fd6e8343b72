/**
 * Which authorities may vouch for servers: those that come with the runtime, and those that the host trusts.
 *
 * Invariant: the host's are read once, when a server is first asked over TLS. They take megabytes, and a node whose servers
 * speak plain HTTP on its own network never needs them.
 */
import type * as Tls from 'node:tls';

import type { Environment } from './proxy.ts';

/** The runtime's own variable. With `0` only the runtime's authorities count; with `1` it reads the host's at its start. */
const SWITCH = 'NODE_USE_SYSTEM_CA';

let isSettled = false;

/** To be called before the first use of TLS. Where the host's store cannot be read, the runtime's authorities are left. */
export function trustHostAuthorities(env: Environment): void {
  if (isSettled) {
    return;
  }
  isSettled = true;
  if (env[SWITCH] === '0') {
    return;
  }
  const tls: Partial<typeof Tls> = process.getBuiltinModule('node:tls');
  // Before Node 24.5 there is no such function, and the launcher has the runtime read them.
  tls.setDefaultCACertificates?.([
    ...(tls.getCACertificates?.('default') ?? []),
    ...(tls.getCACertificates?.('system') ?? []),
  ]);
}
