import fc from 'fast-check';
import { expect, test } from 'vitest';
import { number } from '../../../bench/markdown.ts';
import { summarize } from '../../../bench/statistics.ts';
import { parseSummary } from '../../../bench/syscall-counter.ts';
import { parseEnvironment, unitEnvironment } from '../../../bench/unit-environment.ts';

test('the median of an odd and of an even number of samples', () => {
  expect(summarize([9, 1, 5])).toEqual({ median: 5, least: 1, most: 9, count: 3 });
  expect(summarize([4, 1, 3, 100])).toEqual({ median: 3.5, least: 1, most: 100, count: 4 });
  expect(summarize([7]).median).toBe(7);
  expect(() => summarize([])).toThrow('at least one sample');
});

test('as many samples lie below the median as above it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (samples) => {
      const { median, least, most } = summarize(samples);
      const below = samples.filter((sample) => sample < median).length;
      const above = samples.filter((sample) => sample > median).length;
      expect(Math.max(below, above)).toBeLessThanOrEqual(samples.length / 2);
      expect(least <= median && median <= most).toBe(true);
    }),
  );
});

test('numbers keep three digits', () => {
  expect([0, 3, 2.345, 23.45, 234.5, 4_398_779].map(number)).toEqual([
    '0',
    '3',
    '2.35',
    '23.4',
    '235',
    '4,398,779',
  ]);
});

test('the table of strace is read, its sum left out', () => {
  const table = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 45.45    0.000100           1        66           epoll_pwait
 36.36    0.000080           4        20        10 statx
 18.18    0.000040          40         1           clone3
  0.00    0.000000           0         2           execve
------ ----------- ----------- --------- --------- ----------------
100.00    0.000220           2        89        10 total
`;
  expect(parseSummary(table)).toEqual({ all: 89, births: 3 });
});

test('the environment of the unit is read', () => {
  expect(parseEnvironment('[Service]\nEnvironment=A=1\n# Environment=B=2\nEnvironment=C_D=x=y\n')).toEqual({
    A: '1',
    C_D: 'x=y',
  });
  expect(unitEnvironment()).toHaveProperty('ZINCATI_VERBOSITY', '-v');
});
