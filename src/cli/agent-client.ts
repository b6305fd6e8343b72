/**
 * Interface Agent1 of the agent that runs on this host, for one command; docs/dbus.md describes it.
 *
 * Invariants:
 * - Signals count only from the connection that owned the agent's name when the command began.
 * - Every wait ends when the agent's name changes hands, when the bus is gone, or when it is aborted.
 */
import { getAllProperties, getNameOwner, signalRule } from '../dbus/calls.ts';
import { connectBus } from '../dbus/connect.ts';
import { BUS_NAME } from '../dbus/message.ts';
import { systemBusAddress } from '../dbus/system-bus-address.ts';
import type { BusLink, BusSignal, BusValue } from '../dbus/types.ts';
import { BusError } from '../errors.ts';
import { EXPERIMENTAL_PATH, SERVICE_NAME } from '../service/experimental.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';
import type {
  AgentFacts,
  ExplanationFacts,
  HappenedFacts,
  ProgressFacts,
  ResultFacts,
  SettingFacts,
  SpanFacts,
} from './agent-facts.ts';
import { Bell } from './bell.ts';
import { type CallOptions, option } from './call-options.ts';
import { endedResult, JOB_INTERFACE } from './ended-job.ts';
import {
  agentFacts,
  explanationFacts,
  happenedFacts,
  historyFacts,
  jobProgress,
  resultFacts,
  settingFacts,
  spanFacts,
} from './decode-agent.ts';
import { NoAgent } from './failure.ts';

export const AGENT_INTERFACE = `${SERVICE_NAME}.Agent1`;
const PROPERTIES = 'org.freedesktop.DBus.Properties';

/** The agent answers from memory, and a survey has 45 seconds for each gate. */
const READ_TIMEOUT_MS = 10 * SECOND_MS;
const EXPLAIN_TIMEOUT_MS = MINUTE_MS;
/** Polkit may ask a person for a password. */
const ACT_TIMEOUT_MS = 5 * MINUTE_MS;

export { type CallOptions, option };

export class AgentClient implements AsyncDisposable {
  readonly #link: BusLink;
  readonly #owner: string;
  readonly #mayAsk: boolean;
  readonly #nameLost = new AbortController();
  #isListening = false;
  /** Aborts when the agent is not there any more, with what happened as its reason. Needs `onChange` or a job. */
  readonly lost: AbortSignal;

