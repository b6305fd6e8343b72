/**
 * The history as its file has it, for root on a host whose agent does not run.
 *
 * Invariant: the folder is the agent's, so no link in the file's place is followed, and nothing is shown but entries.
 */
import { messageOf } from '../errors.ts';
import { historyFile, readHistory } from '../history/history-log.ts';
import type { HappenedFacts } from './agent-facts.ts';
import { Failure } from './failure.ts';

/** The newest entries, the oldest of them first. Rejects with Failure. */
export async function readHistoryFile(
  root: string,
  newest: number,
  sinceAt = Number.NEGATIVE_INFINITY,
): Promise<readonly HappenedFacts[]> {
  const file = historyFile(root);
  try {
    const { read } = await readHistory(file);
    return read.entries.filter(({ at }) => isInstant(at) && at >= sinceAt).slice(-newest);
  } catch (error) {
    throw new Failure('failure', `cannot read ${file}: ${messageOf(error)}`);
  }
}

function isInstant(at: number): boolean {
  return !Number.isNaN(new Date(at).getTime());
}
