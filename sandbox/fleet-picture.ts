/** A fleet over time: a row for each node, with the windows as a band below. Pure. */
import { SIGNS, type Timeline } from './timeline.ts';

export interface PictureRow {
  readonly name: string;
  readonly version: string;
  readonly timeline: Timeline;
}

export interface Picture {
  readonly rows: readonly PictureRow[];
  readonly startMs: number;
  readonly nowMs: number;
  /** Of the terminal, in characters. */
  readonly width: number;
  /** Whether a window is open at an instant. Left out: there are none. */
  readonly isOpen?: (atMs: number) => boolean;
}

/** Below this, versions are left out. */
const ROOM_FOR_VERSIONS = 70;
const LEAST_CELLS = 10;

export function fleetPicture({ rows, startMs, nowMs, width, isOpen }: Picture): string[] {
  const hasVersions = width >= ROOM_FOR_VERSIONS;
  const heads = rows.map(({ name, version }) => (hasVersions ? [name, version] : [name]));
  const widths = [0, 1].map((column) =>
    Math.max('window'.length, ...heads.map((head) => head[column]?.length ?? 0)),
  );
  const headOf = (head: readonly string[]): string =>
    (hasVersions ? [0, 1] : [0]).map((column) => (head[column] ?? '').padEnd(widths[column] ?? 0)).join('  ');
  const cells = Math.max(LEAST_CELLS, width - headOf([]).length - 2);
  // A fleet that has just begun has no width yet.
  const untilMs = Math.max(nowMs, startMs + 1000);
  const line = (head: readonly string[], drawn: string): string => `${headOf(head)}  ${drawn}`.trimEnd();
  const cellMs = (untilMs - startMs) / cells;
  const band =
    isOpen === undefined
      ? []
      : [
          line(
            ['window'],
            Array.from({ length: cells }, (_, cell) =>
              isOpen(startMs + (cell + 0.5) * cellMs) ? '=' : ' ',
            ).join(''),
          ),
        ];
  const end = `${((untilMs - startMs) / 1000).toFixed(0)} s`;
  return [
    ...rows.map(({ timeline }, index) => line(heads[index] ?? [], timeline.drawn(startMs, untilMs, cells))),
    ...band,
    line([], `0${end.padStart(cells - 1)}`),
    ...legend(isOpen !== undefined, width),
  ];
}

function legend(hasWindows: boolean, width: number): string[] {
  const parts = [
    `${SIGNS.up} runs`,
    `${SIGNS.staged} update staged, waits for its turn`,
    `${SIGNS.down} down`,
    ...(hasWindows ? ['= window open'] : []),
  ];
  const whole = parts.join('   ');
  return whole.length <= width ? [whole] : parts;
}
