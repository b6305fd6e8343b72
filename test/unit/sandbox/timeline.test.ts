import { describe, expect, it } from 'vitest';

import { Timeline } from '../../../sandbox/timeline.ts';

function walked(): Timeline {
  const timeline = new Timeline(0);
  timeline.become('staged', 1000);
  timeline.become('down', 4000);
  timeline.become('up', 5000);
  return timeline;
}

describe('a timeline', () => {
  it('has a sign for each part of the time', () => {
    expect(walked().drawn(0, 8000, 8)).toBe('.sss#...');
    expect(walked().drawn(0, 4000, 8)).toBe('..ssssss');
  });

  it('shows a reboot that is shorter than a cell, and what was staged for less than one', () => {
    const timeline = new Timeline(0);
    timeline.become('staged', 1010);
    timeline.become('down', 1020);
    timeline.become('up', 1030);
    timeline.become('staged', 5500);
    timeline.become('up', 5510);
    expect(timeline.drawn(0, 8000, 4)).toBe('#.s.');
  });

  it('goes on as it was last, and was up before', () => {
    expect(walked().drawn(4500, 1_000_000, 3)).toBe('#..');
    expect(new Timeline(5000).drawn(0, 9000, 3)).toBe('...');
  });

  it('takes the same phase again as nothing new', () => {
    const timeline = new Timeline(0);
    timeline.become('down', 10);
    timeline.become('down', 20);
    expect(timeline.drawn(0, 40, 4)).toBe('.###');
  });
});
