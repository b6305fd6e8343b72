/**
 * Whether a job has ended already. A check that is shared may have ended before it was asked for, and then its signal
 * does not come again.
 */
import type { BusValue } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { SERVICE_NAME } from '../service/experimental.ts';
import type { AgentLink } from './agent-link.ts';
import { Dictionary } from './dictionary.ts';

export const JOB_INTERFACE = `${SERVICE_NAME}.Job1`;

const ENDED: ReadonlySet<string | undefined> = new Set(['done', 'failed']);

/** `Result` of the job; undefined: it goes on, or is not there any more. Rejects as a call does when nobody answers. */
export async function endedResult(
  link: Pick<AgentLink, 'properties'>,
  job: string,
): Promise<BusValue | undefined> {
  try {
    const properties = await link.properties(job, JOB_INTERFACE);
    return ENDED.has(Dictionary.of(properties).text('State')) ? properties.get('Result') : undefined;
  } catch (error) {
    if (error instanceof BusError && error.kind === 'bus_remote_error') {
      return undefined;
    }
    throw error;
  }
}
