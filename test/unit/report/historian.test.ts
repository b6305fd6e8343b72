import { describe, expect, it } from 'vitest';

import { HEALTHY } from '../../../src/agent/health.ts';
import { initialModel } from '../../../src/agent/state.ts';
import type { Entry } from '../../../src/history/entry.ts';
import type { WholeUpdate } from '../../../src/history/whole-update.ts';
import { Historian } from '../../../src/report/historian.ts';
import { payloadOf, release } from '../../support/samples.ts';

const MODEL = initialModel();
const R = release('2');
const TARGET = { version: '2', payload: payloadOf('2') };
const STALLED = { level: 'DEGRADED', cause: 'not_getting_on', sinceAt: 1, text: 'no' } as const;

function historian() {
  const history: Entry[] = [];
  const updates: WholeUpdate[] = [];
  const log = {
    append: (entry: Entry) => void history.push(entry),
    entries: () => Promise.resolve([...history]),
  };
  const it = new Historian(log, (update) => updates.push(update));
  return { history, updates, it };
}

describe('Historian', () => {
  it('writes one record of a whole update once the node has booted into it', async () => {
    const { history, updates, it } = historian();
    it.happened({ kind: 'selected', release: R }, 1000, MODEL);
    it.progress({ text: 'x', bytesTransferred: 10 });
    it.progress({ text: 'x', bytesTransferred: 90 });
    it.progress({ text: 'checked out' });
    it.happened({ kind: 'staged', release: R }, 2000, MODEL);
    it.happened({ kind: 'reboot-asked', release: R }, 3000, MODEL);
    it.happened({ kind: 'finalized', release: R }, 4000, MODEL);
    it.happened({ kind: 'booted-as-asked', target: TARGET }, 64_000, MODEL);
    await Promise.resolve();
    await Promise.resolve();
    expect(history.map(({ kind }) => kind)).toEqual([
      'offered',
      'staged',
      'reboot-asked',
      'finalized',
      'booted',
      'updated',
    ]);
    expect(history.at(-1)?.fields).toMatchObject({
      release: '2',
      downtimeMs: 60_000,
      bytes: 90,
      stagedAt: 2000,
    });
    expect(updates).toMatchObject([{ bootedAt: 64_000, tookMs: 63_000, downtimeMs: 60_000 }]);
  });

  it('does not count the bytes of one release for the next', () => {
    const { history, it } = historian();
    it.progress({ text: 'x', bytesTransferred: 90 });
    it.happened({ kind: 'selected', release: R }, 1, MODEL);
    it.happened({ kind: 'staged', release: R }, 2, MODEL);
    expect(history.at(-1)?.fields).not.toHaveProperty('bytes');
  });

  it('says once that the node does not get on, and again after it did', () => {
    const { history, it } = historian();
    for (const health of [HEALTHY, STALLED, STALLED, HEALTHY, STALLED]) {
      it.healthIs(health, 5);
    }
    expect(history.map(({ kind, text, fields }) => [kind, text, fields['sinceAt']])).toEqual([
      ['stalled', 'no', 1],
      ['stalled', 'no', 1],
    ]);
  });

  it('names the release that a reboot is held for', () => {
    const { history, it } = historian();
    const model = {
      ...MODEL,
      state: { name: 'UpdateFinalized', release: R, finalized: { at: 0, mono: 0 } } as const,
    };
    it.happened(
      { kind: 'reboot-held', by: 'gates', reason: 'no', label: 'manual', repeated: false },
      1,
      model,
    );
    expect(history[0]?.fields).toMatchObject({ release: '2', label: 'manual', by: 'gates' });
  });
});
