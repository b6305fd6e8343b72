/**
 * Lender `fleet_lock`: a lock server lends this node one of the slots of its group for a reboot. The FleetLock protocol:
 * POST v1/pre-reboot takes a slot, POST v1/steady-state gives it back, both safe to repeat.
 *
 * Invariants:
 * - Only a complete answer with status 200 grants a slot.
 * - A slot that was asked for may be held, whatever came back. So the agent gives it back whenever it does not reboot.
 * - A slot is given back to the address at which it was taken, also when that address names the node's stream.
 * - A token that is sent never comes back in a message.
 * - A server that says when to ask again is not asked before.
 */
import type { Clock, SlotAnswer, SlotRequest } from '../agent/ports.ts';
import { endpointBelow, type TemplateValues } from '../http/base-url.ts';
import { errorDocument } from '../http/error-document.ts';
import { RemoteKinds } from '../http/remote-kind.ts';
import { FleetLockError, HttpError, printable, type FleetLockErrorKind } from '../errors.ts';
import type { HttpClient, HttpLimits, HttpReply } from '../http/http-client.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import type { BlockLabel } from '../gates/labels.ts';
import { resolveStream } from '../identity/stream.ts';
import type { Lender } from './lender.ts';

export type FleetLockApi = 'pre-reboot' | 'steady-state';

/** Hears what metrics count. Must not throw. */
export interface FleetLockObserver {
  requested(api: FleetLockApi): void;
  /** The answer was no grant; this includes that all slots are taken. `kind`: a bounded word. */
  failed(api: FleetLockApi, kind: string): void;
  /** A slot that this process took is given back. One that led to a reboot is given back by the next process, unheard. */
  returned(heldMs: number): void;
}

/** The node as the lock server is to know it. */
export interface FleetLockNode extends Omit<TemplateValues, 'stream'> {
  readonly nodeUuid: string;
  /** As configured; undefined: that of the requests counts. */
  readonly stream: string | undefined;
}

export interface FleetLockOptions {
  /** As configured, with templates. */
  readonly baseUrl: string;
  readonly node: FleetLockNode;
  readonly http: Pick<HttpClient, 'request'>;
  readonly limits: Partial<HttpLimits>;
  /** Rejects with HttpError `http_bad_credentials`. Undefined: the server asks for no token. */
  readonly bearer: (() => Promise<string>) | undefined;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly observer: FleetLockObserver;
}

/** Also the metric label of a refusal. */
const NAME = 'fleet_lock' satisfies BlockLabel;

/**
 * A server that says one of these has understood, and others have the slots. The kind decides, since servers differ in
 * status: the protocol's text has `failed_lock_semaphore_full`, airlock has `failed_lock` (with 500), poseidon/fleetlock
 * has `locked` (with 423).
 */
const REFUSING_KINDS: readonly string[] = ['failed_lock_semaphore_full', 'failed_lock', 'locked'];
/** 409 Conflict and 423 Locked mean the same, also without a kind. */
const REFUSING_STATUSES: readonly number[] = [409, 423];
/** Characters of what a server says that are passed on. */
const LONGEST_SAID = 300;

const STREAM_TEMPLATE = '${stream}';

const PURPOSE: Readonly<Record<FleetLockApi, string>> = {
  'pre-reboot': 'cannot take a reboot slot',
  'steady-state': 'cannot give back the reboot slot',
};

/** An answer that is no grant. */
interface Refusal {
  readonly status: number;
  /** True: others have all slots. False: something is wrong. */
  readonly isPlain: boolean;
  /** For metrics. */
  readonly label: string;
  /** For people: the server's kind and sentence. */
  readonly said: string;
  readonly retryAfterMs: number | undefined;
}

export class FleetLock implements Lender {
  readonly name = NAME;
  readonly #options: FleetLockOptions;
  readonly #remoteKinds = new RemoteKinds();
  /** A refusal that stays until an instant of the monotonic clock, because the server said so. */
  #standing: { readonly reason: string; readonly untilMono: number } | undefined;
  #heldSinceMono: number | undefined;
  /** The first stream that a request knew. It stays, so that a slot is given back where it was taken. */
  #bootedStream: string | undefined;

  constructor(options: FleetLockOptions) {
    this.#options = options;
  }

  /**
   * Rejects with FleetLockError when the server does not answer as the protocol has it. Rejects with IdentityError
   * `identity_stream` when the address names the stream and that is not known.
   */
  async acquire(request: SlotRequest, signal: AbortSignal): Promise<SlotAnswer> {
    const { clock } = this.#options;
    if (this.#standing !== undefined) {
      const leftMs = this.#standing.untilMono - clock.monotonic();
      if (leftMs > 0) {
        return refused(this.#standing.reason, request.at + leftMs);
      }
      this.#standing = undefined;
    }
    const refusal = await this.#post('pre-reboot', request, signal);
    if (refusal === undefined) {
      this.#heldSinceMono ??= clock.monotonic();
      return { kind: 'granted' };
    }
    if (!refusal.isPlain) {
      throw asError('pre-reboot', refusal);
    }
    const reason = `lock server says: ${refusal.said}`;
    const { retryAfterMs = 0 } = refusal;
    if (retryAfterMs <= 0) {
      return refused(reason);
    }
    this.#standing = { reason, untilMono: clock.monotonic() + retryAfterMs };
    return refused(reason, request.at + retryAfterMs);
  }

  /** Rejects as `acquire` does, and also for a plain refusal: no server may refuse to take a slot back. */
  async release(request: SlotRequest, signal: AbortSignal): Promise<void> {
    const refusal = await this.#post('steady-state', request, signal);
    if (refusal !== undefined) {
      throw asError('steady-state', refusal);
    }
    if (this.#heldSinceMono === undefined) {
      return;
    }
    this.#options.observer.returned(this.#options.clock.monotonic() - this.#heldSinceMono);
    this.#heldSinceMono = undefined;
  }

  /** Resolves with undefined when the server has done it. */
  async #post(api: FleetLockApi, request: SlotRequest, signal: AbortSignal): Promise<Refusal | undefined> {
    const { observer } = this.#options;
    observer.requested(api);
    try {
      const refusal = await this.#ask(api, request, signal);
      if (refusal !== undefined) {
        observer.failed(api, refusal.label);
      }
      return refusal;
    } catch (error) {
      if (error instanceof FleetLockError) {
        observer.failed(api, error.label);
      }
      throw error;
    }
  }

