/** Command `lock`: takes a slot of the lock server for a program. */
import { SYSTEM_CLOCK } from '../host/clock.ts';
import { CaughtSignals, exitCodeOfSignal } from './caught-signals.ts';
import type { CommandOf } from './command-line.ts';
import { document } from './json-document.ts';
import { openProgramSlot } from './program-slot.ts';
import { runClient } from './run-client.ts';
import { takingFailure } from './slot-failure.ts';
import { takeSlot } from './take-slot.ts';

export async function lock(command: CommandOf<'lock'>): Promise<number> {
  using signals = new CaughtSignals();
  const code = await runClient(command, async (console) => {
    await using slot = await openProgramSlot(command, console);
    const { wait: waitMs = 0, json } = command;
    const taking = await takeSlot({
      take: (signal) => slot.take(signal),
      clock: SYSTEM_CLOCK,
      waitMs,
      signal: signals.signal,
      onWait: (reason) => console.err(`waiting: ${reason}\n`),
    });
    const { facts, unlockLine } = slot;
    if (taking.kind !== 'granted') {
      throw takingFailure(taking, { hasWaited: waitMs > 0, unlockLine });
    }
    const text = `${facts.app} holds a slot of group ${facts.group}; \`${unlockLine}\` gives it back`;
    console.out(json ? document('Slot', { ...facts, held: true, text }) : `${text}\n`);
    return 'ok';
  });
  return signals.first === undefined || code === 0 ? code : exitCodeOfSignal(signals.first);
}