  /** `owner`: of the agent's name, on the bus of `link`. `mayAsk`: polkit may ask the caller for a password. */
  constructor(link: BusLink, owner: string, mayAsk: boolean) {
    this.#link = link;
    this.#owner = owner;
    this.#mayAsk = mayAsk;
    this.lost = AbortSignal.any([this.#nameLost.signal, link.gone]);
  }

  /** Rejects with NoAgent when nobody has the agent's name, and with BusError when there is no bus. */
  static async open(root: string, mayAsk: boolean): Promise<AgentClient> {
    const address = systemBusAddress(root, process.env);
    const link = await connectBus(address, AbortSignal.timeout(READ_TIMEOUT_MS));
    try {
      const owner = await getNameOwner(link, SERVICE_NAME);
      if (owner === undefined) {
        throw new NoAgent();
      }
      return new AgentClient(link, owner, mayAsk);
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#link.close();
  }

  async facts(): Promise<AgentFacts> {
    return agentFacts(
      await getAllProperties(this.#link, {
        destination: this.#owner,
        path: EXPERIMENTAL_PATH,
        interface: AGENT_INTERFACE,
        timeoutMs: READ_TIMEOUT_MS,
      }),
    );
  }

  async explain(overrides: readonly string[]): Promise<ExplanationFacts> {
    const options = overrides.length === 0 ? {} : { override: option.texts(overrides) };
    return explanationFacts(await this.#call('Explain', '', [], options, EXPLAIN_TIMEOUT_MS));
  }

  /** The newest entries of the history, the oldest of them first. */
  async history(newest: number, sinceAt: number | undefined): Promise<readonly HappenedFacts[]> {
    const since = sinceAt === undefined ? {} : { since: option.instant(sinceAt) };
    const options = { newest: option.count(newest), ...since };
    return historyFacts(await this.#call('History', '', [], options, READ_TIMEOUT_MS));
  }

  async configuration(): Promise<readonly SettingFacts[]> {
    return settingFacts(await this.#call('ShowConfiguration', '', [], {}, READ_TIMEOUT_MS));
  }

  /** What comes within so many days. */
  async calendar(days: number): Promise<readonly SpanFacts[]> {
    return spanFacts(await this.#call('Calendar', '', [], { days: option.count(days) }, READ_TIMEOUT_MS));
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

  /** Calls a method that acts and is done at once. Resolves with its answer, if it has one. */
  async act(
    member: string,
    signature: string,
    args: readonly BusValue[],
    options: CallOptions,
  ): Promise<BusValue | undefined> {
    return this.#call(member, signature, args, { ...options, ...this.#interactive() }, ACT_TIMEOUT_MS);
  }

  /** Starts a job, and resolves with its result when it ends. */
  async job(
    member: string,
    options: CallOptions,
    onProgress: (progress: ProgressFacts) => void = () => undefined,
  ): Promise<ResultFacts> {
    const done = new Map<BusValue, BusValue | undefined>();
    const progress = new Map<BusValue, ProgressFacts>();
    const bell = new Bell();
    let job: BusValue | undefined;
    const stops = [
      this.#onSignal(AGENT_INTERFACE, 'JobDone', ({ body: [path, result] }) => {
        if (path !== undefined) {
          done.set(path, result);
          bell.ring();
        }
      }),
      this.#onSignal(PROPERTIES, 'PropertiesChanged', ({ path, body: [name, changed] }) => {
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
      await this.#listen();
      job = await this.#call(member, '', [], { ...options, ...this.#interactive() }, ACT_TIMEOUT_MS);
      if (typeof job !== 'string') {
        throw new BusError('bus_malformed_message', `${member} must answer with a job`);
      }
      const first = progress.get(job);
      if (first !== undefined) {
        onProgress(first);
      }
      const ended = await endedResult(this.#link, this.#owner, job);
      while (ended === undefined && !done.has(job)) {
        this.lost.throwIfAborted();
        await bell.rung(this.lost);
      }
      return resultFacts(ended ?? done.get(job));
    } finally {
      stops.forEach((stop) => stop());
    }
  }

  /** Calls `listener` after each change of the agent's properties, until the returned function is called. */
  onChange(listener: () => void): Promise<() => void> {
    return this.#subscribe(PROPERTIES, 'PropertiesChanged', ({ path, body: [name] }) => {
      if (path === EXPERIMENTAL_PATH && name === AGENT_INTERFACE) {
        listener();
      }
    });
  }

  async #subscribe(name: string, member: string, handler: (signal: BusSignal) => void): Promise<() => void> {
    const stop = this.#onSignal(name, member, handler);
    try {
      await this.#listen();
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  #interactive(): CallOptions {
    return this.#mayAsk ? { interactive: option.flag(true) } : {};
  }

  /** Asks the bus for the agent's signals, once. */
  async #listen(): Promise<void> {
    if (this.#isListening) {
      return;
    }
    this.#isListening = true;
    this.#link.onSignal(
      { interface: BUS_NAME, member: 'NameOwnerChanged' },
      ({ sender, body: [name, before] }) => {
        if (sender === BUS_NAME && name === SERVICE_NAME && before === this.#owner) {
          this.#nameLost.abort(new NoAgent());
        }
      },
    );
    await Promise.all([
      this.#link.addMatch(signalRule({ sender: this.#owner })),
      this.#link.addMatch(signalRule({ sender: BUS_NAME, member: 'NameOwnerChanged', arg0: SERVICE_NAME })),
    ]);
    if ((await getNameOwner(this.#link, SERVICE_NAME)) !== this.#owner) {
      this.#nameLost.abort(new NoAgent());
    }
  }

  #onSignal(name: string, member: string, handler: (signal: BusSignal) => void): () => void {
    return this.#link.onSignal({ interface: name, member }, (signal) => {
      if (signal.sender === this.#owner) {
        handler(signal);
      }
    });
  }

  async #call(
    member: string,
    signature: string,
    args: readonly BusValue[],
    options: CallOptions,
    timeoutMs: number,
  ): Promise<BusValue | undefined> {
    const { body } = await this.#link.call({
      destination: this.#owner,
      path: EXPERIMENTAL_PATH,
      interface: AGENT_INTERFACE,
      member,
      signature: `${signature}a{sv}`,
      body: [...args, new Map(Object.entries(options))],
      timeoutMs,
    });
    return body[0];
  }
}
