/** Command `why`: every gate between this node and its next reboot. */
import type { CommandOf } from './command-line.ts';
import { document } from './json-document.ts';
import { runWithAgent } from './run-client.ts';
import { whyLines } from './why-text.ts';

export function why(command: CommandOf<'why'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const explanation = await client.explain(command.override);
    console.out(
      command.json
        ? document('Explanation', { ...explanation })
        : `${whyLines(explanation, console.terms()).join('\n')}\n`,
    );
    return 'ok';
  });
}
