/** Command `unlock`: gives back the slot of a program. */
import { SYSTEM_CLOCK } from '../host/clock.ts';
import type { CommandOf } from './command-line.ts';
import { GIVE_BACK_LIMIT_MS, giveBackSlot } from './give-back.ts';
import { document } from './json-document.ts';
import { openProgramSlot } from './program-slot.ts';
import { runClient } from './run-client.ts';
import { givingBackFailure } from './slot-failure.ts';

export function unlock(command: CommandOf<'unlock'>): Promise<number> {
  return runClient(command, async (console) => {
    await using slot = await openProgramSlot(command, console);
    const failure = await giveBackSlot({
      giveBack: (signal) => slot.giveBack(signal),
      clock: SYSTEM_CLOCK,
      signal: AbortSignal.timeout(GIVE_BACK_LIMIT_MS),
      onRetry: (reason) => console.err(`trying again: ${reason}\n`),
    });
    const { facts, unlockLine } = slot;
    if (failure !== undefined) {
      throw givingBackFailure(failure, unlockLine);
    }
    const text = `${facts.app} holds no slot of group ${facts.group}`;
    console.out(command.json ? document('Slot', { ...facts, held: false, text }) : `${text}\n`);
    return 'ok';
  });
}
