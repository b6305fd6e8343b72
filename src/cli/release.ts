/** Command `release`: ends a hold. */
import { tellDone } from './act.ts';
import type { CommandOf } from './command-line.ts';
import { Failure } from './failure.ts';
import { runWithAgent } from './run-client.ts';
import { UsageError } from './usage-error.ts';

export function release(command: CommandOf<'release'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const id = command.id ?? onlyOne((await client.facts()).holds.map((hold) => hold.id));
    await client.act('Release', 's', [id], {});
    return tellDone({ text: `hold ${id} is over`, changed: true, hold: id }, command, console);
  });
}

/** Throws Failure where there is none, and UsageError where a person has to choose. */
function onlyOne(ids: readonly string[]): string {
  const [id, ...others] = ids;
  if (id === undefined) {
    throw new Failure('nothing', 'there is no hold');
  }
  if (others.length > 0) {
    throw new UsageError(`there are ${ids.length} holds, so name one of ${ids.join(', ')}`, 'release');
  }
  return id;
}
