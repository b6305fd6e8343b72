/**
 * The agent's name on the system bus and what it offers there, kept up in the background.
 *
 * Invariants:
 * - Nothing that happens to the bus ends the agent or is repeated in its log.
 * - Objects are there before the name is, so whoever finds the name finds them.
 * - The connection serves nothing else. So whoever floods it holds up neither rpm-ostree nor logind.
 * - There is a pause after each failure and each loss.
 */
import type { Clock } from '../agent/ports.ts';
import { requestName } from '../dbus/calls.ts';
import { BUS_NAME, BUS_PATH } from '../dbus/message.ts';
import type { BusLink, ExportedInterface, SystemBus } from '../dbus/types.ts';
import { BusError, messageOf } from '../errors.ts';
import type { Logger } from '../log/log.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';

export interface ServiceOptions {
  readonly bus: SystemBus;
  readonly name: string;
  readonly interfaces: readonly ExportedInterface[];
  /**
   * Called with each new link before it has the name, for what is not there for good. `until` ends with the link. Rejects
   * as `BusLink.call` does.
   */
  readonly attach?: (link: BusLink, until: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'debug' | 'info' | 'warn'>;
}

const FIRST_PAUSE_MS = SECOND_MS;
const LONGEST_PAUSE_MS = MINUTE_MS;
/** At the end of its life the agent hardly waits for a bus that does not answer. */
const RELEASE_TIMEOUT_MS = 500;

export class Service {
  readonly #options: ServiceOptions;
  readonly #life = new AbortController();
  readonly #tried = Promise.withResolvers<undefined>();
  #running: Promise<void> = Promise.resolve();

  constructor(options: ServiceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run(this.#life.signal);
  }

  /** Resolves when the name is owned, or the first attempt has failed. Never rejects. */
  get tried(): Promise<unknown> {
    return this.#tried.promise;
  }

  /** Gives the name back. Never rejects. */
  async close(): Promise<void> {
    this.#life.abort();
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { name, clock, log } = this.#options;
    let isTroubled = false;
    let pauseMs = FIRST_PAUSE_MS;
    while (!signal.aborted) {
      try {
        await this.#serve(signal, () => {
          if (isTroubled) {
            log.info(`D-Bus name ${name} is served again`);
          } else {
            log.debug(`D-Bus name ${name} is served`);
          }
          isTroubled = false;
          pauseMs = FIRST_PAUSE_MS;
          this.#tried.resolve(undefined);
        });
      } catch (error) {
        this.#tried.resolve(undefined);
        if (isAborted(signal)) {
          return;
        }
        if (!isTroubled) {
          log.warn(`D-Bus name ${name} is not served, trying again: ${messageOf(error)}`);
        }
        isTroubled = true;
      }
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
  }

  /** Resolves when the agent's life ends. Rejects when the name cannot be had or the bus is gone. */
  async #serve(signal: AbortSignal, onServed: () => void): Promise<void> {
    const { bus, name, interfaces, attach } = this.#options;
    const link = await bus.link(signal);
    const withdrawals = interfaces.map((offered) => link.export(offered));
    const served = new AbortController();
    try {
      await attach?.(link, served.signal);
      if (!(await requestName(link, name, signal))) {
        throw new BusError('bus_remote_error', `cannot own ${name}: another process owns it`);
      }
      onServed();
      await firstAborted(signal, link.gone);
      if (!signal.aborted) {
        throw link.gone.reason;
      }
      await releaseName(link, name);
    } finally {
      served.abort();
      for (const withdraw of withdrawals) {
        withdraw();
      }
    }
  }
}

async function releaseName(link: BusLink, name: string): Promise<void> {
  await link
    .call({
      destination: BUS_NAME,
      path: BUS_PATH,
      interface: BUS_NAME,
      member: 'ReleaseName',
      signature: 's',
      body: [name],
      timeoutMs: RELEASE_TIMEOUT_MS,
    })
    // The name goes with the connection in any case.
    .catch(() => undefined);
}

function firstAborted(...signals: readonly AbortSignal[]): Promise<void> {
  const any = AbortSignal.any([...signals]);
  return new Promise((resolve) => {
    if (any.aborted) {
      resolve();
    } else {
      any.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}

/** A function of its own, since the compiler would otherwise take the loop's condition for still true. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
