/**
 * Command `wait`: waits until the node has got somewhere.
 *
 * Invariants:
 * - Each answer of the agent is judged whole, so no change is missed.
 * - For `rebooted` an agent that does not run is waited for: it ends with the node, and comes with the next boot.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { SECOND_MS } from '../text/units.ts';
import { AgentClient } from './agent-client.ts';
import type { AgentFacts } from './agent-facts.ts';
import { tellDone } from './act.ts';
import { Bell } from './bell.ts';
import type { CommandOf } from './command-line.ts';
import { Failure, failureOf } from './failure.ts';
import { describeDuration } from './duration.ts';
import { runClient } from './run-client.ts';

type Goal = CommandOf<'wait'>['for'];

const LOOK_AGAIN_MS = 2 * SECOND_MS;
/** States in which no release is on its way. */
const AT_REST: ReadonlySet<string> = new Set(['ReportedSteady', 'NoNewUpdate', 'OffGraph']);

export function wait(command: CommandOf<'wait'>): Promise<number> {
  return runClient(command, async (console) => {
    const { for: goal, timeout, root } = command;
    const limit = new AbortController();
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => limit.abort(), Math.min(timeout, LONGEST_TIMER_MS));
    try {
      const text = await reach(goal, root, limit.signal);
      return tellDone({ text, changed: true }, command, console);
    } catch (error) {
      if (limit.signal.aborted) {
        throw new Failure('gaveUp', `not ${goal} within ${describeDuration(timeout ?? 0)}`, {
          todo: '`zincati status` shows what the node waits for',
        });
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  });
}

/** A longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

async function reach(goal: Goal, root: string, limit: AbortSignal): Promise<string> {
  for (;;) {
    try {
      await using client = await AgentClient.open(root, false);
      return await follow(goal, client, limit);
    } catch (error) {
      limit.throwIfAborted();
      if (goal !== 'rebooted' || failureOf(error, undefined).exit !== 'noAgent') {
        throw error;
      }
    }
    await pause(LOOK_AGAIN_MS, undefined, { signal: limit });
  }
}

/** Rejects when the agent is gone, or `limit` aborts. */
async function follow(goal: Goal, client: AgentClient, limit: AbortSignal): Promise<string> {
  const bell = new Bell();
  await client.onChange(() => bell.ring());
  const either = AbortSignal.any([client.lost, limit]);
  for (;;) {
    const text = reached(goal, await client.facts());
    if (text !== undefined) {
      return text;
    }
    await bell.rung(either);
    either.throwIfAborted();
  }
}

/** The sentence that says so; undefined: not yet. Pure. */
export function reached(goal: Goal, facts: AgentFacts): string | undefined {
  const { state, staged, target, booted, progress } = facts;
  switch (goal) {
    case 'staged':
      return staged === undefined || progress !== undefined ? undefined : `${staged.version} is staged`;
    case 'rebooted': {
      const isThere = AT_REST.has(state) && staged === undefined && target === undefined;
      return isThere ? `${booted?.version ?? 'the newest release that is known'} is booted` : undefined;
    }
    case 'idle': {
      const isIdle = progress === undefined && (AT_REST.has(state) || state === 'UpdateStaged');
      return isIdle ? 'the agent neither checks nor stages' : undefined;
    }
  }
}
