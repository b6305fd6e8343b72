/**
 * The agent for one life: the configuration is read, everything lasting is opened, the loop runs until it is told to end.
 *
 * Invariants:
 * - READY is told as soon as the configuration is accepted, before anything outside is waited for.
 * - When the signal is aborted everything that was opened is closed, in the reverse order. Nothing keeps the process alive.
 */
import { Runner } from '../agent/runner.ts';
import { initialModel } from '../agent/state.ts';
import { readBootId } from '../host/boot-id.ts';
import { SYSTEM_CLOCK } from '../host/clock.ts';
import type { Doorbell } from '../host/doorbell.ts';
import { createNotifier, watchdogIntervalMs } from '../host/notify.ts';
import type { Logger } from '../log/log.ts';
import { Metrics } from '../metrics/metrics.ts';
import { statusText } from '../report/status-text.ts';
import { tellOs, tellReading, tellStrategies } from './tell-configuration.ts';
import { VERSION } from '../version.ts';
import { policyOf, readConfiguration } from './configuration.ts';
import { claimFolder } from './claim-folder.ts';
import { configure } from './configured.ts';
import { CrashGuard } from './crash-guard.ts';
import { openLasting } from './lasting.ts';
import { ConfigurationInUse } from './reload.ts';

export interface AgentOptions {
  /** Prefix of every path; "/" on a host. */
  readonly root: string;
  readonly log: Logger;
  /** NOTIFY_SOCKET and its like are taken out of it. */
  readonly env: Record<string, string | undefined>;
  readonly pid: number;
  readonly signal: AbortSignal;
  /** Rung when the configuration shall be read again. */
  readonly reloads: Doorbell;
}

/** Resolves when the signal is aborted and everything is closed. Rejects with ConfigError or IdentityError at the start. */
export async function runAgent({ root, log, env, pid, signal, reloads }: AgentOptions): Promise<void> {
  const clock = SYSTEM_CLOCK;
  const startedAt = clock.now();
  log.info(`starting update agent (version ${VERSION})`);
  const reading = await readConfiguration(root, log);
  await using closing = new AsyncDisposableStack();
  await claimFolder(root, log, closing);
  const watchdogMs = watchdogIntervalMs(env, pid);
  const notifier = await createNotifier(env, pid, (text) => log.warn(text));
  const metrics = new Metrics(startedAt);
  tellReading(log, metrics, reading, startedAt);

  closing.defer(() => notifier.close());
  closing.defer(() => notifier.stopping());

  const bootId = await readBootId(root);
  const policy = policyOf(reading, bootId);
  notifier.ready(statusText(initialModel(), policy));

  const crashes = new CrashGuard({ root, bootId, clock, signal });
  await crashes.begin();
  const lasting = await openLasting({ root, env, log, metrics, notifier, reading, policy }, closing);
  const first = await crashes.unlessRefused(async () => {
    const configured = await configure(reading, bootId, lasting);
    await tellStrategies(log, reading, configured.gates, clock.now());
    return configured;
  });

  let inUse = first;
  const { reporter } = lasting;
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
      },
      happened: (model, happenings, at) => {
        tellOs(metrics, inUse.reading, model.memory.host?.booted);
        reporter.happened(model, happenings, at);
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
  closing.defer(() => reloads.close());

  if (watchdogMs !== undefined) {
    const timer = setInterval(() => {
      if (runner.isAlive()) {
        notifier.alive();
      }
    }, watchdogMs);
    closing.defer(() => clearInterval(timer));
  }
  closing.defer(() => crashes.close());
  await crashes.rest(log, reporter);
  await runner.run();
  await crashes.cleared();
  log.info('stopping update agent');
}
