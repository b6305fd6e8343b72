/**
 * Command `status`: what this node runs, what it waits for, and how it is.
 *
 * Invariant: reading alone. The agent answers from memory, and systemd is asked only where the agent does not run.
 */
import { setTimeout as pause } from 'node:timers/promises';

import { type LastWords, readLastWords } from '../history/last-words.ts';
import { SECOND_MS } from '../text/units.ts';
import { type Absence, describeAbsence, type UnitFacts, unitFacts } from './absent-agent.ts';
import { AgentClient } from './agent-client.ts';
import type { AgentFacts } from './agent-facts.ts';
import { Bell } from './bell.ts';
import type { CommandOf } from './command-line.ts';
import type { Console } from './console.ts';
import type { ExitName } from './exit-codes.ts';
import { failureOf, NoAgent } from './failure.ts';
import { type HostFacts, hostFacts } from './host-facts.ts';
import { document } from './json-document.ts';
import { Redrawn } from './redrawn.ts';
import { runClient } from './run-client.ts';
import { endWithReader } from './standard-streams.ts';
import { absentLines, statusLines } from './status-text.ts';

/** One look: either the agent's facts, or why there are none. */
export type StatusView = { readonly host: HostFacts } & ({ readonly facts: AgentFacts } | Missing);

/** No agent answers. */
interface Missing {
  readonly absence: Absence;
  readonly unit: UnitFacts | undefined;
  /** Of the agent that ran last. Undefined: it left none, or the caller may not read them. */
  readonly lastWords?: LastWords | undefined;
}

const REDRAW_MS = 10 * SECOND_MS;
const LOOK_AGAIN_MS = 2 * SECOND_MS;

export function status(command: CommandOf<'status'>): Promise<number> {
  return runClient(command, async (console) => {
    if (command.watch) {
      return watch(command, console);
    }
    const view = await lookOnce(command.root);
    console.out(command.json ? statusDocument(view) : `${viewLines(view, console).join('\n')}\n`);
    return exitOf(view, command.exitCode);
  });
}

/**
 * Never resolves: it ends with the process. On a terminal the picture is drawn anew every ten seconds too, since
 * distances in it age. An agent that ends is told as such, and looked for again.
 */
async function watch({ root, json }: CommandOf<'status'>, console: Console): Promise<never> {
  const host = hostFacts(root);
  endWithReader();
  const picture = new Redrawn(console);
  let last = '';
  let bell = new Bell();
  console.onResize(() => bell.ring());
  const show = (view: StatusView): void => {
    if (!json) {
      picture.show(viewLines(view, console));
      return;
    }
    const document = statusDocument(view);
    if (document !== last) {
      last = document;
      console.out(document);
    }
  };
  for (;;) {
    try {
      await using client = await AgentClient.open(root, false);
      bell = new Bell();
      await client.onChange(() => bell.ring());
      while (!client.lost.aborted) {
        show({ host, facts: await client.facts() });
        const limits = console.canRedraw ? [AbortSignal.timeout(REDRAW_MS)] : [];
        await bell.rung(AbortSignal.any([client.lost, ...limits]));
      }
    } catch (error) {
      show({ host, ...(await absenceOf(error, root)) });
    }
    await pause(LOOK_AGAIN_MS);
  }
}

/** Rejects only with what is no matter of the agent. */
export async function lookOnce(root: string): Promise<StatusView> {
  const host = hostFacts(root);
  try {
    await using client = await AgentClient.open(root, false);
    return { host, facts: await client.facts() };
  } catch (error) {
    return { host, ...(await absenceOf(error, root)) };
  }
}

/** Of an agent that did not answer. Rejects with what went wrong otherwise. */
async function absenceOf(error: unknown, root: string): Promise<Missing> {
  const failure = failureOf(error, undefined);
  if (failure instanceof NoAgent) {
    const [unit, lastWords] = await Promise.all([unitFacts(root), readLastWords(root)]);
    return { absence: describeAbsence(unit), unit, lastWords };
  }
  if (failure.exit === 'noAgent') {
    return { absence: { text: failure.message, todo: failure.todo ?? '' }, unit: undefined };
  }
  throw error;
}

function exitOf(view: StatusView, byHealth: boolean): ExitName {
  if (!('facts' in view)) {
    return 'noAgent';
  }
  const { level } = view.facts.health;
  if (!byHealth || level === 'OK') {
    return 'ok';
  }
  return level === 'STUCK' ? 'stuck' : 'degraded';
}

function viewLines(view: StatusView, console: Console): readonly string[] {
  const terms = console.terms();
  return 'facts' in view
    ? statusLines(view.facts, view.host, terms, console.isRoot)
    : absentLines(view.absence, view.host, terms, view.lastWords);
}

/** With its line break. */
export function statusDocument(view: StatusView): string {
  const { host } = view;
  return 'facts' in view
    ? document('Status', { running: true, host, agent: view.facts })
    : document('Status', {
        running: false,
        host,
        text: view.absence.text,
        todo: view.absence.todo,
        unit: view.unit,
        lastWords: view.lastWords,
      });
}
