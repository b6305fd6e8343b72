import { open } from 'node:fs/promises';
import { expect, it } from 'vitest';

import { errorCode, isMissing, isMissingOrNotDirectory } from '../../../src/files/error-code.ts';
import { HostTree } from '../../support/host-tree.ts';

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

it('tells what is missing from what stands in the way', async () => {
  await using host = await HostTree.create({ '/file': '' });
  await host.link('/loop', 'loop');
  const missing = await failure(open(host.at('/nowhere')));
  const belowFile = await failure(open(host.at('/file/x')));
  const loop = await failure(open(host.at('/loop')));
  expect([missing, belowFile, loop].map(errorCode)).toEqual(['ENOENT', 'ENOTDIR', 'ELOOP']);
  expect([missing, belowFile, loop].map(isMissing)).toEqual([true, false, false]);
  expect([missing, belowFile, loop].map(isMissingOrNotDirectory)).toEqual([true, true, false]);
});

it.each([undefined, null, 'ENOENT', { code: 'ENOENT' }, new Error('ENOENT')])(
  'has no code for %j',
  (thrown) => {
    expect(errorCode(thrown)).toBeUndefined();
    expect(isMissing(thrown)).toBe(false);
  },
);

it('has no code for one that is no text', () => {
  expect(errorCode(Object.assign(new Error('x'), { code: 2 }))).toBeUndefined();
});
