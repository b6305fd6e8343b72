/**
 * Strategy `fleet_lock`: a reboot is allowed while a lock server lends this node one of the slots of its group. The
 * FleetLock protocol: POST v1/pre-reboot takes a slot, POST v1/steady-state gives it back, both safe to repeat.
 *
 * Invariants: only a complete answer with status 200 is a yes; a slot that was asked for may be held, whatever came
 * back, so that the agent gives it back whenever it does not reboot; a token that is sent never comes back in a message;
 * a server that says when to ask again is not asked before.
 */
import type { Clock } from '../agent/ports.ts';
import { endpointBelow, type TemplateValues } from '../http/base-url.ts';
import { errorDocument } from '../http/error-document.ts';
import { RemoteKinds } from '../http/remote-kind.ts';
import { FleetLockError, HttpError, printable, type FleetLockErrorKind } from '../errors.ts';
import type { HttpClient, HttpLimits, HttpReply } from '../http/http-client.ts';
import { parseRetryAfter } from '../http/retry-after.ts';
import type { Strategy, Verdict } from '../gates/strategy.ts';
import { allow, deny } from '../gates/verdict.ts';

export type FleetLockApi = 'pre-reboot' | 'steady-state';

/** What metrics count. Must not throw. */
export interface FleetLockObserver {
  requested(api: FleetLockApi): void;
  /** Anything but a yes, also that all slots are taken. `kind`: bounded. */
  failed(api: FleetLockApi, kind: string): void;
  /** A slot that this process had taken is given back; one that led to a reboot is given back by the next process. */
  returned(heldMs: number): void;
}

export interface FleetLockOptions {
  /** As configured, with templates. */
  readonly baseUrl: string;
  /** The node as it is when asked; may throw an AgentError. */
  readonly node: () => TemplateValues & { readonly nodeUuid: string };
  readonly http: Pick<HttpClient, 'request'>;
  readonly limits: Partial<HttpLimits>;
  /** Rejects with HttpError `http_bad_credentials`. Undefined: the server asks for no token. */
  readonly bearer: (() => Promise<string>) | undefined;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly observer: FleetLockObserver;
}

/**
 * A server that says one of these has understood, and the slots are with others. By kind, because servers differ in
 * status: `failed_lock_semaphore_full` of the protocol's text, `failed_lock` of airlock (with 500), `locked` of
 * poseidon/fleetlock (with 423).
 */
const DENYING_KINDS: readonly string[] = ['failed_lock_semaphore_full', 'failed_lock', 'locked'];
/** 409 Conflict and 423 Locked mean the same without a word. */
const DENYING_STATUSES: readonly number[] = [409, 423];
const LONGEST_SAID = 300;

const PURPOSE: Readonly<Record<FleetLockApi, string>> = {
  'pre-reboot': 'cannot take a reboot slot',
  'steady-state': 'cannot give back the reboot slot',
};

/** A no, as the server put it. */
interface Refusal {
  readonly status: number;
  /** All slots are with others; otherwise something is wrong. */
  readonly denies: boolean;
  /** For metrics. */
  readonly label: string;
  /** For people: kind and sentence of the server. */
  readonly said: string;
  readonly retryAfterMs: number | undefined;
}

export class FleetLockStrategy implements Strategy {
  readonly name = 'fleet_lock';
  readonly remote = true;
  readonly #options: FleetLockOptions;
  readonly #remoteKinds = new RemoteKinds();
  /** A denial that stays until an instant of the monotonic clock, by the server's own word. */
  #standing: { readonly reason: string; readonly untilMono: number } | undefined;
  #heldSinceMono: number | undefined;

  constructor(options: FleetLockOptions) {
    this.#options = options;
  }

  async canFinalize(nowMs: number, signal: AbortSignal): Promise<Verdict> {
    const { clock } = this.#options;
    if (this.#standing !== undefined) {
      const leftMs = this.#standing.untilMono - clock.monotonic();
      if (leftMs > 0) {
        return deny('fleet_lock', this.#standing.reason, nowMs + leftMs);
      }
      this.#standing = undefined;
    }
    const refusal = await this.#post('pre-reboot', signal);
    if (refusal === undefined) {
      this.#heldSinceMono ??= clock.monotonic();
      return allow('fleet_lock', 'the lock server lent a reboot slot');
    }
    if (!refusal.denies) {
      throw asError('pre-reboot', refusal);
    }
    const reason = `lock server says: ${refusal.said}`;
    const { retryAfterMs = 0 } = refusal;
    if (retryAfterMs <= 0) {
      return deny('fleet_lock', reason);
    }
    this.#standing = { reason, untilMono: clock.monotonic() + retryAfterMs };
    return deny('fleet_lock', reason, nowMs + retryAfterMs);
  }

  async reportSteady(signal: AbortSignal): Promise<void> {
    const refusal = await this.#post('steady-state', signal);
    if (refusal !== undefined) {
      throw asError('steady-state', refusal);
    }
    if (this.#heldSinceMono === undefined) {
      return;
    }
    this.#options.observer.returned(this.#options.clock.monotonic() - this.#heldSinceMono);
    this.#heldSinceMono = undefined;
  }

  /** Undefined: done. */
  async #post(api: FleetLockApi, signal: AbortSignal): Promise<Refusal | undefined> {
    const { observer } = this.#options;
    observer.requested(api);
    try {
      const refusal = await this.#ask(api, signal);
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

  async #ask(api: FleetLockApi, signal: AbortSignal): Promise<Refusal | undefined> {
    const { baseUrl, http, limits } = this.#options;
    const node = this.#options.node();
    const endpoint = endpointBelow(baseUrl, `v1/${api}`, node);
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
        headers: {
          'fleet-lock-protocol': 'true',
          'content-type': 'application/json',
          accept: 'application/json',
          ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
        },
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

  #refusal(reply: HttpReply, bearer: string | undefined): Refusal {
    const { kind, value } = errorDocument(reply.body);
    const word = this.#remoteKinds.label(typeof kind === 'string' ? withoutToken(kind, bearer) : undefined);
    const said = [kind, value]
      .filter((part) => typeof part === 'string' && part !== '')
      .map((part) => withoutToken(String(part), bearer).slice(0, LONGEST_SAID).trim());
    const { status } = reply;
    return {
      status,
      denies: DENYING_STATUSES.includes(status) || DENYING_KINDS.some((denying) => denying === kind),
      label: word ?? `generic_http_${status}`,
      said: printable(said.length === 0 ? `status ${status}, without a reason` : said.join(': ')),
      retryAfterMs: parseRetryAfter(reply.headers.get('retry-after'), this.#options.clock.now()),
    };
  }
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
      // Without its cause: where the redirect led to may repeat the token.
      return new FleetLockError('fleet_lock_refused', 'client_failed_request', message);
    default:
      return new FleetLockError('fleet_lock_unreachable', 'client_failed_request', message, { cause });
  }
}

/** Some servers and proxies tell the request back. */
function withoutToken(text: string, bearer: string | undefined): string {
  return bearer === undefined ? text : text.replaceAll(bearer, '***');
}
