/**
 * The agent for one life: the configuration is read, everything lasting is opened, the loop runs until it is told to end.
 *
 * Invariants:
 * - READY is told when the agent can be asked and its first reading is over, at the latest after {@link LONGEST_HOLD_MS}.
 * - A configuration that needs what may still come is waited for: the agent is READY and idle meanwhile.
 * - One that cannot be used ends the agent, at once unless a slot of before is to be given back first.
 * - When the signal is aborted everything that was opened is closed, in the reverse order. Nothing keeps the process alive.
 */
import { Runner } from '../agent/runner.ts';
import { isSetupError, linesOf, messageOf, StartError } from '../errors.ts';
import { sayLastWords, takeBackLastWords } from '../history/last-words.ts';
import { peekRecord } from '../history/record-store.ts';
import { readBootId } from '../host/boot-id.ts';
import { SYSTEM_CLOCK } from '../host/clock.ts';
import type { Doorbell } from '../host/doorbell.ts';
import { createNotifier, watchdogIntervalMs } from '../host/notify.ts';
import type { LevelControl, Logger } from '../log/log.ts';
import { compileForSize } from '../memory/lean-runtime.ts';
import { Metrics } from '../metrics/metrics.ts';
import { tellOs, tellReading, tellStrategies } from './tell-configuration.ts';
import { VERSION } from '../version.ts';
import { mayCome } from './await-configuration.ts';
import { awaitConfigured, type Begun } from './await-configured.ts';
import { claimFolder } from './claim-folder.ts';
import { readConfiguration } from './configuration.ts';
import { configure } from './configured.ts';
import { CrashGuard } from './crash-guard.ts';
import { owesSlot } from './give-back-meanwhile.ts';
import { openLasting } from './lasting.ts';
import { Readiness } from './readiness.ts';
import { ConfigurationInUse } from './reload.ts';

export interface AgentOptions {
  /** Prefix of every path; "/" on a host. */
  readonly root: string;
  readonly log: Logger & LevelControl;
  /** NOTIFY_SOCKET and its like are taken out of it. */
  readonly env: Record<string, string | undefined>;
  readonly pid: number;
  readonly signal: AbortSignal;
  /** Rung when the configuration shall be read again. */
  readonly reloads: Doorbell;
}

/**
 * Resolves when the signal is aborted and everything is closed. Rejects with ConfigError or IdentityError when a person
 * must mend a file before it can start.
 */
export async function runAgent(options: AgentOptions): Promise<void> {
  const { root } = options;
  const say = (text: string): void => sayLastWords(root, { at: SYSTEM_CLOCK.now(), version: VERSION, text });
  const crashed = (error: unknown): void => say(`it crashed: ${linesOf(error)}`);
  // Nobody catches such an error, and the process ends with it.
  process.on('uncaughtExceptionMonitor', crashed);
  try {
    say(`it was stopped; at last: ${await live(options)}`);
  } catch (error) {
    // Another agent lives here, and its words are still to come.
    if (!(error instanceof StartError)) {
      say(`${isSetupError(error) ? 'it could not start' : 'it failed'}: ${linesOf(error)}`);
    }
    throw error;
  } finally {
    process.off('uncaughtExceptionMonitor', crashed);
  }
}

/** Resolves with its last status. */
async function live({ root, log, env, pid, signal, reloads }: AgentOptions): Promise<string> {
  const clock = SYSTEM_CLOCK;
  const startedAt = clock.now();
  log.info(`starting update agent (version ${VERSION})`);
  const bootId = await readBootId(root);
  const found = await readConfiguration(root, log).catch(async (error: unknown) => {
    if (!mayCome(error) && !(isSetupError(error) && (await owesOnDisk(root, bootId)))) {
      throw error;
    }
    return error;
  });
  await using closing = new AsyncDisposableStack();
  await claimFolder(root, log, clock, closing);
  takeBackLastWords(root);
  const watchdogMs = watchdogIntervalMs(env, pid);
  const notifier = await createNotifier(env, pid, (text) => log.warn(text));
  const metrics = new Metrics(startedAt);

  closing.defer(() => notifier.close());
  closing.defer(() => notifier.stopping());

  let isAlive = (): boolean => true;
  if (watchdogMs !== undefined) {
    const timer = setInterval(() => {
      if (isAlive()) {
        notifier.alive();
      }
    }, watchdogMs);
    closing.defer(() => clearInterval(timer));
  }

  const crashes = new CrashGuard({ root, bootId, clock, signal });
  await crashes.begin();
  const lasting = await openLasting({ root, env, log, metrics, notifier }, closing);
  const { reporter } = lasting;
  const readiness = new Readiness({
    listening: lasting.listening,
    clock,
    onReady: () => notifier.ready(reporter.status),
    signal,
  });
  closing.defer(() => reloads.close());
  const begun = await crashes.unlessRefused(async (): Promise<Begun | undefined> => {
    try {
      if (found instanceof Error) {
        throw found;
      }
      return { configured: await configure(found, bootId, lasting), model: lasting.model };
    } catch (error) {
      if (!mayCome(error) && !(isSetupError(error) && owesSlot(lasting.model.memory.record, bootId))) {
        throw error;
      }
      return awaitConfigured(error, { lasting, bootId, notifier, readiness, reloads, signal });
    }
  });
  if (begun === undefined) {
    await crashes.cleared();
    log.info('stopping update agent');
    return reporter.status;
  }
  const { configured: first, model } = begun;
  const { reading } = first;
  tellReading(log, metrics, reading, clock.now());
  if (reading.settings.metrics.listen !== undefined) {
    lasting.listenOn(reading.settings.metrics.listen);
  }
  await crashes.unlessRefused(async () => {
    reporter.configured(first);
    reporter.awaiting(undefined);
    await tellStrategies(log, reading, first.gates, clock.now());
  });

  let inUse = first;
  const runner = new Runner({
    model,
    configuration: first,
    dice: () => Math.floor(Math.random() * 11),
    observer: {
      begins: (beginning, at) => {
        if (beginning.kind !== 'waiting') {
          void inUse.gates.refresh(at);
        }
        reporter.begins(beginning, at);
        if (beginning.kind === 'waiting') {
          compileForSize();
          lasting.heap.rests();
        }
      },
      happened: (model, happenings, at) => {
        tellOs(metrics, inUse.reading, model.memory.host?.booted);
        reporter.happened(model, happenings, at);
        readiness.happened(model, happenings);
      },
      configured: (configuration) => {
        inUse = configuration;
        reporter.configured(configuration);
      },
    },
    signal,
  });

  const configurationInUse = new ConfigurationInUse({ lasting, notifier, configured: first, runner });
  reloads.onRing(() => configurationInUse.reload());
  lasting.surface.attach({
    runner,
    configured: () => inUse,
    reload: async () => {
      await reloads.rung();
      const { problem } = configurationInUse;
      if (problem !== undefined) {
        throw problem instanceof Error ? problem : new Error(messageOf(problem));
      }
    },
  });
  closing.defer(() => crashes.close());
  if (crashes.rests) {
    readiness.begun();
  }
  await crashes.rest(log, reporter);
  isAlive = () => runner.isAlive();
  await runner.run();
  await crashes.cleared();
  log.info('stopping update agent');
  return reporter.status;
}

/** Only looked at: where nothing is owed, an agent that cannot start touches nothing. */
async function owesOnDisk(root: string, bootId: string): Promise<boolean> {
  const record = await peekRecord(root);
  return record !== undefined && owesSlot(record, bootId);
}
