/**
 * Command `history`: what happened to this node, across reboots.
 *
 * Invariants:
 * - The agent is asked where it runs. Where it does not, root reads the file, and says so first.
 * - With `--follow` no entry is lost or told twice, also when the agent is restarted meanwhile.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { SECOND_MS } from '../text/units.ts';
import { describeAbsence, unitFacts } from './absent-agent.ts';
import { AgentClient } from './agent-client.ts';
import type { HappenedFacts } from './agent-facts.ts';
import { Bell } from './bell.ts';
import type { CommandOf } from './command-line.ts';
import type { Console } from './console.ts';
import { type Failure, failureOf } from './failure.ts';
import { historyLines } from './history-text.ts';
import { document } from './json-document.ts';
import { parsePast } from './past-time.ts';
import { runClient } from './run-client.ts';
import { endWithReader } from './standard-streams.ts';

const USUAL_COUNT = 50;
const LOOK_AGAIN_MS = 2 * SECOND_MS;
/** More than an agent sends in the time that it takes to answer. */
const MOST_OVERLAP = 500;

export function history(command: CommandOf<'history'>): Promise<number> {
  return runClient(command, async (console) => {
    const { since, newest = USUAL_COUNT, json, follow: isFollowed } = command;
    const sinceAt = since === undefined ? undefined : parsePast(since, console.terms());
    if (isFollowed) {
      return follow(command, console, newest, sinceAt);
    }
    const { entries, absence } = await lookUp(command.root, console.isRoot, newest, sinceAt);
    if (absence !== undefined) {
      console.err(`${absence}\n`);
    }
    show(entries, json, console);
    return 'ok';
  });
}

export interface Past {
  /** Oldest first. */
  readonly entries: readonly HappenedFacts[];
  /** Why the agent was not asked, a sentence without its full stop; undefined: it was. */
  readonly absence: string | undefined;
}

/** Rejects with Failure: nobody can tell the history. */
export async function lookUp(
  root: string,
  isRoot: boolean,
  newest: number,
  sinceAt: number | undefined,
): Promise<Past> {
  try {
    await using client = await AgentClient.open(root, false);
    return { entries: await client.history(newest, sinceAt), absence: undefined };
  } catch (error) {
    const failure = failureOf(error, undefined);
    if (failure.exit !== 'noAgent' || !isRoot) {
      throw failure;
    }
    const absence = await absenceOf(failure, root);
    const { readHistoryFile } = await import('./history-file.ts');
    return { entries: await readHistoryFile(root, newest, sinceAt), absence };
  }
}

async function absenceOf(failure: Failure, root: string): Promise<string> {
  const { text } = describeAbsence(await unitFacts(root));
  return failure.message === 'the agent does not run' ? text : failure.message;
}

function show(entries: readonly HappenedFacts[], isJson: boolean, console: Console): void {
  if (isJson) {
    console.out(document('History', { entries }));
    return;
  }
  const lines = entries.length === 0 ? ['nothing is known'] : historyLines(entries, console.terms());
  console.out(`${lines.join('\n')}\n`);
}

/** Never resolves: it ends with the process. An agent that ends is looked for again; the first time it must be there. */
async function follow(
  { root, json }: CommandOf<'history'>,
  console: Console,
  newest: number,
  sinceAt: number | undefined,
): Promise<never> {
  endWithReader();
  const told = new Told();
  const tell = (entries: readonly HappenedFacts[]): void => {
    const fresh = entries.filter((entry) => told.isNew(entry));
    if (fresh.length > 0) {
      show(fresh, json, console);
    }
  };
  let isFirst = true;
  for (;;) {
    try {
      await using client = await AgentClient.open(root, false);
      const heard: HappenedFacts[] = [];
      const bell = new Bell();
      await client.onHappened((entry) => {
        heard.push(entry);
        bell.ring();
      });
      // What happens between the two is in both, and told once.
      tell(await client.history(isFirst ? newest : MOST_OVERLAP, isFirst ? sinceAt : told.latestAt));
      isFirst = false;
      while (!client.lost.aborted) {
        tell(heard.splice(0));
        await bell.rung(client.lost);
      }
      tell(heard.splice(0));
      console.err('the agent has ended; its next life is waited for\n');
    } catch (error) {
      if (isFirst || failureOf(error, undefined).exit !== 'noAgent') {
        throw error;
      }
    }
    await pause(LOOK_AGAIN_MS);
  }
}

/** The entries that were told, as far back as they can come again. */
class Told {
  readonly #keys = new Set<string>();
  latestAt: number | undefined;

  isNew(entry: HappenedFacts): boolean {
    const key = JSON.stringify([entry.at, entry.kind, entry.text]);
    if (this.#keys.has(key)) {
      return false;
    }
    this.#keys.add(key);
    if (this.#keys.size > 2 * MOST_OVERLAP) {
      const [oldest = ''] = this.#keys;
      this.#keys.delete(oldest);
    }
    this.latestAt = Math.max(this.latestAt ?? entry.at, entry.at);
    return true;
  }
}
