/** Interface Agent1 of the agent that runs on this host, for one command; docs/dbus.md describes it. */
import type { BusSignal, BusValue } from '../dbus/types.ts';
import { EXPERIMENTAL_PATH } from '../service/experimental.ts';
import { MINUTE_MS } from '../text/units.ts';
import type {
  AgentFacts,
  ExplanationFacts,
  HappenedFacts,
  ProgressFacts,
  ResultFacts,
  SettingFacts,
  SpanFacts,
} from './agent-facts.ts';
import { finishedJob } from './agent-job.ts';
import { AGENT_INTERFACE, AgentLink, PROPERTIES } from './agent-link.ts';
import { type CallOptions, option } from './call-options.ts';
import {
  agentFacts,
  explanationFacts,
  happenedFacts,
  historyFacts,
  settingFacts,
  spanFacts,
} from './decode-agent.ts';

/** A survey has 45 seconds for each gate. */
const EXPLAIN_TIMEOUT_MS = MINUTE_MS;

export { AGENT_INTERFACE, type CallOptions, option };

export class AgentClient implements AsyncDisposable {
  readonly #link: AgentLink;

  constructor(link: AgentLink) {
    this.#link = link;
  }

  /** As `AgentLink.open`. */
  static async open(root: string, mayAsk: boolean): Promise<AgentClient> {
    return new AgentClient(await AgentLink.open(root, mayAsk));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link[Symbol.asyncDispose]();
  }

  /** Aborts when the agent is not there any more, with what happened as its reason. Needs `onChange` or a job. */
  get lost(): AbortSignal {
    return this.#link.lost;
  }

  async facts(): Promise<AgentFacts> {
    return agentFacts(await this.#link.properties(EXPERIMENTAL_PATH, AGENT_INTERFACE));
  }

  async explain(overrides: readonly string[]): Promise<ExplanationFacts> {
    const options = overrides.length === 0 ? {} : { override: option.texts(overrides) };
    return explanationFacts(await this.#link.call('Explain', '', [], options, EXPLAIN_TIMEOUT_MS));
  }

  /** The newest entries of the history, the oldest of them first. */
  async history(newest: number, sinceAt: number | undefined): Promise<readonly HappenedFacts[]> {
    const since = sinceAt === undefined ? {} : { since: option.instant(sinceAt) };
    return historyFacts(await this.#link.call('History', '', [], { newest: option.count(newest), ...since }));
  }

  async configuration(): Promise<readonly SettingFacts[]> {
    return settingFacts(await this.#link.call('ShowConfiguration', '', [], {}));
  }

  /** What comes within so many days. */
  async calendar(days: number): Promise<readonly SpanFacts[]> {
    return spanFacts(await this.#link.call('Calendar', '', [], { days: option.count(days) }));
  }

  /** Calls a method that acts and is done at once. Resolves with its answer, if it has one. */
  async act(
    member: string,
    signature: string,
    args: readonly BusValue[],
    options: CallOptions,
  ): Promise<BusValue | undefined> {
    return this.#link.act(member, signature, args, options);
  }

  /** Starts a job, and resolves with its result when it ends. */
  async job(
    member: string,
    options: CallOptions,
    onProgress: (progress: ProgressFacts) => void = () => undefined,
  ): Promise<ResultFacts> {
    return finishedJob(this.#link, member, options, onProgress);
  }

  /** Calls `listener` after each change of the agent's properties, until the returned function is called. */
  onChange(listener: () => void): Promise<() => void> {
    return this.#subscribe(PROPERTIES, 'PropertiesChanged', ({ path, body: [name] }) => {
      if (path === EXPERIMENTAL_PATH && name === AGENT_INTERFACE) {
        listener();
      }
    });
  }

  /** Calls `listener` with each new entry of the history. As `onChange` otherwise. */
  onHappened(listener: (entry: HappenedFacts) => void): Promise<() => void> {
    return this.#subscribe(AGENT_INTERFACE, 'Happened', ({ path, body: [value] }) => {
      const entry = path === EXPERIMENTAL_PATH ? happenedFacts(value) : undefined;
      if (entry !== undefined) {
        listener(entry);
      }
    });
  }

  async #subscribe(name: string, member: string, handler: (signal: BusSignal) => void): Promise<() => void> {
    const stop = this.#link.onSignal(name, member, handler);
    try {
      await this.#link.listen();
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }
}
