/** Progress of staging, in numbers and as a bar. Pure. */
import { MEBIBYTE } from '../text/units.ts';
import type { ProgressFacts } from './agent-facts.ts';
import { describeDuration } from './duration.ts';

const BAR_WIDTH = 24;

/** `43 %, 120 MiB of 290 MiB, 3.1 MiB/s, layer 12 of 60`: what is known of it; "" for nothing. */
export function progressText(progress: ProgressFacts): string {
  const { fraction, bytesDone, bytesTotal, rate, layersDone, layersTotal } = progress;
  const total = bytesTotal === undefined ? '' : ` of ${mebibytes(bytesTotal)}`;
  const parts = [
    quietText(progress),
    fraction === undefined ? undefined : `${Math.floor(fraction * 100)} %`,
    bytesDone === undefined ? undefined : `${mebibytes(bytesDone)}${total}`,
    rate === undefined ? undefined : `${mebibytes(rate)}/s`,
    layersDone === undefined || layersTotal === undefined
      ? undefined
      : `layer ${layersDone} of ${layersTotal}`,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}

/** `no progress for 3 min`; undefined while it goes on. */
export function quietText({ quietMs }: Pick<ProgressFacts, 'quietMs'>): string | undefined {
  return quietMs === undefined ? undefined : `no progress for ${describeDuration(quietMs)}`;
}

/** One line of at most `width` columns. The bar is left out where there is no room, or no fraction. */
export function progressLine(progress: ProgressFacts, width: number): string {
  const { fraction, text } = progress;
  const numbers = progressText(progress);
  const said = [numbers, text].filter((part) => part !== undefined && part !== '').join(', ');
  const hasBar = fraction !== undefined && width >= BAR_WIDTH + 20;
  const line = hasBar ? `${bar(fraction)} ${said}` : said;
  return line.slice(0, Math.max(0, width - 1));
}

function bar(fraction: number): string {
  const done = Math.floor(fraction * BAR_WIDTH);
  return `[${'#'.repeat(done)}${'.'.repeat(BAR_WIDTH - done)}]`;
}

function mebibytes(bytes: number): string {
  const amount = bytes / MEBIBYTE;
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} MiB`;
}
