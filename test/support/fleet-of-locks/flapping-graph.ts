/**
 * An update back end that flaps, on virtual time. It publishes a release every few days, and withdraws it for some hours
 * or for good. It fails, and for an hour it does not know what the nodes have booted. From the calm on it does none of that.
 */
import type { CheckQuery, CheckResult } from '../../../src/agent/ports.ts';
import { includesPayload, samePayload, type Release } from '../../../src/agent/release.ts';
import { draw } from '../../../src/simulate/chance.ts';
import { KindError } from '../../../src/simulate/node.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/text/units.ts';
import { checkResult, release } from '../samples.ts';
import { isIn, spansOf, type Span } from './lock-family.ts';

interface Published {
  readonly release: Release;
  readonly sinceAt: number;
  readonly withdrawn: readonly Span[];
}

/** Booted by every node when the world begins. */
export const FIRST = release('100', 100);

export class FlappingGraph {
  readonly tally = { withdrawn: 0, failed: 0, offGraph: 0 };
  readonly #published: readonly Published[];
  readonly #failing: readonly Span[];
  readonly #offGraph: readonly Span[];

  constructor(seed: number, stream: string, startAt: number, calmAt: number) {
    const published: Published[] = [];
    let at = startAt + HOUR_MS;
    for (let n = 1; at < calmAt; n++) {
      const name = `${stream} ${n}`;
      const isGood = draw(seed, name, 'for good', 0) < 0.8;
      const untilAt = Math.min(at + 2 * DAY_MS, calmAt - DAY_MS);
      const flaps = spansOf(seed, name, 3, at, untilAt, 10 * MINUTE_MS, 5 * HOUR_MS);
      const gone = { fromAt: at + Math.floor(DAY_MS * draw(seed, name, 'gone', 0)), untilAt: Infinity };
      published.push({
        release: release(`${100 + n}`, 100 + n),
        sinceAt: at,
        withdrawn: untilAt <= at ? [] : isGood ? flaps : [...flaps, gone],
      });
      at += Math.floor((2 + 2 * draw(seed, name, 'next', 0)) * DAY_MS);
    }
    this.#published = published;
    this.#failing = spansOf(seed, `${stream} failing`, 12, startAt, calmAt, MINUTE_MS, 4 * HOUR_MS);
    this.#offGraph = spansOf(seed, `${stream} off`, 6, startAt, calmAt, HOUR_MS, HOUR_MS + 1);
  }

  /** The newest release on offer, but those that `isLeftOut`. */
  newest(at: number, isLeftOut: (of: Release) => boolean = () => false): Release {
    const offered = this.#published.filter(
      ({ release: of, sinceAt, withdrawn }) => sinceAt <= at && !isIn(withdrawn, at) && !isLeftOut(of),
    );
    return offered.at(-1)?.release ?? FIRST;
  }

  check({ booted, denied }: CheckQuery, at: number): CheckResult | Error {
    if (isIn(this.#failing, at)) {
      this.tally.failed += 1;
      return new KindError('client_failed_request', 'bad gateway');
    }
    const known = [FIRST, ...this.#published.map(({ release: of }) => of)];
    const here = known.find(({ payload }) => samePayload(payload, booted.payload));
    if (here === undefined || isIn(this.#offGraph, at)) {
      this.tally.offGraph += 1;
      return checkResult({ kind: 'off-graph' });
    }
    this.tally.withdrawn += this.#published.some(
      ({ sinceAt, withdrawn }) => sinceAt <= at && isIn(withdrawn, at),
    )
      ? 1
      : 0;
    const best = this.newest(at, ({ payload }) => includesPayload(denied, payload));
    return checkResult(
      (best.ageIndex ?? 0) > (here.ageIndex ?? 0) ? { kind: 'update', release: best } : { kind: 'no-update' },
    );
  }
}
