import { describe, expect, it } from 'vitest';

import { type Known, redacted } from '../../../src/cli/redaction.ts';
import { computing } from '../../support/computing.ts';

const NODE = '1e0a5f3c9d224b7a8c6de0f1a2b3c49c';
const KNOWN: Known = {
  secrets: ['tok-6f1ed002ab', 's3cr/t p'],
  ids: [NODE],
  hostNames: ['core-7.example.com', 'localhost'],
};
const shown = (text: string): string => redacted(text, KNOWN);

describe('secrets', () => {
  it.each([
    ['what is known', 'the server says: bad token tok-6f1ed002ab!', /tok-6f/],
    ['a password in an address', 'GET https://user:p4ss/w@rd@updates.example.com/v1 failed', /user|p4ss|rd@/],
    ['a query', 'http://a.example/graph?access=p4ssw0rd&x=1 and more', /p4ssw0rd/],
    ['a header', 'authorization: Bearer abc.def-ghi', /abc\.def/],
    ['basic authentication', 'proxy said: Basic dXNlcjpwYXNz', /dXNl/],
    ['a key and its value', 'api_key = "abc def", password=hunter2 {"token":"zzz"}', /abc|hunter2|zzz/],
    ['a private key', '-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----\nrest', /MHcCAQ/],
    ['a private key without an end', 'x -----BEGIN PRIVATE KEY-----\nMHcCAQ\n', /MHcCAQ/],
  ])('%s', (_, text, secret) => {
    expect(shown(text)).not.toMatch(secret);
  });

  it('the rest stays', () => {
    expect(shown('GET https://user:pass@updates.example.com/v1 failed')).toBe(
      'GET https://***@updates.example.com/v1 failed',
    );
    const image = 'ostree-remote-image:fedora:docker://quay.io/fedora/coreos@sha256:7b7b';
    expect(shown(image)).toBe(image);
    const file = 'updates.fleet_lock.bearer_file = "/etc/zincati/token"';
    expect(shown(file)).toBe(file);
  });

  it('a text made to be slow takes no time', () => {
    const usedMs = computing();
    shown('a://'.repeat(100_000));
    shown('-----BEGIN '.repeat(50_000));
    shown('token=\t'.repeat(50_000));
    expect(usedMs()).toBeLessThan(10_000);
  });
});

it('an id is shortened, in every form', () => {
  expect(shown(`id ${NODE} ${NODE.toUpperCase()} 1e0a5f3c-9d22-4b7a-8c6d-e0f1a2b3c49c`)).toBe(
    'id 1e0a...9c 1e0a...9c 1e0a...9c',
  );
});

it('the name of the host is replaced as a word', () => {
  expect(shown('core-7 CORE-7.example.com core-70 my-core-7 localhost "core-7"')).toBe(
    'THIS-HOST THIS-HOST core-70 my-core-7 localhost "THIS-HOST"',
  );
});
