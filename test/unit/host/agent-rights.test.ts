import { describe, expect, it } from 'vitest';

import { asAgent, type Credentials } from '../../../src/host/agent-rights.ts';

/** A process of root that writes down what it is told. `unknown`: a user that does not exist. */
function rootProcess(unknown?: string): { readonly credentials: Credentials; readonly log: string[] } {
  const log: string[] = [];
  return {
    log,
    credentials: {
      geteuid: () => 0,
      getegid: () => 7,
      getgroups: () => [7, 8],
      initgroups: (user) => {
        if (user === unknown) {
          throw new Error(`User identifier does not exist: ${user}`);
        }
        log.push(`initgroups ${user}`);
      },
      setgroups: (groups) => log.push(`setgroups ${groups.join()}`),
      setegid: (group) => log.push(`setegid ${group}`),
      seteuid: (user) => log.push(`seteuid ${user}`),
    },
  };
}

const TAKEN = ['initgroups zincati', 'setegid zincati', 'seteuid zincati'];
const BACK = ['seteuid 0', 'setegid 7', 'setgroups 7,8'];

describe('on a host', () => {
  it('work of root is done as user zincati, and root has its rights back', async () => {
    const { credentials, log } = rootProcess();
    const result = await asAgent('/', () => Promise.resolve(log.push('work')), { credentials });
    expect(result).toBe(4);
    expect(log).toEqual([...TAKEN, 'work', ...BACK]);
  });

  it('also when the work fails', async () => {
    const { credentials, log } = rootProcess();
    await expect(asAgent('/', () => Promise.reject(new Error('no')), { credentials })).rejects.toThrow('no');
    expect(log).toEqual([...TAKEN, ...BACK]);
  });

  it('without the user nothing is done', async () => {
    const { credentials, log } = rootProcess('zincati');
    await expect(asAgent('/', () => Promise.resolve(log.push('work')), { credentials })).rejects.toThrow(
      'does not exist: zincati',
    );
    expect(log).toEqual(BACK);
  });
});

it('below another root, and for others than root, rights stay as they are', async () => {
  const { credentials, log } = rootProcess();
  expect(await asAgent('/tmp/x', () => Promise.resolve('done'), { credentials })).toBe('done');
  expect(
    await asAgent('/', () => Promise.resolve('done'), { credentials: { ...credentials, geteuid: () => 9 } }),
  ).toBe('done');
  expect(log).toEqual([]);
});
