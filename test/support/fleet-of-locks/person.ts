/**
 * A person at one node: logs in now and then, and stages by hand. What is staged so is dropped, booted, or left there.
 *
 * Invariant: every act has its instant before the world begins.
 */
import type { Deployment, Session } from '../../../src/agent/ports.ts';
import { draw } from '../../../src/simulate/chance.ts';
import type { SimulatedNode } from '../../../src/simulate/node.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../src/text/units.ts';
import { deployment } from '../samples.ts';
import { spansOf, type Span } from './lock-family.ts';

type ActKind = 'stage' | 'drop' | 'boot';

interface Act {
  readonly kind: ActKind;
  readonly at: number;
  /** Packages onto the release that the node would boot next, or a build that no graph knows. */
  readonly what: 'packages' | 'build';
}

const SOMEBODY: readonly Session[] = [{ user: 'core', tty: 'pts/0' }];

export class Person {
  /** How often something was staged. */
  stagings = 0;
  /** What the person wants to have staged. */
  staged: Deployment | undefined;
  readonly visits: readonly Span[];
  readonly #name: string;
  readonly #acts: readonly Act[];
  #done = 0;

  constructor(seed: number, name: string, startAt: number, calmAt: number) {
    this.#name = name;
    this.visits = spansOf(seed, `${name} visits`, 40, startAt, calmAt, 3 * MINUTE_MS, 4 * HOUR_MS);
    const acts: Act[] = [];
    let at = startAt;
    for (let n = 0; ; n++) {
      at += Math.floor((2 + 8 * draw(seed, name, 'stages', n)) * DAY_MS);
      const end = at + Math.floor((0.2 + 30 * draw(seed, name, 'ends', n)) * HOUR_MS);
      if (at >= calmAt) {
        break;
      }
      const what = draw(seed, name, 'what', n) < 0.7 ? 'packages' : 'build';
      acts.push({ kind: 'stage', at, what });
      const isBooted = what === 'packages' && draw(seed, name, 'booted', n) < 0.5;
      // What is staged last may be left where it is.
      if (end < calmAt) {
        acts.push({ kind: isBooted ? 'boot' : 'drop', at: end, what });
      }
      at = end;
    }
    this.#acts = acts;
  }

  sessions(at: number): readonly Session[] {
    return this.visits.some(({ fromAt, untilAt }) => fromAt <= at && at < untilAt) ? SOMEBODY : [];
  }

  /** Milliseconds of `[fromAt, untilAt)` with somebody logged in; where visits overlap, more. */
  presentMs(fromAt: number, untilAt: number): number {
    return this.visits
      .map((span) => Math.min(span.untilAt, untilAt) - Math.max(span.fromAt, fromAt))
      .reduce((sum, ms) => sum + Math.max(ms, 0), 0);
  }

  /** Does what is due. `isBetween`: between two effects, where the machine may go down. */
  act(node: SimulatedNode, isBetween: boolean): void {
    for (;;) {
      const next = this.#acts[this.#done];
      if (next === undefined || next.at > node.at || (next.kind === 'boot' && !isBetween)) {
        return;
      }
      this.#done += 1;
      this.#do(next, node);
    }
  }

  #do({ kind, what }: Act, node: SimulatedNode): void {
    const isMine = node.staged !== undefined && node.staged.id === this.staged?.id;
    switch (kind) {
      case 'stage': {
        this.stagings += 1;
        const name = `${this.#name}-${this.stagings}`;
        const base = what === 'build' ? deployment(`build of ${name}`) : (node.staged ?? node.booted);
        this.staged = {
          ...base,
          id: `fedora-coreos-${name}.0`,
          layeredPackages: ['strace'],
          booted: false,
          staged: true,
          finalizationLocked: false,
        };
        node.deployments = [this.staged, ...node.deployments.filter(({ staged }) => !staged)];
        return;
      }
      case 'drop':
      case 'boot':
        if (isMine) {
          this.staged = undefined;
          if (kind === 'boot') {
            node.reboot();
          } else {
            node.deployments = node.deployments.filter(({ staged }) => !staged);
          }
        }
    }
  }
}
