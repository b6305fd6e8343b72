import { describe, expect, it } from 'vitest';

import { diffText, meaningOf } from '../../../../fleet/graph/diff-report.ts';
import { checkText } from '../../../../fleet/graph/graph-check.ts';
import { listenOption } from '../../../../fleet/graph/graph-serve.ts';
import { pathJson, pathText, type PathReport } from '../../../../fleet/graph/path-report.ts';
import { nodeOption, warinessOption } from '../../../../fleet/graph/wariness.ts';
import { compareGraphs, type Next } from '../../../../src/cincinnati/review/compare-graphs.ts';
import type { WalkEnd } from '../../../../src/cincinnati/review/walk-graph.ts';
import { graphOf } from '../../../support/fleet/written-graph.ts';
import { booted } from '../../../support/graphs.ts';

const AT = Date.UTC(2026, 11, 1);

function reportOf(end: WalkEnd, more: Partial<PathReport> = {}): PathReport {
  const walk = { hops: [], end, last: booted('1') };
  return { source: 'x', fromAt: AT, wariness: 0.5, walk, assumptions: [], ...more };
}

describe('the report of a way', () => {
  it.each<[WalkEnd, string]>([
    [{ kind: 'arrived' }, 'that is where it was to end'],
    [{ kind: 'newest' }, 'nothing newer is in the graph'],
    [{ kind: 'stranded' }, 'no edge leads on, and there are newer releases'],
    [{ kind: 'off-graph' }, 'the graph does not have this release'],
    [{ kind: 'deadend', reason: 'bad\u001b[2J disk' }, 'it is a dead-end: bad\uFFFD[2J disk'],
    [{ kind: 'withheld', version: '2' }, 'the rollout of 2 does not reach this node'],
    [{ kind: 'held', reason: 'never' }, 'no reboot comes: never'],
    [{ kind: 'passed', version: '3' }, 'the next one is 3, which leads past the release that was asked for'],
    [
      { kind: 'downgrade-refused', version: '0' },
      'the graph leads back to 0, and the agent refuses a downgrade',
    ],
    [{ kind: 'failed', reason: 'odd' }, 'the check fails: odd'],
  ])('says how it ends: %j', (end, words) => {
    expect(pathText(reportOf(end))).toContain(`It ends at 1 after 0 hops: ${words}.`);
  });

  it('shows a hop with all that is to be said of it, and instants that no calendar has', () => {
    const hop = {
      ...{ version: '2', payload: booted('2').payload, offeredAt: AT, rebootAt: undefined, byName: true },
      ...{ replaced: ['1.5'], barrier: '', rollout: { startEpoch: 2 ** 60, durationMinutes: 9 } },
    };
    const report = reportOf({ kind: 'held', reason: 'x' }, { assumptions: ['all is well'] });
    const full = { ...report, walk: { ...report.walk, hops: [hop] } };
    expect(pathText(full)).toContain(
      '1    2        2026-12-01 00:00 UTC  never                    only by name: zincati update --to 2; barrier; ' +
        'rollout from beyond all calendars to beyond all calendars; staged before, and replaced: 1.5\n',
    );
    expect(pathText(full)).toMatch(/Assumed: all is well\.\n$/);
    expect(JSON.parse(pathJson(full))).toMatchObject({
      graphPath: 1,
      from: '2026-12-01T00:00:00.000Z',
      hops: [{ version: '2', offeredAt: '2026-12-01T00:00:00.000Z', byName: true }],
      end: { kind: 'held', text: 'no reboot comes: x' },
    });
  });
});

describe('the report of a difference', () => {
  const update: Next = { kind: 'update', version: '2' };
  it.each<[Next, Next, string]>([
    [update, { kind: 'update', version: '3' }, 'they take 3 in place of 2'],
    [{ kind: 'no-update' }, update, 'they take 2; before, they stayed'],
    [update, { kind: 'no-update' }, 'they stay; 2 is no longer offered, and is dropped where it is staged'],
    [{ kind: 'off-graph' }, { kind: 'no-update' }, 'they stay; before, they were off the graph'],
    [
      update,
      { kind: 'off-graph' },
      'they fall off the graph: no update, and DEGRADED after a while; before, they took 2',
    ],
    [
      { kind: 'deadend', reason: 'a' },
      { kind: 'deadend', reason: 'b' },
      'they are told that no update comes (b); before, they were at a dead-end (a)',
    ],
    [
      { kind: 'failed', reason: 'a' },
      { kind: 'downgrade-refused', version: '1' },
      'they are led back to 1, which they refuse; before, their checks failed',
    ],
    [
      { kind: 'downgrade-refused', version: '1' },
      { kind: 'failed', reason: 'a' },
      'their checks fail (a); before, they were led back to 1',
    ],
  ])('says what it means: from %j to %j', (before, after, words) => {
    expect(meaningOf(before, after)).toBe(words);
  });

  it('has a word for graphs that are the same, and names edges by where they lead', () => {
    const names = { before: 'a', after: 'b' };
    const releases = ['1', '2', '3', '4', '5'].map((version) => ({ version }));
    const [none, all] = [
      graphOf(releases, []),
      graphOf(releases, [
        [0, 4],
        [1, 4],
        [2, 4],
        [3, 4],
      ]),
    ];
    const audience = { wariness: 0, nowMs: AT };
    expect(diffText(names, compareGraphs(all, all, audience))).toBe('a and b are the same to every node\n');
    expect(diffText(names, compareGraphs(none, all, audience))).toBe(
      '--- a\n+++ b\n\nEdges\n  + 4 releases from 1 to 4 -> 5\n\nWhat nodes do\n  at 4 releases from 1 to 4: they take 5; before, they stayed\n',
    );
  });
});

describe('texts of people', () => {
  it('are printed on one line, whatever a graph has', () => {
    const finding = {
      severity: 'error',
      rule: 'x',
      line: 1,
      column: 2,
      path: '',
      reason: 'a\nb\u202e',
    } as const;
    const checked = { kind: 'unreadable', findings: [finding], releases: 0, edges: 0 } as const;
    expect(checkText('f', checked)).toBe(
      'f:1:2: error: a b\uFFFD [x]\nf: not a graph: 1 error, 0 warnings\n',
    );
  });

  it('are taken as options, or refused with a word', () => {
    expect(['0', '1', '0.25', '.5', '1.0'].map(warinessOption)).toEqual([0, 1, 0.25, 0.5, 1]);
    for (const text of ['', '-1', '1.1', '1e-3', 'half', '0x1', ' 1']) {
      expect(() => warinessOption(text)).toThrow('--wariness must be a number from 0 to 1');
    }
    expect(() => nodeOption('ABC')).toThrow('--node must be the uuid of a node');
    expect(listenOption('listen', '[::1]:0')).toEqual({ host: '::1', port: 0 });
    expect(listenOption('listen', 'localhost:8081')).toEqual({ host: 'localhost', port: 8081 });
    for (const text of ['8081', ':8081', 'x:65536', 'x:', '[::1]', '::1:80']) {
      expect(() => listenOption('listen', text)).toThrow('--listen must be ADDRESS:PORT');
    }
  });
});
