import { describe, expect, it } from 'vitest';

import type { ReadGraph } from '../../../../src/cincinnati/review/read-graph.ts';
import { walkGraph, type WalkOptions } from '../../../../src/cincinnati/review/walk-graph.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../src/text/units.ts';
import {
  barrier,
  deadend,
  graphOf,
  rollout,
  type WrittenRelease,
} from '../../../support/fleet/written-graph.ts';
import { booted } from '../../../support/graphs.ts';

const AT = Date.UTC(2026, 11, 1);
const [A, B, C]: WrittenRelease[] = [{ version: '1' }, { version: '2' }, { version: '3' }];

function walk(read: ReadGraph, more: Partial<WalkOptions> = {}) {
  return walkGraph(read, {
    from: booted('1'),
    to: undefined,
    wariness: 1,
    fromAt: AT,
    skip: [],
    allowDowngrade: false,
    stagingMs: 10 * MINUTE_MS,
    rebootMs: 5 * MINUTE_MS,
    rebootTime: (at) => ({ at }),
    ...more,
  });
}

const versions = ({ hops }: ReturnType<typeof walk>): string[] => hops.map(({ version }) => version);

describe('walkGraph', () => {
  it('goes as the agent does, hop by hop, each when the one before it is booted', () => {
    const read = graphOf(
      [A!, { ...B!, metadata: barrier('first') }, C!],
      [
        [0, 1],
        [1, 2],
      ],
    );
    const way = walk(read);
    expect(way.hops).toMatchObject([
      {
        version: '2',
        offeredAt: AT,
        rebootAt: AT + 10 * MINUTE_MS,
        barrier: 'first',
        byName: false,
        replaced: [],
      },
      { version: '3', offeredAt: AT + 15 * MINUTE_MS, rebootAt: AT + 25 * MINUTE_MS, barrier: undefined },
    ]);
    expect(way.end).toEqual({ kind: 'newest' });
    expect(way.last.version).toBe('3');
  });

  it('waits for the turn of the node in a rollout', () => {
    const read = graphOf([A!, { ...B!, metadata: rollout(AT + HOUR_MS, 100) }], [[0, 1]]);
    const offered = (wariness: number): number | undefined => walk(read, { wariness }).hops[0]?.offeredAt;
    expect(offered(0)).toBe(AT);
    expect(offered(0.5)).toBe(AT + HOUR_MS + 50 * MINUTE_MS);
    expect(offered(1)).toBe(AT + HOUR_MS + 100 * MINUTE_MS);
  });

  it('replaces what is staged when a newer one is offered before the reboot', () => {
    const read = graphOf(
      [A!, B!, { ...C!, metadata: rollout(AT + HOUR_MS, 60) }],
      [
        [0, 1],
        [0, 2],
        [1, 2],
      ],
    );
    const window = AT + DAY_MS;
    const [hop] = walk(read, { rebootTime: (at) => ({ at: Math.max(at, window) }) }).hops;
    expect(hop).toMatchObject({
      version: '3',
      replaced: ['2'],
      offeredAt: AT + 2 * HOUR_MS,
      rebootAt: window,
    });
    expect(versions(walk(read))).toEqual(['2', '3']);
  });

  it.each([
    [
      'a dead-end',
      graphOf([{ ...A!, metadata: deadend('broken disk') }, B!], [[0, 1]]),
      { kind: 'deadend', reason: 'broken disk' },
    ],
    [
      'a rollout that is paused',
      graphOf(
        [
          A!,
          {
            ...B!,
            metadata: { ...rollout(AT, 1), 'org.fedoraproject.coreos.updates.duration_minutes': 'x' },
          },
        ],
        [[0, 1]],
      ),
      { kind: 'withheld', version: '2' },
    ],
    ['a release without a way on', graphOf([A!, B!], []), { kind: 'stranded' }],
    ['a release that is not there', graphOf([B!, C!], [[0, 1]]), { kind: 'off-graph' }],
    ['a way back', graphOf([B!, A!], [[1, 0]]), { kind: 'downgrade-refused', version: '2' }],
    [
      'a target that cannot be read',
      graphOf([A!, { ...B!, changes: { payload: 'x' } }], [[0, 1]]),
      { kind: 'failed', reason: expect.stringMatching(/no update target can be used/) as string },
    ],
  ])('ends at %s', (_name, read, end) => {
    const way = walk(read);
    expect(way.hops).toEqual([]);
    expect(way.end).toEqual(end);
  });

  it('ends where no reboot ever comes, and says why', () => {
    const way = walk(graphOf([A!, B!], [[0, 1]]), { rebootTime: () => ({ never: 'no window' }) });
    expect(way.hops).toMatchObject([{ version: '2', rebootAt: undefined }]);
    expect(way.end).toEqual({ kind: 'held', reason: 'no window' });
  });

  it('does not go round for ever', () => {
    const way = walk(
      graphOf(
        [A!, B!],
        [
          [0, 1],
          [1, 0],
        ],
      ),
      { allowDowngrade: true },
    );
    expect(versions(way)).toEqual(['2', '1']);
    expect(way.end.kind).toBe('failed');
  });

  it('takes no more than a thousand hops', () => {
    const releases = Array.from({ length: 1100 }, (_, index) => ({ version: `${index + 1}` }));
    const edges = releases.slice(1).map((_, index): [number, number] => [index, index + 1]);
    const way = walk(graphOf(releases, edges));
    expect(way.hops).toHaveLength(1000);
    expect(way.end).toEqual({ kind: 'failed', reason: 'it takes more than 1000 hops' });
  });

  it('leaves out what the administrator has ruled out', () => {
    const read = graphOf(
      [A!, B!, C!],
      [
        [0, 1],
        [0, 2],
        [1, 2],
      ],
    );
    expect(versions(walk(read, { skip: ['3'] }))).toEqual(['2']);
  });

  it('ends at the release that was asked for; by name where the agent would pass it by', () => {
    const chain = graphOf(
      [A!, B!, C!],
      [
        [0, 1],
        [1, 2],
      ],
    );
    expect(walk(chain, { to: '2' })).toMatchObject({
      hops: [{ version: '2', byName: false }],
      end: { kind: 'arrived' },
    });
    const wide = graphOf(
      [A!, B!, C!],
      [
        [0, 1],
        [0, 2],
      ],
    );
    expect(walk(wide, { to: '2' })).toMatchObject({
      hops: [{ version: '2', byName: true }],
      end: { kind: 'arrived' },
    });
    expect(walk(graphOf([A!, B!, C!], [[0, 2]]), { to: '2' })).toMatchObject({
      hops: [],
      end: { kind: 'passed', version: '3' },
    });
  });
});
