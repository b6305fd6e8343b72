/** What of the happenings is kept for people who ask later. */
import { describe, expect, it } from 'vitest';
import type { Happening } from '../../../src/agent/happenings.ts';
import { historyOf } from '../../../src/agent/history.ts';
import { plain } from '../../../src/agent/record.ts';
import { release } from '../../support/samples.ts';

const V2 = release('2', 2);
const V1 = release('1', 1);
const TARGET = plain(V2);
const BOOTED = plain(V1);

describe('the history', () => {
  it.each<[Happening, object]>([
    [{ kind: 'staged', release: V2 }, { target: TARGET }],
    [{ kind: 'abandoned', release: V2, attempts: 12, untilAt: 9 }, { target: TARGET }],
    [{ kind: 'reboot-asked', release: V2 }, { target: TARGET }],
    [
      { kind: 'wrong-stream', release: V2, expected: 'stable', found: 'next' },
      { target: TARGET, why: 'of stream next, not stable' },
    ],
    [
      { kind: 'wrong-stream', release: V2, expected: 'stable', found: undefined },
      { target: TARGET, why: 'of stream unknown, not stable' },
    ],
    [
      { kind: 'reboot-refused', target: V2, why: 'inhibited' },
      { target: TARGET, why: 'inhibited' },
    ],
    [{ kind: 'booted-as-asked', target: V2 }, { target: TARGET }],
    [
      { kind: 'reboot-missed', target: V2, booted: V1, strikes: 1 },
      { target: TARGET, booted: BOOTED },
    ],
    [
      { kind: 'rolled-back', target: V2, booted: V1 },
      { target: TARGET, booted: BOOTED },
    ],
  ])(
    'keeps what mattered to people, and of releases what tells and names them: $kind',
    (happening, entry) => {
      expect(historyOf(happening, 7)).toStrictEqual({ at: 7, kind: happening.kind, ...entry });
    },
  );

  it('keeps nothing of the rest', () => {
    expect(historyOf({ kind: 'steady' }, 7)).toBeUndefined();
    expect(historyOf({ kind: 'selected', release: V2 }, 7)).toBeUndefined();
  });
});
