/**
 * Command `run-locked`: runs a program while its slot is held.
 *
 * Invariants:
 * - Nothing is run without a slot.
 * - Whatever may be held is given back before this process ends, SIGKILL aside.
 * - Of two that run for the same program on a node, the second waits: the server would lend both the same slot.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { lockFolder } from '../history/folder-lock.ts';
import { SYSTEM_CLOCK } from '../host/clock.ts';
import { messageOf } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import { CaughtSignals, exitCodeOfSignal } from './caught-signals.ts';
import type { CommandOf } from './command-line.ts';
import type { Console } from './console.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { GIVE_BACK_LIMIT_MS, giveBackSlot } from './give-back.ts';
import { openProgramSlot, type ProgramSlot } from './program-slot.ts';
import { runChild } from './run-child.ts';
import { runClient } from './run-client.ts';
import { givingBackFailure, takingFailure } from './slot-failure.ts';
import { takeSlot } from './take-slot.ts';

/** Root's own: no other user can make a socket here. */
const TURNS = 'run/zincati-locked';
const TURN_PAUSE_MS = SECOND_MS;

export async function runLocked(command: CommandOf<'run-locked'>): Promise<number> {
  using signals = new CaughtSignals();
  let childCode: number | undefined;
  const code = await runClient(command, async (console) => {
    await using last = new AsyncDisposableStack();
    const slot = last.use(await openProgramSlot(command, console));
    const endMono = SYSTEM_CLOCK.monotonic() + (command.wait ?? 0);
    last.use(await takeTurn(command, slot, endMono, signals.signal));
    await takeOrFail(command, slot, endMono, signals, console);
    try {
      if (!signals.signal.aborted) {
        const { code: ended, trouble } = await runChild(command.cmd, signals);
        childCode = ended;
        if (trouble !== undefined) {
          console.err(`${trouble}\n`);
        }
      }
    } finally {
      await returnSlot(slot, console);
    }
    return 'ok';
  });
  if (childCode !== undefined) {
    return childCode === EXIT.ok ? code : childCode;
  }
  return signals.first === undefined ? code : exitCodeOfSignal(signals.first);
}

/** Rejects with Failure when there is no slot. Then nothing is left to give back, or it is said. */
async function takeOrFail(
  { wait }: CommandOf<'run-locked'>,
  slot: ProgramSlot,
  endMono: number,
  { signal }: CaughtSignals,
  console: Console,
): Promise<void> {
  const taking = await takeSlot({
    take: (given) => slot.take(given),
    clock: SYSTEM_CLOCK,
    waitMs: Math.max(0, endMono - SYSTEM_CLOCK.monotonic()),
    signal,
    onWait: (reason) => console.err(`waiting: ${reason}\n`),
  });
  if (taking.kind === 'granted') {
    return;
  }
  const { unlockLine } = slot;
  if (taking.mayBeHeld) {
    await returnSlot(slot, console);
    // It is given back now.
    throw takingFailure(
      { kind: 'failed', error: new Error(reasonOf(taking)), mayBeHeld: false },
      { hasWaited: false, unlockLine },
    );
  }
  throw takingFailure(taking, { hasWaited: wait !== undefined, unlockLine });
}

function reasonOf(taking: Exclude<Awaited<ReturnType<typeof takeSlot>>, { kind: 'granted' }>): string {
  switch (taking.kind) {
    case 'given-up':
      return 'interrupted; no slot is held';
    case 'failed':
      return messageOf(taking.error);
    default:
      return taking.reason;
  }
}

/** Rejects with Failure, which has the command that gives it back. */
async function returnSlot(slot: ProgramSlot, console: Console): Promise<void> {
  const failure = await giveBackSlot({
    giveBack: (signal) => slot.giveBack(signal),
    clock: SYSTEM_CLOCK,
    signal: AbortSignal.timeout(GIVE_BACK_LIMIT_MS),
    onRetry: (reason) => console.err(`trying again: ${reason}\n`),
  });
  if (failure !== undefined) {
    throw givingBackFailure(failure, slot.unlockLine);
  }
}

/** Waits for others that run for the same program. Rejects with Failure when they outlast the time that there is. */
async function takeTurn(
  { root, app, wait }: CommandOf<'run-locked'>,
  { facts }: ProgramSlot,
  endMono: number,
  signal: AbortSignal,
): Promise<AsyncDisposable> {
  for (;;) {
    const turn = await lockFolder(root, `${TURNS}/${facts.id}`);
    switch (turn.kind) {
      case 'held':
        return { [Symbol.asyncDispose]: turn.release };
      case 'none':
        throw new Failure('failure', `cannot tell whether ${app} runs already: ${turn.why}`);
      case 'taken':
        break;
    }
    const leftMs = endMono - SYSTEM_CLOCK.monotonic();
    if (leftMs <= 0 || signal.aborted) {
      const exit = wait === undefined ? 'blocked' : 'gaveUp';
      throw new Failure(exit, `another \`zincati run-locked --app ${app}\` runs on this host`);
    }
    await pause(Math.min(TURN_PAUSE_MS, leftMs), undefined, { signal }).catch(() => undefined);
  }
}
