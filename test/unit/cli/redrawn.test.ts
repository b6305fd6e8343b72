import { expect, it } from 'vitest';

import { UTC } from '../../../src/calendar/zone-rules.ts';
import { progressLine, progressText } from '../../../src/cli/progress-text.ts';
import { Redrawn } from '../../../src/cli/redrawn.ts';
import type { Console } from '../../../src/cli/console.ts';

function aConsole(canRedraw: boolean, size: { width: number; height?: number } = { width: 80 }) {
  let text = '';
  const console: Console = {
    out: (more) => (text += more),
    err: () => undefined,
    terms: () => ({ now: 0, zone: UTC, width: size.width, colour: false, users: new Map() }),
    canRedraw,
    height: () => size.height,
    onResize: () => undefined,
    canAsk: false,
    args: [],
    isRoot: false,
  };
  return { console, said: () => text };
}

it('replaces the lines on a terminal', () => {
  const { console, said } = aConsole(true);
  const picture = new Redrawn(console);
  picture.show(['one', 'two']);
  picture.show(['one', 'two']);
  picture.show(['three']);
  picture.show(['four']);
  expect(said()).toBe('one\ntwo\n\u001b[2A\r\u001b[Jthree\n\u001b[1A\r\u001b[Jfour\n');
});

it('terminal-narrow: goes up over the lines as a narrower terminal has broken them', () => {
  const size = { width: 80 };
  const { console, said } = aConsole(true, size);
  const picture = new Redrawn(console);
  picture.show(['x'.repeat(80), `\u001b[31m${'y'.repeat(30)}\u001b[0m`, '']);
  size.width = 30;
  picture.show(['z']);
  expect(said().slice(said().indexOf('\n\n') + 2)).toBe('\u001b[5A\r\u001b[Jz\n');
});

it('terminal-low: draws what a low terminal has room for above the cursor', () => {
  const { console, said } = aConsole(true, { width: 10, height: 4 });
  const picture = new Redrawn(console);
  picture.show(['one', 'b'.repeat(11), 'three']);
  picture.show(['two', 'c'.repeat(11), 'c', 'c']);
  expect(said()).toBe(`one\n${'b'.repeat(11)}\n\u001b[3A\r\u001b[Jtwo\n${'c'.repeat(11)}\n`);
});

it('prints them below each other elsewhere', () => {
  const { console, said } = aConsole(false);
  const picture = new Redrawn(console);
  picture.show(['one']);
  picture.show(['one']);
  picture.show(['two']);
  expect(said()).toBe('one\n\ntwo\n');
});

const NOTHING = {
  text: undefined,
  fraction: undefined,
  bytesDone: undefined,
  rate: undefined,
  bytesTotal: undefined,
  quietMs: undefined,
  layersDone: undefined,
  layersTotal: undefined,
};

it('shows progress in numbers, and as a bar where there is room', () => {
  const half = {
    ...NOTHING,
    fraction: 0.5,
    bytesDone: 3_500_000,
    layersDone: 12,
    layersTotal: 60,
    text: 'layers',
  };
  expect(progressText(half)).toBe('50 %, 3.3 MiB, layer 12 of 60');
  expect(progressLine(half, 80)).toBe('[############............] 50 %, 3.3 MiB, layer 12 of 60, layers');
  expect(progressLine(half, 40)).toBe('50 %, 3.3 MiB, layer 12 of 60, layers');
  expect(progressLine(half, 20)).toHaveLength(19);
  expect(progressLine(NOTHING, 80)).toBe('');
});
