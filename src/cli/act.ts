/** What commands that act have in common: they ask, and tell in one sentence what came of it. */
import type { AgentClient, CallOptions } from './agent-client.ts';
import type { RequestFacts, ResultFacts } from './agent-facts.ts';
import type { ClientCommand } from './run-client.ts';
import type { Console } from './console.ts';
import type { ExitName } from './exit-codes.ts';
import { resultFailure } from './failure.ts';
import { document } from './json-document.ts';
import { progressLine, quietText } from './progress-text.ts';
import { rowsOf } from './redrawn.ts';

/** What is told of a request that went well. */
export interface Done {
  readonly text: string;
  readonly changed: boolean;
  readonly request?: string | undefined;
  readonly release?: string | undefined;
  readonly hold?: string | undefined;
  /** Left out: nothing of the kind. */
  readonly cancelled?: readonly RequestFacts[] | undefined;
}

/** Prints it. Nothing to do is an exit code of its own. */
export function tellDone(done: Done, { json }: ClientCommand, console: Console): ExitName {
  console.out(json === true ? document('Result', { ...done }) : `${done.text}\n`);
  return done.changed ? 'ok' : 'nothing';
}

/** Runs a job to its end, with its progress on a terminal. Rejects with Failure when it ends badly. */
export async function runJob(
  client: AgentClient,
  console: Console,
  member: string,
  options: CallOptions,
): Promise<ResultFacts> {
  const line = new ProgressLine(console);
  const interrupted = (): void => {
    line.clear();
    console.err('the agent goes on with it; `zincati cancel` ends it\n');
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', interrupted);
  try {
    let quiet: string | undefined;
    const result = await client.job(member, options, (progress) => {
      line.show(progressLine(progress, console.terms().width ?? 0));
      const before = quiet;
      quiet = quietText(progress);
      if (!console.canRedraw && quiet !== undefined && quiet !== before) {
        console.err(`${quiet}; \`zincati cancel\` ends it\n`);
      }
    });
    if (result.error !== undefined) {
      throw resultFailure(result);
    }
    return result;
  } finally {
    process.removeListener('SIGINT', interrupted);
    line.clear();
  }
}

/** As a shell tells that SIGINT ended a program. */
const INTERRUPTED = 130;

/** One line that is drawn anew; nothing where the cursor cannot move. */
class ProgressLine {
  readonly #console: Console;
  #shown = '';

  constructor(console: Console) {
    this.#console = console;
  }

  show(text: string): void {
    if (this.#console.canRedraw && text !== '') {
      this.#console.out(`${this.#back()}${text}`);
      this.#shown = text;
    }
  }

  clear(): void {
    if (this.#shown !== '') {
      this.#console.out(this.#back());
      this.#shown = '';
    }
  }

  /** To the beginning of the line, which takes several rows where the terminal got narrower. */
  #back(): string {
    const above = rowsOf(this.#shown, this.#console.terms().width) - 1;
    return above === 0 ? '\r\u001b[K' : `\u001b[${above}A\r\u001b[J`;
  }
}

/** Of a job. `otherwise`: where the agent says nothing. */
export function doneOf(result: ResultFacts, otherwise: string): Done {
  const { text, changed, request, release } = result;
  return { text: text ?? otherwise, changed, request, release };
}
