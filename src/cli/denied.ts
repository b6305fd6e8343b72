/** Command `denied`: the releases that are denied, and why. */
import type { DenialFacts } from './agent-facts.ts';
import { inLocalTerms } from './agent-text.ts';
import { row } from './columns.ts';
import type { CommandOf } from './command-line.ts';
import { document } from './json-document.ts';
import { runWithAgent } from './run-client.ts';
import { localTime, localTimeAndDistance, type Terms } from './terms.ts';
import { userName } from './user-name.ts';

export function denied(command: CommandOf<'denied'>): Promise<number> {
  return runWithAgent(command, async (client, console) => {
    const { denied: denials } = await client.facts();
    const lines = deniedLines(denials, console.terms());
    console.out(command.json ? document('Denials', { denied: denials }) : `${lines.join('\n')}\n`);
    return 'ok';
  });
}

/** Lines without their breaks. */
export function deniedLines(denials: readonly DenialFacts[], terms: Terms): readonly string[] {
  if (denials.length === 0) {
    return ['no release is denied'];
  }
  const labelWidth = Math.min(40, Math.max(...denials.map(({ release }) => release.length)) + 2);
  return denials.flatMap((one) =>
    row(`${one.release}  `, denialText(one, terms), { labelWidth, width: terms.width }),
  );
}

/** `rolled back: it did not boot; since Tue 3 Nov 02:14 CET, until Sat 28 Nov 02:00 CET (in 2 d 9 h)`. */
function denialText({ reason, text, file, uid, sinceAt, untilAt }: DenialFacts, terms: Terms): string {
  const said = text === undefined ? undefined : inLocalTerms(text, terms, { far: true });
  const why = [reason?.replaceAll(/[-_]/g, ' '), said].filter((part) => part !== undefined).join(': ');
  const parts = [
    why === '' ? undefined : why,
    file,
    uid === undefined ? undefined : `by ${userName(uid, terms.users)}`,
    sinceAt === undefined ? undefined : `since ${localTime(sinceAt, terms)}`,
    untilAt === undefined ? undefined : `until ${localTimeAndDistance(untilAt, terms)}`,
  ];
  return parts.filter((part) => part !== undefined).join('; ');
}
