import { describe, expect, it } from 'vitest';
import {
  adapterRetryMs,
  bootLookMs,
  checkRetryMs,
  denialMs,
  driverRetryMs,
  withJitter,
} from '../../../src/agent/pacing.ts';
import { HTTP_LIMITS } from '../../../src/http/http-client.ts';

const SECOND = 1000;
const HOUR = 3_600_000;

describe('pacing', () => {
  it('jitters by up to a tenth of long intervals, by whole seconds of short ones', () => {
    expect(withJitter(300 * SECOND, 0)).toBe(300 * SECOND);
    expect(withJitter(300 * SECOND, 10)).toBe(330 * SECOND);
    expect(withJitter(10_800 * SECOND, 10)).toBe(11_880 * SECOND);
    expect(withJitter(60 * SECOND, 10)).toBe(70 * SECOND);
    expect(withJitter(399 * SECOND, 1)).toBe(402 * SECOND);
  });

  it('registers the driver after 1 s doubling to 256 s, for ever', () => {
    expect([1, 2, 3, 8, 9, 10, 1000].map((n) => driverRetryMs(n) / SECOND)).toEqual([
      1, 2, 4, 128, 256, 256, 256,
    ]);
  });

  it('B14: tries a failed check again within three minutes, the stalled request included', () => {
    expect(HTTP_LIMITS.totalMs + withJitter(checkRetryMs(1, 300 * SECOND, undefined), 10)).toBeLessThan(
      180 * SECOND,
    );
  });

  it('backs off from a sick server, up to an hour', () => {
    const secs = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1000].map(
      (n) => checkRetryMs(n, 300 * SECOND, undefined) / SECOND,
    );
    expect(secs).toEqual([30, 60, 120, 300, 600, 1200, 2400, 3600, 3600, 3600]);
  });

  it('bounds the number of requests to a server that stays sick for a day', () => {
    let passed = 0;
    let requests = 0;
    while (passed < 24 * HOUR) {
      requests++;
      passed += checkRetryMs(requests, 300 * SECOND, undefined);
    }
    expect(requests).toBeLessThan(32);
  });

  it('honours Retry-After as a lower bound, and never polls slower than a long steady interval asks', () => {
    expect(checkRetryMs(1, 300 * SECOND, 900 * SECOND)).toBe(900 * SECOND);
    expect(checkRetryMs(8, 300 * SECOND, 10 * SECOND)).toBe(HOUR);
    expect(checkRetryMs(50, 6 * HOUR, undefined)).toBe(6 * HOUR);
    expect(checkRetryMs(1, 5 * SECOND, undefined)).toBe(5 * SECOND);
  });

  it('reads deployments again after 5 s doubling to 5 minutes', () => {
    expect([1, 2, 3, 7, 100].map((n) => adapterRetryMs(n) / SECOND)).toEqual([5, 10, 20, 300, 300]);
  });

  it('looks whether the boot is complete after 5 s doubling to a minute', () => {
    expect([1, 2, 3, 4, 5, 100].map((n) => bootLookMs(n) / SECOND)).toEqual([5, 10, 20, 40, 60, 60]);
  });

  it('denies an abandoned target for longer each time, up to a week', () => {
    expect([1, 2, 3, 4, 5, 90].map((n) => denialMs(n) / HOUR)).toEqual([1, 4, 16, 64, 168, 168]);
  });
});
