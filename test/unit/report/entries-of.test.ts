import { describe, expect, it } from 'vitest';

import { initialModel } from '../../../src/agent/state.ts';
import { ENTRY_KINDS } from '../../../src/history/entry.ts';
import { entryOf } from '../../../src/report/entries-of.ts';
import { linesOf } from '../../../src/report/log-lines.ts';
import { HAPPENING_SAMPLES } from '../../support/happening-samples.ts';

const SAMPLES = Object.values(HAPPENING_SAMPLES).flat();
const MODEL = initialModel();

describe('entryOf', () => {
  const entries = SAMPLES.map((sample) => ({ sample, entry: entryOf(sample, 5, MODEL) }));

  it('says what the log says, at the instant of the happening', () => {
    for (const { sample, entry } of entries) {
      if (entry !== undefined) {
        const [line] = linesOf(sample);
        expect(entry.text).toBe(line?.text ?? entry.text);
        expect(entry.text).toContain(' ');
        expect(entry.at).toBe(5);
      }
    }
  });

  it('keeps nothing that is only said again', () => {
    const again = entries.filter(({ sample }) => 'repeated' in sample && sample.repeated);
    expect(again.length).toBeGreaterThan(5);
    expect(again.filter(({ entry }) => entry !== undefined)).toEqual([]);
  });

  it('makes every kind of entry but those that come of something else than a happening', () => {
    const made = new Set<string>(entries.flatMap(({ entry }) => (entry === undefined ? [] : [entry.kind])));
    const others = Object.keys(ENTRY_KINDS).filter((kind) => !made.has(kind));
    expect(others.toSorted()).toEqual(['configuration-refused', 'stalled', 'updated']);
  });
});
