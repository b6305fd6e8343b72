import { describe, expect, it } from 'vitest';

import { requireUser } from '../../../src/host/process-user.ts';

describe('diff 2: the user of the agent', () => {
  it.each([undefined, 'root', 'core', 'zincati2', ''])(
    '%s is refused on a host, in the words of Zincati',
    (name) => {
      for (const root of ['/', '//']) {
        expect(() => requireUser(root, name)).toThrow('update agent not running as `zincati` user');
      }
    },
  );

  it('is zincati on a host, and anybody below another root', () => {
    expect(() => requireUser('/', 'zincati')).not.toThrow();
    expect(() => requireUser('/tmp/root', 'core')).not.toThrow();
  });
});
