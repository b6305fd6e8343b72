/**
 * An agent without a configuration that it can use: up and idle until there is one, while slots of before go back.
 *
 * Invariant: what a person must mend ends the agent, at once unless a slot is still to be given back.
 */
import type { Model } from '../agent/state.ts';
import { ConfigError, isSetupError, linesOf, printable } from '../errors.ts';
import type { Doorbell } from '../host/doorbell.ts';
import type { Notifier } from '../host/notify.ts';
import { inSeconds } from '../report/line.ts';
import { ConfigurationWait, lookAtFiles, mayCome, type AwaitedError } from './await-configuration.ts';
import { readConfiguration } from './configuration.ts';
import { configure, type Configured } from './configured.ts';
import { giveBackMeanwhile } from './give-back-meanwhile.ts';
import type { Lasting } from './lasting.ts';
import type { Readiness } from './readiness.ts';

/** What the loop begins with. */
export interface Begun {
  readonly configured: Configured;
  readonly model: Model;
}

export interface Waiting {
  readonly lasting: Lasting;
  readonly bootId: string;
  readonly notifier: Pick<Notifier, 'reloading' | 'ready'>;
  readonly readiness: Readiness;
  readonly reloads: Doorbell;
  readonly signal: AbortSignal;
}

/** Up and idle until the configuration can be used; slots go back. Undefined: the signal was aborted first. */
export async function awaitConfigured(
  first: AwaitedError,
  { lasting, bootId, notifier, readiness, reloads, signal }: Waiting,
): Promise<Begun | undefined> {
  const { root, log, clock, reporter } = lasting;
  const told = new Set<string>();
  const once = (say: (text: string) => void) => (text: string) => {
    if (!told.has(text)) {
      told.add(text);
      say(text);
    }
  };
  const onceInLog = { warn: once((text) => log.warn(text)), info: once((text) => log.info(text)) };
  let ring = (): void => undefined;
  const giving = await giveBackMeanwhile(lasting, bootId, () => ring());
  const wait = new ConfigurationWait({
    isAwaited: (error) => mayCome(error) || (isSetupError(error) && giving.owes()),
    read: async () => configure(await readConfiguration(root, onceInLog), bootId, lasting),
    look: () => lookAtFiles(root),
    onWaiting: (error) => {
      const what = mayCome(error) ? 'the configuration is not complete yet, waiting' : ENDS_WHEN_PAID;
      log.error(`${what}: ${linesOf(error)}`);
      for (const note of error instanceof ConfigError ? error.notes : []) {
        log.warn(note);
      }
      reporter.awaiting(printable(error.message.replaceAll('\n', '; ')));
    },
    clock,
    signal: AbortSignal.any([signal, giving.broken]),
  });
  ring = () => wait.ring();
  reloads.onRing(() => {
    notifier.reloading();
    wait.ring();
    notifier.ready(reporter.status);
    return Promise.resolve();
  });
  readiness.begun();
  const since = clock.monotonic();
  let model = lasting.model;
  let configured: Configured | undefined;
  try {
    configured = await wait.reading(first);
  } finally {
    model = await giving.end();
  }
  if (configured === undefined) {
    return undefined;
  }
  log.info(`the configuration is complete, after ${inSeconds(clock.monotonic() - since)}`);
  return { configured, model };
}

const ENDS_WHEN_PAID =
  'the configuration cannot be used; the agent ends as soon as a reboot slot that may be held is given back';
