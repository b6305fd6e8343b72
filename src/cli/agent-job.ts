/** A request that takes long, as a job of the agent: started, watched, and awaited. */
import type { BusValue } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import type { ProgressFacts, ResultFacts } from './agent-facts.ts';
import { AGENT_INTERFACE, PROPERTIES, type AgentLink } from './agent-link.ts';
import { Bell } from './bell.ts';
import type { CallOptions } from './call-options.ts';
import { jobProgress, resultFacts } from './decode-agent.ts';
import { endedResult, JOB_INTERFACE } from './ended-job.ts';

/** Starts the job that `member` makes, and resolves with its result when it ends. */
export async function finishedJob(
  link: AgentLink,
  member: string,
  options: CallOptions,
  onProgress: (progress: ProgressFacts) => void,
): Promise<ResultFacts> {
  const done = new Map<BusValue, BusValue | undefined>();
  const progress = new Map<BusValue, ProgressFacts>();
  const bell = new Bell();
  let job: BusValue | undefined;
  const stops = [
    link.onSignal(AGENT_INTERFACE, 'JobDone', ({ body: [path, result] }) => {
      if (path !== undefined) {
        done.set(path, result);
        bell.ring();
      }
    }),
    link.onSignal(PROPERTIES, 'PropertiesChanged', ({ path, body: [name, changed] }) => {
      const facts = name === JOB_INTERFACE && changed !== undefined ? jobProgress(changed) : undefined;
      if (facts !== undefined && job === undefined) {
        // Of this job, perhaps: signals follow the answer that names it, and are read together with it.
        progress.set(path, facts);
      } else if (facts !== undefined && path === job) {
        onProgress(facts);
      }
    }),
  ];
  try {
    await link.listen();
    job = await link.act(member, '', [], options);
    if (typeof job !== 'string') {
      throw new BusError('bus_malformed_message', `${member} must answer with a job`);
    }
    const first = progress.get(job);
    if (first !== undefined) {
      onProgress(first);
    }
    const ended = await endedResult(link, job);
    while (ended === undefined && !done.has(job)) {
      link.lost.throwIfAborted();
      await bell.rung(link.lost);
    }
    return resultFacts(ended ?? done.get(job));
  } finally {
    stops.forEach((stop) => stop());
  }
}
