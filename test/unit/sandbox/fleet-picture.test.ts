import { describe, expect, it } from 'vitest';

import { fleetPicture } from '../../../sandbox/fleet-picture.ts';
import { Timeline } from '../../../sandbox/timeline.ts';

const START = 60_000;

function rows() {
  const timeline = new Timeline(START);
  timeline.become('staged', START + 10_000);
  timeline.become('down', START + 20_000);
  timeline.become('up', START + 22_000);
  return [
    { name: 'node1', version: '44.20260707.3.1', timeline },
    { name: 'node10', version: '43.1', timeline: new Timeline(START) },
  ];
}

describe('the picture of a fleet', () => {
  it('has a row for each node, the window as a band, and a scale', () => {
    const isOpen = (atMs: number): boolean => atMs >= START + 15_000 && atMs < START + 25_000;
    expect(fleetPicture({ rows: rows(), startMs: START, nowMs: START + 50_000, width: 75, isOpen })).toEqual([
      'node1   44.20260707.3.1  ..........ssssssssss##............................',
      'node10  43.1             ..................................................',
      'window                                  ==========',
      '                         0                                             50 s',
      '. runs   s update staged, waits for its turn   # down   = window open',
    ]);
  });

  it('fits a narrow terminal: no versions, and the legend in several lines', () => {
    const drawn = fleetPicture({ rows: rows(), startMs: START, nowMs: START + 32_000, width: 40 });
    expect(drawn[0]).toBe('node1   ..........ssssssssss##..........');
    expect(drawn.slice(-3)).toEqual(['. runs', 's update staged, waits for its turn', '# down']);
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(40);
  });

  it('is drawn before any time has passed, and where there is no room at all', () => {
    expect(fleetPicture({ rows: rows(), startMs: START, nowMs: START, width: 5 })[0]).toBe(
      'node1   ..........',
    );
  });
});
