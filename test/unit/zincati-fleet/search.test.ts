import { describe, expect, it } from 'vitest';

import { searchJson, searchText } from '../../../fleet/search-report.ts';
import { boundsOf } from '../../../fleet/search.ts';
import { DEFAULT_SEARCHES, ONE_NODE, TWO_NODES } from '../../../src/fleet/search/bounds.ts';
import { search, type Found } from '../../../src/fleet/search/search.ts';

const FOUND = search({ ...ONE_NODE, crashes: 0, faults: 0, requests: 0 });
/** Its fifth state, as if something had happened there. */
const WAY = [0, 0, 0, 0, 0];
const VIOLATED: Found = {
  ...FOUND,
  violation: {
    property: 'a reboot without a slot',
    message: 'a reboot\u001b without a slot',
    depth: WAY.length,
    path: WAY,
  },
};

describe('the report of a search', () => {
  it('has the bounds beside "0 violations", and the odds', () => {
    const text = searchText([FOUND]);
    expect(text).toMatch(/^NODES +SLOTS +CRASHES +FAULTS +REQUESTS +STATES +MOVES +DEPTH +COLLISION +VIOL/);
    expect(text).toMatch(/^1 +1 +0 +0 +0 +507 +662 +42 +7e-15 +0$/m);
    expect(text).toMatch(/^1 node: every state within these bounds was looked at; once everything works/m);
    expect(text).toMatch(/^ {2}more nodes down than slots$/m);
    expect(searchText([{ ...FOUND, isComplete: false }])).toMatch(/ 0 so far\n\n1 node: stopped at/);
  });

  it('tells the way to a violation, move by move', () => {
    const text = searchText([FOUND, VIOLATED]);
    expect(text).toMatch(/ 1\n\n/);
    expect(text).toMatch(/, after 5 moves:\n {2}1 +node 1 +0 s +StartState\/register +register-driver\n/);
    expect(text).toMatch(
      /^ {2}5 +node 1 +0 s +ReportedSteady\/refresh +read-status +the deployments are read$/m,
    );
    expect(text).not.toContain('In none of these states');
  });

  it('has all of it as JSON', () => {
    expect(JSON.parse(searchJson([FOUND, VIOLATED]))).toMatchObject({
      search: 1,
      searches: [
        { states: FOUND.states, isComplete: true, bounds: { crashes: 0 } },
        {
          violation: {
            property: 'a reboot without a slot',
            depth: 5,
            transcript: [{ move: 1, node: 1 }, {}, {}, {}, {}],
          },
        },
      ],
    });
  });
});

describe('the bounds of a search', () => {
  it('are those that are asked for, or all that every version is to pass', () => {
    const of = (given: Record<string, string>, ...flags: string[]) =>
      boundsOf(new Map(Object.entries(given)), new Set(flags));
    expect(of({})).toBe(DEFAULT_SEARCHES);
    expect(of({ nodes: '1', faults: '0' })).toEqual([{ ...ONE_NODE, faults: 0 }]);
    expect(of({ nodes: '3', slots: '2' })).toEqual([{ ...TWO_NODES, nodes: 3, slots: 2 }]);
    expect(of({ nodes: '2' }, 'full')).toEqual([{ ...TWO_NODES, isFull: true }]);
    expect(() => of({ nodes: '2', slots: '3' })).toThrow('--slots must be a whole number from 1 to 2');
    expect(() => of({ crashes: '16' })).toThrow('--crashes must be a whole number from 0 to 15');
  });
});
