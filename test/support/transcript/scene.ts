/**
 * A node in its world, and what a reader of the transcript is told of its life.
 *
 * A line has the time since the start and a word that says what it is:
 * - a level of the log;
 * - `state`: a change of state, with its status text;
 * - `does`: an effect, and what it came to;
 * - `boot`: a boot of the machine;
 * - `agent`: a start of the agent;
 * - `again`: lines that came again and again.
 *
 * Invariant: an effect stands at the instant at which it began, before what it led to.
 */
import type { Happening } from '../../../src/agent/happenings.ts';
import type { EffectKind } from '../../../src/agent/messages.ts';
import type { Deployment } from '../../../src/agent/ports.ts';
import { linesOf } from '../../../src/report/log-lines.ts';
import { statusText } from '../../../src/report/status-text.ts';
import { condensed, type Told } from './condense.ts';
import type { Place } from './fault.ts';
import { TranscriptNode } from './node.ts';
import type { Settings } from './settings.ts';
import { sinceStart } from './span.ts';
import { tellEffect } from './tell-effect.ts';
import { TranscriptWorld } from './world.ts';

const START_AT = Date.UTC(2026, 0, 1);

/** What happens when an effect of `kind` is performed next. */
interface Meanwhile {
  readonly kind: EffectKind;
  readonly place: Place;
  readonly act: () => void;
}

export class Scene {
  readonly node: TranscriptNode;
  readonly world: TranscriptWorld;
  readonly settings: Settings;
  /** How many requests were made; they are named by it. */
  requests = 0;
  #lines: Told[] = [];
  #isQuiet = false;
  /** The present effect, where it is told, and what it has come to. */
  #effect: { readonly atMs: number; readonly text: string } | undefined;
  #answer: string | undefined;
  #during: Meanwhile[] = [];

  constructor(settings: Settings, written: readonly string[], booted: Deployment) {
    this.settings = settings;
    this.world = new TranscriptWorld(settings.with(written), (word) => {
      this.#answer = word;
    });
    this.node = new TranscriptNode(this.world, [booted], START_AT);
    this.node.onEffect = (kind) => {
      this.#performing(kind);
    };
    this.node.listener = {
      begins: (beginning) => {
        this.#begin();
        this.#tell([beginning]);
      },
      happened: (happenings, before) => {
        this.#endEffect();
        if (!this.node.killed) {
          this.#tell(happenings);
          this.#tellState(before.state.name);
        }
      },
      rebooted: () => {
        this.say('boot', `into ${this.node.booted.version}`);
      },
    };
  }

  /** What was told since it was last taken. */
  take(): string[] {
    const lines = this.#lines;
    this.#lines = [];
    return condensed(lines).map(({ atMs, tag, text }) => `${sinceStart(atMs)} ${tag.padEnd(5)} ${text}`);
  }

  say(tag: string, text: string, atMs = this.node.elapsedMs): void {
    if (!this.#isQuiet) {
      this.#lines.push({ atMs, tag, text });
    }
  }

  /** Nothing of what `act` leads to is told. */
  quietly(act: () => void): void {
    this.#isQuiet = true;
    act();
    this.#isQuiet = false;
  }

  during(meanwhile: Meanwhile): void {
    this.#during.push(meanwhile);
  }

  /** What waits for an effect that has not come yet. */
  get outstanding(): readonly Meanwhile[] {
    return this.#during;
  }

  #performing(kind: EffectKind): void {
    const acts = this.#during.filter((meanwhile) => meanwhile.kind === kind);
    this.#during = this.#during.filter((meanwhile) => meanwhile.kind !== kind);
    for (const { act } of acts) {
      act();
    }
  }

  #begin(): void {
    const { node, world } = this;
    const { effect } = node;
    world.streamAsked = effect.kind === 'check' ? effect.stream : undefined;
    const text = tellEffect(effect, node);
    this.#answer = undefined;
    this.#effect = text === undefined ? undefined : { atMs: node.elapsedMs, text };
  }

  #endEffect(): void {
    if (this.#effect !== undefined) {
      const { atMs, text } = this.#effect;
      this.say('does', this.#answer === undefined ? text : `${text}: ${this.#answer}`, atMs);
      this.#effect = undefined;
    }
  }

  #tell(happenings: readonly Happening[]): void {
    for (const { level, text } of happenings.flatMap(linesOf)) {
      if (level !== 'debug') {
        this.say(level.toUpperCase(), text);
      }
    }
  }

  #tellState(before: string): void {
    const { model, policy } = this.node;
    if (model.state.name !== before) {
      this.say('state', `${model.state.name} [${statusText(model, policy)}]`);
    }
  }
}
