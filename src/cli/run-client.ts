/** What the commands for people have in common: a console, JSON on request, and failures with their exit codes. */
import { describeAbsence, unitFacts } from './absent-agent.ts';
import { AgentClient } from './agent-client.ts';
import type { GateFacts } from './agent-facts.ts';
import { inLocalTerms } from './agent-text.ts';
import type { Common } from './command-line.ts';
import { type Console, hostConsole } from './console.ts';
import { EXIT, type ExitName } from './exit-codes.ts';
import { Failure, failureOf, NoAgent } from './failure.ts';
import { gateRows } from './gate-rows.ts';
import { wordsOf } from './gate-words.ts';
import { document } from './json-document.ts';
import { overridesNeeded } from './next-step.ts';
import { sudoLine } from './sudo-line.ts';
import { UsageError } from './usage-error.ts';

export type ClientCommand = Common & { readonly json?: boolean };

/** Does `work`, and says what went wrong. Resolves with the exit code; never rejects. */
export async function runClient(
  command: ClientCommand,
  work: (console: Console) => Promise<ExitName>,
  makeConsole: (root: string) => Promise<Console> = hostConsole,
): Promise<number> {
  const console = await makeConsole(command.root);
  try {
    return EXIT[await work(console)];
  } catch (error) {
    if (error instanceof UsageError) {
      const { usageAfter } = await import('./help.ts');
      console.err(`${error.message}\n\n${usageAfter(error)}`);
      return EXIT.usage;
    }
    const failure = await explained(failureOf(error, sudoFor(console)), command.root);
    tellFailure(console, failure, command.json === true);
    return EXIT[failure.exit];
  }
}

/** The same with a client of the agent. A refusal by gates is told with the gates. */
export async function runWithAgent(
  command: ClientCommand,
  work: (client: AgentClient, console: Console) => Promise<ExitName>,
  makeConsole?: (root: string) => Promise<Console>,
): Promise<number> {
  const run = async (console: Console): Promise<ExitName> => {
    await using client = await AgentClient.open(command.root, console.canAsk);
    try {
      return await work(client, console);
    } catch (error) {
      const failure = failureOf(error, sudoFor(console));
      if (failure.code !== 'Blocked' || command.json === true || error instanceof UsageError) {
        throw error;
      }
      throw await withGates(failure, client, console);
    }
  };
  return makeConsole === undefined ? runClient(command, run) : runClient(command, run, makeConsole);
}

function sudoFor(console: Console): string | undefined {
  return console.isRoot ? undefined : sudoLine(console.args);
}

/** Adds what systemd says where the agent does not run. */
async function explained(failure: Failure, root: string): Promise<Failure> {
  if (!(failure instanceof NoAgent)) {
    return failure;
  }
  const { text, todo } = describeAbsence(await unitFacts(root));
  return new Failure('noAgent', text, { todo });
}

function tellFailure(console: Console, failure: Failure, isJson: boolean): void {
  const { exit, message, todo, code, gates, rows } = failure;
  if (isJson) {
    const about = { exitCode: EXIT[exit], error: code, text: message, todo, gates };
    console.out(document('Error', about));
  }
  const lines = [message, ...rows, ...(todo === undefined ? [] : [todo])];
  console.err(lines.map((line) => `${line}\n`).join(''));
}

/** A refusal with the gates that it names; with all that do not let the node pass, if it names none. */
async function withGates(failure: Failure, client: AgentClient, console: Console): Promise<Failure> {
  let keeping: readonly GateFacts[];
  try {
    const { gates } = await client.explain([]);
    keeping = gates.filter(({ verdict }) => verdict !== 'pass');
  } catch {
    // The refusal itself is told in any case.
    return failure;
  }
  const named = keeping.filter(({ gate }) => failure.gates.includes(gate));
  const [first] = named;
  const shown = first === undefined ? keeping : named;
  const terms = { ...console.terms(), colour: false };
  // The agent's own sentence says what rows do not show.
  const message =
    first === undefined
      ? inLocalTerms(failure.message, terms, { far: true })
      : `not now: ${wordsOf(first, terms).because}`;
  const overrides = named.length > 0 ? overridesNeeded(named) : undefined;
  const words = overrides?.map((word) => `--override ${word}`).join(' ') ?? '';
  return new Failure(failure.exit, message, {
    ...(failure.code !== undefined && { code: failure.code }),
    gates: failure.gates,
    rows: gateRows(shown, terms),
    todo: words === '' ? '`zincati why` says more' : `\`${words}\` passes it once; \`zincati why\` says more`,
  });
}
