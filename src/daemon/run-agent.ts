/**
 * The agent for one life: the configuration is read, everything lasting is opened, the loop runs until it is told to end.
 *
 * Invariants:
 * - READY is told when the agent can be asked and its first reading is over, at the latest after {@link LONGEST_HOLD_MS}.
 * - A configuration that needs what may still come is waited for: the agent is READY and idle meanwhile.
 * - When the signal is aborted everything that was opened is closed, in the reverse order. Nothing keeps the process alive.
 */
import { Runner } from '../agent/runner.ts';
import { ConfigError, linesOf, messageOf, printable } from '../errors.ts';
import { readBootId } from '../host/boot-id.ts';
import { SYSTEM_CLOCK } from '../host/clock.ts';
import type { Doorbell } from '../host/doorbell.ts';
import { createNotifier, watchdogIntervalMs, type Notifier } from '../host/notify.ts';
import type { LevelControl, Logger } from '../log/log.ts';
import { compileForSize } from '../memory/lean-runtime.ts';
import { Metrics } from '../metrics/metrics.ts';
import { inSeconds } from '../report/line.ts';
import { tellOs, tellReading, tellStrategies } from './tell-configuration.ts';
import { VERSION } from '../version.ts';
import { ConfigurationWait, lookAtFiles, mayCome, type AwaitedError } from './await-configuration.ts';
import { claimFolder } from './claim-folder.ts';
import { readConfiguration, type Reading } from './configuration.ts';
import { configure } from './configured.ts';
import { CrashGuard } from './crash-guard.ts';
import { openLasting, type Lasting } from './lasting.ts';
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
export async function runAgent({ root, log, env, pid, signal, reloads }: AgentOptions): Promise<void> {
  const clock = SYSTEM_CLOCK;
  const startedAt = clock.now();
  log.info(`starting update agent (version ${VERSION})`);
  const found = await readConfiguration(root, log).catch((error: unknown) => {
    if (!mayCome(error)) {
      throw error;
    }
    return error;
  });
  await using closing = new AsyncDisposableStack();
  await claimFolder(root, log, clock, closing);
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

  const bootId = await readBootId(root);
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
  const reading =
    found instanceof Error
      ? await crashes.unlessRefused(() =>
          awaitReading(found, { lasting, notifier, readiness, reloads, signal }),
        )
      : found;
  if (reading === undefined) {
    await crashes.cleared();
    log.info('stopping update agent');
    return;
  }
  tellReading(log, metrics, reading, clock.now());
  if (reading.settings.metrics.listen !== undefined) {
    lasting.listenOn(reading.settings.metrics.listen);
  }
  const first = await crashes.unlessRefused(async () => {
    const configured = await configure(reading, bootId, lasting);
    reporter.configured(configured);
    reporter.awaiting(undefined);
    await tellStrategies(log, reading, configured.gates, clock.now());
    return configured;
  });

  let inUse = first;
  const runner = new Runner({
    model: lasting.model,
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
}

interface Waiting {
  readonly lasting: Lasting;
  readonly notifier: Pick<Notifier, 'reloading' | 'ready'>;
  readonly readiness: Readiness;
  readonly reloads: Doorbell;
  readonly signal: AbortSignal;
}

/** Up and idle until the configuration can be read. Undefined: the signal was aborted first. */
async function awaitReading(
  first: AwaitedError,
  { lasting, notifier, readiness, reloads, signal }: Waiting,
): Promise<Reading | undefined> {
  const { root, log, clock, reporter } = lasting;
  const told = new Set<string>();
  const once = (say: (text: string) => void) => (text: string) => {
    if (!told.has(text)) {
      told.add(text);
      say(text);
    }
  };
  const wait = new ConfigurationWait({
    read: () =>
      readConfiguration(root, { warn: once((text) => log.warn(text)), info: once((text) => log.info(text)) }),
    look: () => lookAtFiles(root),
    onWaiting: (error) => {
      log.error(`the configuration is not complete yet, waiting: ${linesOf(error)}`);
      for (const note of error instanceof ConfigError ? error.notes : []) {
        log.warn(note);
      }
      reporter.awaiting(printable(error.message.replaceAll('\n', '; ')));
    },
    clock,
    signal,
  });
  reloads.onRing(() => {
    notifier.reloading();
    wait.ring();
    notifier.ready(reporter.status);
    return Promise.resolve();
  });
  readiness.begun();
  const since = clock.monotonic();
  const reading = await wait.reading(first);
  if (reading !== undefined) {
    log.info(`the configuration is complete, after ${inSeconds(clock.monotonic() - since)}`);
  }
  return reading;
}
