import { describe, expect, it } from 'vitest';

import { Doorbell } from '../../../src/host/doorbell.ts';
import { settle } from '../../support/virtual-clock.ts';

/** Answers that end on demand. */
function answers() {
  const begun: PromiseWithResolvers<undefined>[] = [];
  return {
    begun,
    answer: async (): Promise<void> => {
      const next = Promise.withResolvers<undefined>();
      begun.push(next);
      await next.promise;
    },
  };
}

describe('Doorbell', () => {
  it('answers who rang before anybody listened', async () => {
    const bell = new Doorbell();
    bell.ring();
    bell.ring();
    const { begun, answer } = answers();
    bell.onRing(answer);
    expect(begun).toHaveLength(1);
    begun[0]?.resolve(undefined);
    await settle();
    expect(begun).toHaveLength(1);
  });

  it('answers one at a time, and once more for all who rang meanwhile', async () => {
    const bell = new Doorbell();
    const { begun, answer } = answers();
    bell.onRing(answer);
    bell.ring();
    bell.ring();
    bell.ring();
    await settle();
    expect(begun).toHaveLength(1);
    begun[0]?.resolve(undefined);
    await settle();
    expect(begun).toHaveLength(2);
    begun[1]?.resolve(undefined);
    await settle();
    expect(begun).toHaveLength(2);
    bell.ring();
    expect(begun).toHaveLength(3);
  });

  it('closes when the answer under way is over, and answers nobody after it', async () => {
    const bell = new Doorbell();
    const { begun, answer } = answers();
    bell.onRing(answer);
    bell.ring();
    bell.ring();
    let isClosed = false;
    const closing = bell.close().then(() => (isClosed = true));
    await settle();
    expect(isClosed).toBe(false);
    begun[0]?.resolve(undefined);
    await closing;
    bell.ring();
    await settle();
    expect(begun).toHaveLength(1);
  });
});
