import { describe, expect, it } from 'vitest';
import { deniedPayloads } from '../../../src/agent/denylist.ts';
import { abandon, EMPTY_RECORD, isInForce, refuseStream } from '../../../src/agent/record.ts';
import { deployment, host, payloadOf, release, staged } from '../../support/samples.ts';

const HOUR = 3_600_000;

describe('what must not be chosen', () => {
  it('is what is on disk, but for what is staged', () => {
    const on = host([staged('3.0'), deployment('2.0', { booted: true }), deployment('1.0')]);
    expect(deniedPayloads(on, EMPTY_RECORD, 0)).toEqual([payloadOf('2.0'), payloadOf('1.0')]);
  });

  it('is each release once, however many deployments of it there are, and none that cannot be told apart', () => {
    const on = host([
      deployment('2.0', { booted: true }),
      deployment('2.0'),
      deployment('1.0', { payload: undefined }),
    ]);
    const record = refuseStream(EMPTY_RECORD, release('2.0'), 0);
    expect(deniedPayloads(on, record, 0)).toEqual([payloadOf('2.0')]);
  });

  it('is what the record denies for as long as it does, also before the deployments were read', () => {
    const record = refuseStream(abandon(EMPTY_RECORD, release('5.0'), 0), release('6.0'), 0);
    expect(deniedPayloads(undefined, record, HOUR - 1)).toEqual([payloadOf('5.0'), payloadOf('6.0')]);
    expect(record.denials.map((denial) => isInForce(denial, HOUR))).toEqual([false, true]);
    expect(deniedPayloads(undefined, record, HOUR)).toEqual([payloadOf('6.0')]);
  });
});
