import { describe, expect, it } from 'vitest';

import type { ProgressFacts } from '../../../src/cli/agent-facts.ts';
import { progressLine, progressText, quietText } from '../../../src/cli/progress-text.ts';
import { MEBIBYTE, MINUTE_MS } from '../../../src/text/units.ts';

const NOTHING: ProgressFacts = {
  text: undefined,
  fraction: undefined,
  bytesDone: undefined,
  bytesTotal: undefined,
  quietMs: undefined,
  rate: undefined,
  layersDone: undefined,
  layersTotal: undefined,
};

describe('progress', () => {
  it('has what is known, and nothing for what is not', () => {
    expect(progressText(NOTHING)).toBe('');
    expect(progressText({ ...NOTHING, bytesTotal: MEBIBYTE })).toBe('');
    const deltas = { ...NOTHING, bytesDone: 3 * MEBIBYTE, bytesTotal: 290 * MEBIBYTE };
    expect(progressText(deltas)).toBe('3.0 MiB of 290 MiB');
    expect(progressText({ ...deltas, fraction: 0.019, rate: MEBIBYTE, layersDone: 1, layersTotal: 4 })).toBe(
      '1 %, 3.0 MiB of 290 MiB, 1.0 MiB/s, layer 1 of 4',
    );
  });

  it('stalled-progress: says first that nothing moves, and for how long', () => {
    const stalled = { ...NOTHING, fraction: 0.43, bytesDone: 120 * MEBIBYTE, quietMs: 3 * MINUTE_MS };
    expect(quietText(stalled)).toBe('no progress for 3 min');
    expect(quietText(NOTHING)).toBeUndefined();
    expect(progressLine(stalled, 100)).toBe(
      `[${'#'.repeat(10)}${'.'.repeat(14)}] no progress for 3 min, 43 %, 120 MiB`,
    );
    // It is what is left where there is little room.
    expect(progressLine(stalled, 30)).toMatch(/^no progress for 3 min/);
  });
});
