import { describe, expect, it } from 'vitest';

import { graphAddress, isAddress } from '../../../../fleet/graph/graph-address.ts';
import { pathInFolder, scopeName, scopeScheme } from '../../../../fleet/graph/graph-scope.ts';
import { graphUrl } from '../../../../src/cincinnati/sources/cincinnati-client.ts';
import { booted } from '../../../support/graphs.ts';

const SCOPE = { stream: 'stable', basearch: 'x86_64', scheme: 'checksum' } as const;

describe('graphAddress', () => {
  it.each([
    'http://h',
    'http://h/',
    'https://h:1/p',
    'https://h/p/',
    'https://h/${stream}/${basearch}',
    'https://h/p?token=x',
  ])('leads from %s where it leads an agent', (baseUrl) => {
    const node = {
      ...{ basearch: 'x86_64', stream: 'stable', platform: 'metal', group: 'default' },
      nodeUuid: '0'.repeat(32),
      rolloutWariness: 0,
    };
    const asked = graphUrl({ baseUrl, node }, booted('1'));
    const address = graphAddress(baseUrl, SCOPE, 0);
    expect(address.origin + address.pathname).toBe(asked.origin + asked.pathname);
    for (const [name, value] of address.searchParams) {
      expect([name, asked.searchParams.get(name)]).toEqual([name, value]);
    }
  });

  it('takes the whole address of a graph as well, and that of a file as it is', () => {
    expect(graphAddress('http://h/p/v1/graph', SCOPE, 1).href).toBe(
      'http://h/p/v1/graph?basearch=x86_64&stream=stable&rollout_wariness=1.000000',
    );
    expect(graphAddress('http://h/p/graph.json?x=1', SCOPE, 1).href).toBe('http://h/p/graph.json?x=1');
    expect(graphAddress('http://h', { ...SCOPE, scheme: 'oci' }, 0).searchParams.get('oci')).toBe('true');
    expect(['http://h', 'HTTPS://h', 'file', './http://h'].map(isAddress)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('refuses another template', () => {
    expect(() => graphAddress('http://h/${secret}', SCOPE, 0)).toThrow(/must have no other templates than/);
  });
});

describe('names of streams and architectures', () => {
  it('are folders that lead nowhere else', () => {
    expect(scopeName('stream', 'next-devel')).toBe('next-devel');
    for (const name of ['', '.', '..', '.hidden', 'a/b', '../x', 'a\0', 'x'.repeat(65), 'oci']) {
      expect(() => scopeName('stream', name)).toThrow(/--stream must be a name such as stable/);
    }
    expect(() => scopeScheme('ostree')).toThrow('--scheme must be checksum or oci, got "ostree"');
    expect(pathInFolder(SCOPE)).toBe('stable/x86_64/v1/graph');
    expect(pathInFolder({ ...SCOPE, scheme: 'oci' })).toBe('oci/stable/x86_64/v1/graph');
  });
});
