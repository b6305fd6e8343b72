/**
 * Who may ask the agent to act.
 *
 * Invariants:
 * - Root may, without polkit. Others may what polkit says, and nothing where it does not answer.
 * - Questions to polkit are bounded per user and in all. They end when the caller leaves.
 * - A refusal says what to do next.
 */
import type { Asker } from '../agent/requests.ts';
import type { Caller } from '../dbus/types.ts';
import { ACTION_PREFIX, type Action } from './actions.ts';
import type { Door } from './door.ts';
import { Open, ROOT } from './limits.ts';
import { askPolkit } from './polkit.ts';
import { denied, needsPassword, tooMany } from './refusals.ts';

const MOST_QUESTIONS_OF_ONE = 4;
const MOST_QUESTIONS = 16;

export interface Intent {
  /** All must be allowed. */
  readonly actions: readonly Action[];
  /** Polkit may ask for a password. */
  readonly interactive: boolean;
  /** The words after `zincati` that root would type. */
  readonly command: string;
}

export class Authority {
  readonly #door: Door;
  readonly #onAbsent: () => void;
  readonly #questions = new Open(MOST_QUESTIONS_OF_ONE, MOST_QUESTIONS);

  /** `onAbsent`: polkit could not tell. */
  constructor(door: Door, onAbsent: () => void = () => undefined) {
    this.#door = door;
    this.#onAbsent = onAbsent;
  }

  async uidOf(caller: Caller): Promise<number> {
    return this.#door.inside.callers.uidOf(caller.sender);
  }

  /** Throws BusError with a name of D-Bus for a refusal. */
  async allow(caller: Caller, intent: Intent): Promise<Asker> {
    const uid = await this.uidOf(caller);
    if (uid !== ROOT) {
      if (!this.#questions.enter(uid)) {
        throw tooMany(`at most ${MOST_QUESTIONS_OF_ONE} permissions at a time`);
      }
      try {
        for (const action of intent.actions) {
          await this.#ask(caller, action, intent);
        }
      } finally {
        this.#questions.leave(uid);
      }
    }
    return { uid };
  }

  async #ask(caller: Caller, action: Action, { interactive, command }: Intent): Promise<void> {
    const { link, callers } = this.#door.inside;
    const question = { sender: caller.sender, action: ACTION_PREFIX + action, interactive };
    const gone = AbortSignal.any([callers.goneOf(caller.sender), link.gone]);
    const permission = await askPolkit(link, question, gone);
    const next = `run \`sudo zincati ${command}\``;
    switch (permission) {
      case 'yes':
        return;
      case 'challenge':
        throw interactive
          ? denied(`not allowed (${question.action}); ${next}`)
          : needsPassword(`a password is needed (${question.action}); ${next}`);
      case 'no':
        throw denied(`not allowed (${question.action}); ${next}`);
      case 'absent':
        this.#onAbsent();
        throw denied(`only root may, since polkit does not know ${question.action}; ${next}`);
    }
  }
}
