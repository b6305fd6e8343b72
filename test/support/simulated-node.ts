/** A simulated node that is told as text: what a person reads in its log, and how its status changes. */
import type { Effect } from '../../src/agent/messages.ts';
import type { Deployment } from '../../src/agent/ports.ts';
import { linesOf } from '../../src/report/log-lines.ts';
import { statusText } from '../../src/report/status-text.ts';
import { SimulatedNode as Node } from '../../src/simulate/node.ts';
import { CALM, type World } from '../../src/simulate/world.ts';
import type { Happening } from '../../src/agent/happenings.ts';
import { POLICY } from './samples.ts';

export { KindError } from '../../src/simulate/node.ts';
export type { World } from '../../src/simulate/world.ts';

export const CALM_WORLD: World = { ...CALM, policy: POLICY, check: () => new Error('no graph') };

/** A node that does more without any time going by goes in a circle. */
const MOST_STEPS_AT_ONCE = 2000;

export class SimulatedNode extends Node {
  readonly log: string[] = [];
  readonly effects: Effect[] = [];
  readonly happenings: Happening[] = [];
  /** Keeps neither log nor effects: for runs of many years. */
  quiet = false;

  constructor(world: Partial<World>, deployments: readonly Deployment[], startAt = Date.UTC(2026, 0, 1)) {
    super({ ...CALM_WORLD, ...world }, deployments, startAt);
    this.listener = {
      begins: (beginning) => {
        if (!this.quiet) {
          this.effects.push(this.effect);
          this.#say([beginning]);
        }
      },
      happened: (happenings, before) => {
        if (this.quiet) {
          return;
        }
        this.#say(happenings);
        if (this.model.state.name !== before.state.name) {
          this.log.push(`      [${statusText(this.model, this.world.policy)}]`);
        }
      },
      rebooted: () => this.log.push(`----- boot ${this.reboots}: ${this.booted.version}`),
    };
  }

  get stateName(): string {
    return this.model.state.name;
  }

  runUntil(done: (node: this) => boolean, limit = 10_000): void {
    let still = { mono: this.mono, steps: 0 };
    for (let steps = 0; !done(this); steps++) {
      if (steps >= limit || steps - still.steps >= MOST_STEPS_AT_ONCE) {
        throw new Error(
          `still in ${this.stateName} after ${steps} steps:\n${this.log.slice(-30).join('\n')}`,
        );
      }
      this.step();
      if (this.mono !== still.mono) {
        still = { mono: this.mono, steps };
      }
    }
  }

  runFor(ms: number): void {
    const end = this.mono + ms;
    this.runUntil(() => this.mono >= end, 1_000_000);
  }

  #say(happenings: readonly Happening[]): void {
    this.happenings.push(...happenings);
    for (const { level, text } of happenings.flatMap(linesOf)) {
      if (level !== 'debug') {
        this.log.push(`${level.toUpperCase().padEnd(5)} ${text}`);
      }
    }
  }
}