  async #ask(api: FleetLockApi, request: SlotRequest, signal: AbortSignal): Promise<Refusal | undefined> {
    const { baseUrl, node, http, limits } = this.#options;
    const endpoint = endpointBelow(baseUrl, `v1/${api}`, { ...node, stream: this.#stream(request) });
    if ('problem' in endpoint) {
      throw new FleetLockError(
        'fleet_lock_misconfigured',
        'client_failed_build',
        printable(`${PURPOSE[api]}: updates.fleet_lock.base_url ${endpoint.problem}`),
      );
    }
    let bearer: string | undefined;
    try {
      bearer = await this.#options.bearer?.();
      const reply = await http.request({
        method: 'POST',
        url: endpoint.url,
        headers: fleetLockHeaders(bearer),
        body: JSON.stringify({ client_params: { id: node.nodeUuid, group: node.group } }),
        signal,
        limits,
      });
      return reply.status === 200 ? undefined : this.#refusal(reply, bearer);
    } catch (error) {
      if (!(error instanceof HttpError)) {
        throw error;
      }
      throw transportError(api, error, bearer);
    }
  }

  /** The stream that the address names; "" if it names none. Throws IdentityError when it is not known. */
  #stream({ stream }: SlotRequest): string {
    const { baseUrl, node } = this.#options;
    if (!baseUrl.includes(STREAM_TEMPLATE)) {
      return '';
    }
    // An empty name is not known either.
    this.#bootedStream ||= stream;
    return resolveStream({ identity: { stream: node.stream } }, this.#bootedStream);
  }

  #refusal(reply: HttpReply, bearer: string | undefined): Refusal {
    const { kind, value } = errorDocument(reply.body);
    const word = this.#remoteKinds.label(typeof kind === 'string' ? withoutToken(kind, bearer) : undefined);
    const said = [kind, value]
      .filter((part) => typeof part === 'string' && part !== '')
      .map((part) => withoutToken(String(part), bearer).slice(0, LONGEST_SAID).trim());
    const { status } = reply;
    return {
      status,
      isPlain: REFUSING_STATUSES.includes(status) || REFUSING_KINDS.some((refusing) => refusing === kind),
      label: word ?? `generic_http_${status}`,
      said: printable(said.length === 0 ? `status ${status}, without a reason` : said.join(': ')),
      retryAfterMs: parseRetryAfter(reply.headers.get('retry-after'), this.#options.clock.now()),
    };
  }
}

/** Of every request. `bearer`: the token, where the server asks for one. */
export function fleetLockHeaders(bearer: string | undefined): Readonly<Record<string, string>> {
  return {
    'fleet-lock-protocol': 'true',
    'content-type': 'application/json',
    accept: 'application/json',
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
  };
}

function refused(reason: string, untilAt?: number): SlotAnswer {
  const refusal = { kind: 'refused', reason, label: NAME } as const;
  return untilAt === undefined ? refusal : { ...refusal, untilAt };
}

function asError(api: FleetLockApi, { status, label, said, retryAfterMs }: Refusal): FleetLockError {
  return new FleetLockError(
    kindOfStatus(status),
    label,
    `${PURPOSE[api]}: the lock server must answer with status 200, got ${status}${hint(status)}; it says: ${said}`,
    { retryAfterMs },
  );
}

function kindOfStatus(status: number): FleetLockErrorKind {
  if (status === 401 || status === 403) {
    return 'fleet_lock_unauthorized';
  }
  return status >= 500 || status === 429 ? 'fleet_lock_unavailable' : 'fleet_lock_refused';
}

function hint(status: number): string {
  if (status === 401 || status === 403) {
    return ' (are bearer_file and client_cert_file those of this server?)';
  }
  return status === 404 ? ' (is updates.fleet_lock.base_url right?)' : '';
}

function transportError(api: FleetLockApi, cause: HttpError, bearer: string | undefined): FleetLockError {
  const message = `${PURPOSE[api]}: ${withoutToken(cause.message, bearer)}`;
  switch (cause.kind) {
    case 'http_bad_credentials':
      return new FleetLockError('fleet_lock_credentials', 'client_failed_build', message, { cause });
    case 'http_redirect_refused':
      // Without its cause: the address that the redirect led to may repeat the token.
      return new FleetLockError('fleet_lock_refused', 'client_failed_request', message);
    default:
      return new FleetLockError('fleet_lock_unreachable', 'client_failed_request', message, { cause });
  }
}

/** Some servers and proxies repeat the request in what they say. */
function withoutToken(text: string, bearer: string | undefined): string {
  return bearer === undefined ? text : text.replaceAll(bearer, '***');
}
