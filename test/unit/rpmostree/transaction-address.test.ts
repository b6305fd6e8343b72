/** Transaction addresses below another root. Only Unix sockets are accepted. */
import { describe, expect, it } from 'vitest';
import { transactionAddress } from '../../../src/rpmostree/transaction-address.ts';

describe('transactionAddress', () => {
  it.each([
    ['unix:path=/run/rpm-ostree-transaction.sock', '/', 'unix:path=/run/rpm-ostree-transaction.sock'],
    ['unix:path=/run/x.sock', '/tmp/host 1', 'unix:path=/tmp/host%201/run/x.sock'],
    ['unix:abstract=/x', '/tmp/host', 'unix:abstract=/x'],
  ])('%s below %s', (address, root, expected) => {
    expect(transactionAddress(address, root)).toBe(expected);
  });

  it.each(['', 'tcp:host=192.0.2.1,port=1', 'unixexec:path=/bin/sh', 'nonsense'])('refuses %j', (address) => {
    expect(() => transactionAddress(address, '/')).toThrow(
      expect.objectContaining({ kind: 'rpm_ostree_malformed_reply' }),
    );
  });
});
