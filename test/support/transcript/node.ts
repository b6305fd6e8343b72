/**
 * The product's simulated node, for transcripts. It can stand still in the middle of a wait. Somebody can act while an
 * effect is performed.
 *
 * Invariants:
 * - What happens during an effect comes right before the effect's outcome.
 * - An agent that is killed during an effect says nothing of its outcome, and the host performs the effect all the same.
 * - A wait that is looked at on its way still ends at its own instant.
 */
import type { Effect, EffectKind } from '../../../src/agent/messages.ts';
import { SimulatedNode } from '../../../src/simulate/node.ts';
import { DAY_MS } from '../../../src/text/units.ts';

/** A node that does more without any time passing never comes to rest. */
const MOST_STEPS_AT_ONCE = 1000;
/** What has not come by then does not come. */
const LONGEST_MS = 60 * DAY_MS;

export class TranscriptNode extends SimulatedNode {
  /** Milliseconds since the start, whatever the clocks were set to. */
  elapsedMs = 0;
  /** The agent was killed during the present effect. */
  killed = false;
  /** Told during each effect but waits. */
  onEffect: ((kind: EffectKind) => void) | undefined;
  #waiting: { readonly effect: Effect; readonly endMono: number } | undefined;
  #afterwards: (() => void)[] = [];
  #stepsAtOnce = 0;

  override step(): void {
    const beforeMs = this.elapsedMs;
    super.step();
    this.#stepsAtOnce = this.elapsedMs > beforeMs ? 0 : this.#stepsAtOnce + 1;
    if (this.#stepsAtOnce > MOST_STEPS_AT_ONCE) {
      throw new Error(`${MOST_STEPS_AT_ONCE} effects, and no time has passed: ${this.model.state.name}`);
    }
    this.killed = false;
    const afterwards = this.#afterwards;
    this.#afterwards = [];
    for (const act of afterwards) {
      act();
    }
  }

  /** Between the present effect and the next. */
  afterwards(act: () => void): void {
    this.#afterwards.push(act);
  }

  override pass(ms: number): void {
    const { effect } = this;
    const passing = effect.kind === 'wait' ? Math.min(ms, this.#leftMs()) : ms;
    super.pass(passing);
    this.elapsedMs += passing;
    if (effect.kind !== 'wait') {
      this.onEffect?.(effect.kind);
    }
  }

  /** Everything that is due within `ms`, its last instant included. An effect goes on to its end. */
  runFor(ms: number): void {
    const endMs = this.elapsedMs + ms;
    for (;;) {
      if (this.effect.kind === 'wait' && this.elapsedMs + this.#leftMs() > endMs) {
        this.pass(Math.max(endMs - this.elapsedMs, 0));
        return;
      }
      this.step();
    }
  }

  /** At least one effect. False: `done` did not come about. */
  runUntil(done: () => boolean): boolean {
    const endMs = this.elapsedMs + LONGEST_MS;
    while (this.elapsedMs < endMs) {
      this.step();
      if (done()) {
        return true;
      }
    }
    return false;
  }

  /** Cuts a wait short that has begun, as a new configuration does. */
  wake(): void {
    if (this.effect.kind === 'wait' && this.#waiting?.effect === this.effect) {
      this.#waiting = { effect: this.effect, endMono: this.mono };
      this.step();
    }
  }

  /** Of the present wait, begun if it has not. */
  #leftMs(): number {
    const { effect } = this;
    if (effect.kind !== 'wait') {
      return 0;
    }
    if (this.#waiting?.effect !== effect) {
      this.#waiting = { effect, endMono: this.mono + effect.forMs };
    }
    const untilMs = effect.untilAt === undefined ? Number.POSITIVE_INFINITY : effect.untilAt - this.at;
    return Math.max(Math.min(this.#waiting.endMono - this.mono, untilMs), 0);
  }
}
