/**
 * rpm-ostree's methods and properties over one bus link, each with its object, interface, signature and deadline.
 *
 * Invariants:
 * - Every reply is checked before it is used.
 * - No call waits longer than its deadline.
 */
import { type BusLink, type BusValue, isList, Variant } from '../dbus/types.ts';
import { RpmOstreeError } from '../errors.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';

const BUS_NAME = 'org.projectatomic.rpmostree1';
const SYSROOT_PATH = '/org/projectatomic/rpmostree1/Sysroot';
const SYSROOT_INTERFACE = `${BUS_NAME}.Sysroot`;
const OS_INTERFACE = `${BUS_NAME}.OS`;
const PROPERTIES_INTERFACE = 'org.freedesktop.DBus.Properties';

/** The daemon logs the agent under this name. */
const CLIENT_ID = 'zincati';

/** The first call may start the daemon, which first reads the whole system root. On slow disks, that takes minutes. */
const CALL_LIMIT_MS = 5 * MINUTE_MS;
/** The daemon already runs, and reads only what changed. */
const LET_GO_LIMIT_MS = 30 * SECOND_MS;
/** Nothing depends on the answer to UnregisterClient. */
const GOODBYE_LIMIT_MS = 500;

/** A dictionary of options, `a{sv}`. */
export type Options = Readonly<Record<string, string | boolean>>;

export class DaemonCalls {
  readonly #link: BusLink;

  constructor(link: BusLink) {
    this.#link = link;
  }

  async registerClient(signal: AbortSignal): Promise<void> {
    await this.#sysroot('RegisterClient', 'a{sv}', [dictionary({ id: CLIENT_ID })], signal);
  }

  /** Lets the daemon exit when idle. Never rejects, because the daemon also notices when we leave the bus. */
  async unregisterClient(): Promise<void> {
    if (this.#link.gone.aborted) {
      return;
    }
    const call = this.#call(SYSROOT_PATH, SYSROOT_INTERFACE, 'UnregisterClient', 'a{sv}', [dictionary({})], {
      timeoutMs: GOODBYE_LIMIT_MS,
    });
    await call.catch(() => undefined);
  }

  /** Makes the daemon update its properties. */
  async reload(signal: AbortSignal): Promise<void> {
    await this.#sysroot('Reload', '', [], signal);
  }

  /**
   * Makes the daemon forget a transaction that has ended, so that the next one is not refused. Never rejects, because
   * the outcome is already known. After a finalization, the host is about to go down anyway.
   */
  async letGo(signal: AbortSignal): Promise<void> {
    const call = this.#call(SYSROOT_PATH, SYSROOT_INTERFACE, 'Reload', '', [], {
      signal,
      timeoutMs: LET_GO_LIMIT_MS,
    });
    await call.catch(() => undefined);
  }

  /** Undecoded; see deployment.ts. */
  async deployments(signal: AbortSignal): Promise<BusValue> {
    return this.#property('Deployments', signal);
  }

  /** The address of the running transaction, or an empty text. */
  async activeTransactionPath(signal: AbortSignal): Promise<string> {
    return asText(await this.#property('ActiveTransactionPath', signal), 'ActiveTransactionPath');
  }

  /** The method that began the running transaction. */
  async activeTransactionMethod(signal: AbortSignal): Promise<string> {
    const value = await this.#property('ActiveTransaction', signal);
    return asText(isList(value) ? value[0] : value, 'ActiveTransaction');
  }

  /** This and the next three methods return the address of the transaction. */
  async deploy(revision: string, options: Options, signal: AbortSignal): Promise<string> {
    return this.#begin('Deploy', 'sa{sv}', [revision, dictionary(options)], signal);
  }

  async updateDeployment(modifiers: Options, options: Options, signal: AbortSignal): Promise<string> {
    return this.#begin(
      'UpdateDeployment',
      'a{sv}a{sv}',
      [dictionary(modifiers), dictionary(options)],
      signal,
    );
  }

  async finalizeDeployment(options: Options, signal: AbortSignal): Promise<string> {
    return this.#begin('FinalizeDeployment', 'a{sv}', [dictionary(options)], signal);
  }

  async cleanup(elements: readonly string[], signal: AbortSignal): Promise<string> {
    return this.#begin('Cleanup', 'as', [elements], signal);
  }

  async #begin(
    member: string,
    signature: string,
    body: readonly BusValue[],
    signal: AbortSignal,
  ): Promise<string> {
    const os = asText(await this.#property('Booted', signal), 'Booted');
    if (!os.startsWith('/') || os === '/') {
      const message = `cannot call ${member}: the host must have booted an rpm-ostree deployment, got '${os}'`;
      throw new RpmOstreeError('rpm_ostree_malformed_reply', message);
    }
    const [address] = await this.#call(os, OS_INTERFACE, member, signature, body, { signal });
    return asText(address, `the answer to ${member}`);
  }

  async #property(name: string, signal: AbortSignal): Promise<BusValue> {
    const body = [SYSROOT_INTERFACE, name];
    const [value] = await this.#call(SYSROOT_PATH, PROPERTIES_INTERFACE, 'Get', 'ss', body, { signal });
    if (!(value instanceof Variant)) {
      throw new RpmOstreeError('rpm_ostree_malformed_reply', `cannot read ${name}: it must be a variant`);
    }
    return value.value;
  }

  async #sysroot(
    member: string,
    signature: string,
    body: readonly BusValue[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.#call(SYSROOT_PATH, SYSROOT_INTERFACE, member, signature, body, { signal });
  }

  async #call(
    path: string,
    interfaceName: string,
    member: string,
    signature: string,
    body: readonly BusValue[],
    { signal, timeoutMs = CALL_LIMIT_MS }: { signal?: AbortSignal; timeoutMs?: number },
  ): Promise<readonly BusValue[]> {
    const target = { destination: BUS_NAME, path, interface: interfaceName, member, timeoutMs };
    const call = signature === '' ? target : { ...target, signature, body };
    return (await this.#link.call(call, signal)).body;
  }
}

function dictionary(options: Options): ReadonlyMap<string, BusValue> {
  return new Map(
    Object.entries(options).map(([key, value]) => [
      key,
      new Variant(typeof value === 'string' ? 's' : 'b', value),
    ]),
  );
}

function asText(value: BusValue | undefined, what: string): string {
  if (typeof value === 'string') {
    return value;
  }
  const message = `cannot read ${what}: it must be a text, got ${typeof value}`;
  throw new RpmOstreeError('rpm_ostree_malformed_reply', message);
}
