/**
 * Whether a job has ended already. A check that is shared may have ended before it was asked for, and then its signal
 * does not come again.
 */
import { getAllProperties } from '../dbus/calls.ts';
import type { BusLink, BusValue } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { SERVICE_NAME } from '../service/experimental.ts';
import { SECOND_MS } from '../text/units.ts';
import { Dictionary } from './dictionary.ts';

export const JOB_INTERFACE = `${SERVICE_NAME}.Job1`;

const TIMEOUT_MS = 10 * SECOND_MS;
const ENDED: ReadonlySet<string | undefined> = new Set(['done', 'failed']);

/** `Result` of the job; undefined: it goes on, or is not there any more. Rejects as a call does when nobody answers. */
export async function endedResult(
  link: BusLink,
  destination: string,
  job: string,
): Promise<BusValue | undefined> {
  try {
    const source = { destination, path: job, interface: JOB_INTERFACE, timeoutMs: TIMEOUT_MS };
    const properties = await getAllProperties(link, source);
    return ENDED.has(Dictionary.of(properties).text('State')) ? properties.get('Result') : undefined;
  } catch (error) {
    if (error instanceof BusError && error.kind === 'bus_remote_error') {
      return undefined;
    }
    throw error;
  }
}
