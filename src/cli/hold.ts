/** Command `hold`: keeps the node from rebooting or staging. Without arguments it lists the holds. */
import { type AgentClient, option } from './agent-client.ts';
import { tellDone } from './act.ts';
import { wrap } from './columns.ts';
import type { CommandOf } from './command-line.ts';
import type { Console } from './console.ts';
import type { ExitName } from './exit-codes.ts';
import { document } from './json-document.ts';
import { runWithAgent } from './run-client.ts';
import { holdText } from './status-text.ts';
import { localTimeAndDistance, parseTime, type Terms } from './terms.ts';
import { UsageError } from './usage-error.ts';

export function hold(command: CommandOf<'hold'>): Promise<number> {
  const { until, for: length, what, reason } = command;
  const isList = [until, length, what, reason].every((one) => one === undefined);
  return runWithAgent(command, (client, console) =>
    isList ? list(command, client, console) : make(command, client, console),
  );
}

async function list({ json }: CommandOf<'hold'>, client: AgentClient, console: Console): Promise<ExitName> {
  const { holds } = await client.facts();
  const terms = console.terms();
  const lines = holds.flatMap((one) => wrap(holdText(one, terms), terms.width));
  console.out(
    json ? document('Holds', { holds }) : `${lines.length === 0 ? 'there is no hold' : lines.join('\n')}\n`,
  );
  return 'ok';
}

async function make(command: CommandOf<'hold'>, client: AgentClient, console: Console): Promise<ExitName> {
  const { what = 'reboot', reason } = command;
  const terms = console.terms();
  const untilAt = endOf(command, terms);
  const answer = await client.act('Hold', 's', [what], {
    ...(untilAt === undefined ? {} : { until: option.instant(untilAt) }),
    ...(reason === undefined ? {} : { reason: option.text(reason) }),
  });
  const id = typeof answer === 'string' ? answer : undefined;
  const until = untilAt === undefined ? '' : ` until ${localTimeAndDistance(untilAt, terms)}`;
  const subject = what === 'stage' ? 'staging' : 'the reboot';
  const text = `${subject} is held${until}; \`zincati release${id === undefined ? '' : ` ${id}`}\` ends it`;
  return tellDone({ text, changed: true, hold: id }, command, console);
}

/** Undefined: until it is released. Throws UsageError for an instant that is over. */
function endOf({ until, for: length }: CommandOf<'hold'>, terms: Terms): number | undefined {
  if (until === undefined) {
    return length === undefined ? undefined : terms.now + length;
  }
  const at = parseTime(until, terms, { option: 'until', command: 'hold' });
  if (at <= terms.now) {
    throw new UsageError(`--until must be in the future, got ${localTimeAndDistance(at, terms)}`, 'hold');
  }
  return at;
}
