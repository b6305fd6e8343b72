/** The request alone. Replies are tested in test/integration/cincinnati.test.ts. */
import { describe, expect, it } from 'vitest';

import { graphUrl } from '../../../../src/cincinnati/sources/cincinnati-client.ts';
import { CincinnatiError } from '../../../../src/errors.ts';
import { payload } from '../../../support/graphs.ts';

const NODE = {
  basearch: 'x86_64',
  stream: 'stable',
  platform: 'qemu',
  group: 'default',
  nodeUuid: '0123456789abcdef0123456789abcdef',
  rolloutWariness: undefined,
};
const BOOTED = { version: '42.1', payload: payload('42.1') };
const ask = (baseUrl: string, node = {}, booted = BOOTED) =>
  Object.fromEntries(graphUrl({ baseUrl, node: { ...NODE, ...node } }, booted).searchParams);

describe('the question', () => {
  it('says who asks and what runs', () => {
    expect(ask('https://h')).toEqual({
      basearch: 'x86_64',
      stream: 'stable',
      node_uuid: NODE.nodeUuid,
      os_version: '42.1',
      os_checksum: BOOTED.payload.value,
      group: 'default',
      platform: 'qemu',
    });
  });

  it.each([
    [0, '0.000000'],
    [1, '1.000000'],
    [0.5, '0.500000'],
    [1 / 3, '0.333333'],
    [1e-7, '0.000000'],
  ])('says the wariness %d with six decimals', (rolloutWariness, expected) => {
    expect(ask('https://h', { rolloutWariness })['rollout_wariness']).toBe(expected);
  });

  it.each([undefined, 0.5, 1])(
    'does not wait for the rollout where a person says so: %s',
    (rolloutWariness) => {
      const { searchParams } = graphUrl(
        { baseUrl: 'https://h', node: { ...NODE, rolloutWariness } },
        BOOTED,
        true,
      );
      expect(searchParams.get('rollout_wariness')).toBe('0.000000');
    },
  );

  it('says when a container image is followed', () => {
    const image = { version: '42.1', payload: payload('42.1', 'oci') };
    expect(ask('https://h', {}, image)).toMatchObject({ oci: 'true', os_checksum: image.payload.value });
    expect(graphUrl({ baseUrl: 'https://h', node: NODE }, image).search).toContain('%40sha256%3A');
  });

  it('keeps the query of the base URL, but the facts about the node win', () => {
    expect(ask('https://h?token=x&stream=other')).toMatchObject({ token: 'x', stream: 'stable' });
  });

  it('cannot be torn apart by what a release calls itself', () => {
    expect(ask('https://h', {}, { ...BOOTED, version: 'a&b=c#d e' })['os_version']).toBe('a&b=c#d e');
  });

  it.each(['nonsense', 'https://h/${what}'])('is refused for the base URL %s', (baseUrl) => {
    expect(() => ask(baseUrl)).toThrow(CincinnatiError);
    expect(() => ask(baseUrl)).toThrow(
      expect.objectContaining({
        kind: 'client_failed_build',
        message: expect.stringMatching(/^cannot ask for updates: cincinnati\.base_url must /) as string,
      }) as Error,
    );
  });
});
