import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { CheckQuery } from '../../../src/agent/ports.ts';
import { throttle } from '../../../src/cincinnati/policy/rollout.ts';
import type { PlannedRelease } from '../../../src/fleet/plan.ts';
import { nextChangeAt, UpdateServer } from '../../../src/fleet/update-server.ts';
import { HOUR_MS, SECOND_MS } from '../../../src/text/units.ts';
import { release } from '../../support/fleet/sample-plan.ts';

const AT = Date.UTC(2026, 11, 5);

function queryOf({ version, checksum }: PlannedRelease): CheckQuery {
  const payload = { scheme: 'checksum', value: checksum } as const;
  return { booted: { version, payload }, denied: [], skip: [], allowDowngrade: false };
}

const rollout = { startEpoch: AT / SECOND_MS, startValue: 0, durationMinutes: 600 };

describe('UpdateServer', () => {
  it('offers a release at the very second at which the rollout reaches the node', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(0, 0.25),
        (wariness, startValue) => {
          const releases = [release(0), release(1, { publishedAt: AT, rollout: { ...rollout, startValue } })];
          const server = new UpdateServer(releases, undefined);
          const view = server.viewOf(wariness);
          const query = queryOf(releases[0]!);
          const changes = view.changesAt.filter((change) => change >= AT);
          for (const at of [...changes, ...changes.map((change) => change - 1), AT + HOUR_MS]) {
            const isReached = at >= AT && !(wariness > throttle({ ...rollout, startValue }, at));
            expect(server.answer(view, at, query).outcome.kind).toBe(isReached ? 'update' : 'no-update');
          }
        },
      ),
    );
  });

  it('says when the view changes next, and gives the very same answer until then', () => {
    const releases = [release(0), release(1, { publishedAt: AT, haltedAt: AT + HOUR_MS })];
    const server = new UpdateServer(releases, undefined);
    const view = server.viewOf(0.5);
    const query = queryOf(releases[0]!);
    expect(nextChangeAt(view, AT - 1)).toBe(AT);
    expect(nextChangeAt(view, AT)).toBe(AT + HOUR_MS);
    expect(nextChangeAt(view, AT + HOUR_MS)).toBe(Infinity);
    expect(server.answer(view, AT, query)).toBe(server.answer(view, AT + HOUR_MS - 1, { ...query }));
    expect(server.answer(view, AT + HOUR_MS, query).outcome.kind).toBe('no-update');
  });

  it('knows a halted release, so that a node in it is led on and is not off the graph', () => {
    const releases = [
      release(0),
      release(1, { publishedAt: AT, haltedAt: AT }),
      release(2, { publishedAt: AT + HOUR_MS }),
    ];
    const server = new UpdateServer(releases, undefined);
    const view = server.viewOf(0.5);
    expect(server.answer(view, AT, queryOf(releases[1]!)).outcome.kind).toBe('no-update');
    expect(server.answer(view, AT + HOUR_MS, queryOf(releases[1]!)).outcome).toMatchObject({
      kind: 'update',
      release: { version: '44.2.0' },
    });
    expect(server.answer(view, AT - 1, queryOf(releases[1]!)).outcome.kind).toBe('off-graph');
  });

  it('follows the edges of a loaded graph', () => {
    const releases = [release(0), release(1), release(2)];
    const server = new UpdateServer(releases, [[0, 1]]);
    const view = server.viewOf(0.5);
    expect(server.answer(view, AT, queryOf(releases[0]!)).outcome).toMatchObject({
      release: { version: '44.1.0' },
    });
    expect(server.answer(view, AT, queryOf(releases[1]!)).outcome.kind).toBe('no-update');
  });
});
