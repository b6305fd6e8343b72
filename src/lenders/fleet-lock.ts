/**
 * Lender `fleet_lock`: a lock server lends this node one of the slots of its group for a reboot. The FleetLock protocol:
 * POST v1/pre-reboot takes a slot, POST v1/steady-state gives it back, both safe to repeat.
 *
 * Invariants:
 * - Only a complete answer that means yes grants a slot; lock-answer.ts knows what answers mean.
 * - A request that got no complete answer, and one that failed in the server, may have taken a slot.
 * - The body has no content type, as Zincati's has none, until the server asks for one.
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
import { secretsIn, withoutSecrets } from '../text/secrets.ts';
import { MINUTE_MS, SECOND_MS } from '../text/units.ts';
import { STREAM_TEMPLATE } from '../agent/slot-place.ts';
import type { BlockLabel } from '../gates/labels.ts';
import { resolveStream } from '../identity/stream.ts';
import type { Lender } from './lender.ts';
import { asksForContentType, isGivenBack, meaningOfTaking, type Meaning, type Said } from './lock-answer.ts';

export type FleetLockApi = 'pre-reboot' | 'steady-state';

/**
 * `yes`: lent, or given back. `no`: others have the slots. `under-way`: a place is kept while the server works.
 * `uncertain`: a slot may be held. `failed`: nothing was lent or given back, and not because the slots are taken.
 */
export type FleetLockOutcome = 'yes' | 'no' | 'under-way' | 'uncertain' | 'failed';

/** Hears what metrics count. Must not throw. */
export interface FleetLockObserver {
  requested(api: FleetLockApi): void;
  /** The answer was no grant; this includes that all slots are taken. `kind`: a bounded word. */
  failed(api: FleetLockApi, kind: string): void;
  /** Each request that was not cut short leads to one of these. */
  answered(api: FleetLockApi, answer: FleetLockOutcome): void;
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
export const NAME = 'fleet_lock' satisfies BlockLabel;

/** Characters of what a server says that are looked at, for each field. */
const LONGEST_READ = 2000;
/** Characters of what a server says that are passed on. */
const LONGEST_SAID = 300;

/** Pauses before asking again: where others were faster, where the server works on it, and where something broke. */
const CONTENDED_PAUSE_MS = 5 * SECOND_MS;
const UNDER_WAY_PAUSE_MS = 15 * SECOND_MS;
const FIRST_UNSURE_PAUSE_MS = 15 * SECOND_MS;
const LONGEST_UNSURE_PAUSE_MS = 5 * MINUTE_MS;
/** Giving back needs no drain: a server that does not answer by then is tried again later. */
const LONGEST_RELEASE_MS = MINUTE_MS;

const PURPOSE: Readonly<Record<FleetLockApi, string>> = {
  'pre-reboot': 'cannot take a reboot slot',
  'steady-state': 'cannot give back the reboot slot',
};

const OUTCOMES: Readonly<Record<Meaning, FleetLockOutcome>> = {
  yes: 'yes',
  no: 'no',
  contended: 'no',
  'under way': 'under-way',
  uncertain: 'uncertain',
  failed: 'failed',
};

/** A complete answer. */
interface Answer extends Said {
  /** For metrics. */
  readonly label: string;
  /** For people: the server's kind and sentence. */
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

export class FleetLock implements Lender {
  readonly name = NAME;
  readonly #options: FleetLockOptions;
  readonly #remoteKinds = new RemoteKinds();
  /** A refusal that stays until an instant of the monotonic clock, because the server said so. */
  #standing: { readonly reason: string; readonly untilMono: number } | undefined;
  /** The server has asked for a content type. */
  #wantsType = false;
  /** Questions in a row whose outcome nobody knows. */
  #unsure = 0;
  /** The first stream that a request knew. It stays, so that a slot is given back where it was taken. */
  #bootedStream: string | undefined;

  constructor(options: FleetLockOptions) {
    this.#options = options;
  }

  /**
   * Rejects with FleetLockError when something is wrong and nothing was lent. Rejects with IdentityError
   * `identity_stream` when the address names the stream and that is not known.
   */
  async acquire(request: SlotRequest, signal: AbortSignal): Promise<SlotAnswer> {
    const { clock, observer } = this.#options;
    if (this.#standing !== undefined) {
      const leftMs = this.#standing.untilMono - clock.monotonic();
      if (leftMs > 0) {
        return refused(this.#standing.reason, request.at + leftMs);
      }
      this.#standing = undefined;
    }
    observer.requested('pre-reboot');
    let answer: Answer;
    try {
      answer = await this.#ask('pre-reboot', request, signal);
    } catch (error) {
      if (!(error instanceof FleetLockError)) {
        throw error;
      }
      observer.failed('pre-reboot', error.label);
      const isUncertain = error.kind === 'fleet_lock_unreachable' && isSent(error.cause);
      observer.answered('pre-reboot', isUncertain ? 'uncertain' : 'failed');
      if (!isUncertain) {
        throw error;
      }
      return mayBeHeld({ reason: error.message, askAgainMs: this.#unsurePauseMs(), errorKind: error.kind });
    }
    const meaning = meaningOfTaking(answer);
    observer.answered('pre-reboot', OUTCOMES[meaning]);
    if (meaning !== 'yes') {
      observer.failed('pre-reboot', answer.label);
    }
    if (meaning !== 'uncertain') {
      this.#unsure = 0;
    }
    const { retryAfterMs = 0 } = answer;
    const reason = `lock server says: ${answer.text}`;
    const until = retryAfterMs > 0 ? { untilAt: request.at + retryAfterMs } : {};
    switch (meaning) {
      case 'yes':
        return { kind: 'granted' };
      case 'no':
        if (retryAfterMs <= 0) {
          return refused(reason);
        }
        this.#standing = { reason, untilMono: clock.monotonic() + retryAfterMs };
        return refused(reason, request.at + retryAfterMs);
      case 'contended':
        return refused(reason, request.at + Math.max(CONTENDED_PAUSE_MS, retryAfterMs));
      case 'under way': {
        const askAgainMs = retryAfterMs > 0 ? retryAfterMs : UNDER_WAY_PAUSE_MS;
        return mayBeHeld({ reason, askAgainMs, ...until });
      }
      case 'uncertain': {
        const { kind: errorKind, message } = asError('pre-reboot', answer);
        const askAgainMs = Math.max(this.#unsurePauseMs(), retryAfterMs);
        return mayBeHeld({ reason: message, askAgainMs, errorKind, ...until });
      }
      case 'failed':
        throw asError('pre-reboot', answer);
    }
  }

  /** Rejects as `acquire` does, and also where the outcome is unknown. That there is nothing to give back is no failure. */
  async release(request: SlotRequest, signal: AbortSignal): Promise<void> {
    const { observer } = this.#options;
    observer.requested('steady-state');
    try {
      const answer = await this.#ask('steady-state', request, signal);
      if (!isGivenBack(answer, this.#options.node.nodeUuid)) {
        throw asError('steady-state', answer);
      }
      observer.answered('steady-state', 'yes');
    } catch (error) {
      if (error instanceof FleetLockError) {
        observer.failed('steady-state', error.label);
        observer.answered('steady-state', 'failed');
      }
      throw error;
    }
  }

  #unsurePauseMs(): number {
    this.#unsure++;
    return Math.min(FIRST_UNSURE_PAUSE_MS * 2 ** Math.min(this.#unsure - 1, 10), LONGEST_UNSURE_PAUSE_MS);
  }

  async #ask(api: FleetLockApi, request: SlotRequest, signal: AbortSignal): Promise<Answer> {
    const { baseUrl, node, http } = this.#options;
    const endpoint = endpointBelow(baseUrl, `v1/${api}`, { ...node, stream: this.#stream(request) });
    if ('problem' in endpoint) {
      throw new FleetLockError(
        'fleet_lock_misconfigured',
        'client_failed_build',
        printable(`${PURPOSE[api]}: updates.fleet_lock.base_url ${endpoint.problem}`),
      );
    }
    let secrets = secretsIn(new URL(endpoint.url));
    try {
      const bearer = await this.#options.bearer?.();
      secrets = bearer === undefined ? secrets : [...secrets, bearer];
      for (;;) {
        const reply = await http.request({
          method: 'POST',
          url: endpoint.url,
          headers: fleetLockHeaders(bearer, this.#wantsType),
          body: JSON.stringify({ client_params: { id: node.nodeUuid, group: node.group } }),
          signal,
          limits: this.#limits(api),
        });
        const answer = this.#answer(reply, secrets);
        if (this.#wantsType || !asksForContentType(answer)) {
          return answer;
        }
        this.#wantsType = true;
      }
    } catch (error) {
      if (!(error instanceof HttpError)) {
        throw error;
      }
      throw transportError(api, error, secrets);
    }
  }

  #limits(api: FleetLockApi): Partial<HttpLimits> {
    const { limits } = this.#options;
    const mostMs = api === 'pre-reboot' ? Number.POSITIVE_INFINITY : LONGEST_RELEASE_MS;
    const { totalMs = mostMs, idleMs = mostMs } = limits;
    return { ...limits, totalMs: Math.min(totalMs, mostMs), idleMs: Math.min(idleMs, mostMs) };
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

  /** `secrets`: what a server or a proxy may repeat of the request. */
  #answer(reply: HttpReply, secrets: readonly string[]): Answer {
    const { kind, value } = errorDocument(reply.body);
    const [saidKind, saidValue] = [kind, value].map((part) =>
      typeof part === 'string' ? withoutSecrets(part, secrets).slice(0, LONGEST_READ) : '',
    );
    const word = this.#remoteKinds.label(saidKind);
    const said = [saidKind, saidValue]
      .filter((part) => part !== undefined && part !== '')
      .map((part) => part?.slice(0, LONGEST_SAID).trim());
    const { status } = reply;
    return {
      status,
      kind: saidKind ?? '',
      value: saidValue ?? '',
      label: word ?? `generic_http_${status}`,
      text: printable(said.length === 0 ? `status ${status}, without a reason` : said.join(': ')),
      retryAfterMs: parseRetryAfter(reply.headers.get('retry-after'), this.#options.clock.now()),
    };
  }
}

/** Whether the server may have got the request. */
function isSent(cause: unknown): boolean {
  return (
    cause instanceof HttpError &&
    (cause.kind === 'http_timeout' || cause.kind === 'http_broken_reply' || cause.kind === 'http_too_large')
  );
}

/** Of every request. `bearer`: the token, where the server asks for one. `withType`: it asks for a content type, too. */
export function fleetLockHeaders(
  bearer: string | undefined,
  withType = false,
): Readonly<Record<string, string>> {
  return {
    'fleet-lock-protocol': 'true',
    ...(withType && { 'content-type': 'application/json' }),
    accept: 'application/json',
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
  };
}

function refused(reason: string, untilAt?: number): SlotAnswer {
  const refusal = { kind: 'refused', reason, label: NAME } as const;
  return untilAt === undefined ? refusal : { ...refusal, untilAt };
}

function mayBeHeld(answer: Omit<Extract<SlotAnswer, { kind: 'may-be-held' }>, 'kind' | 'label'>): SlotAnswer {
  return { kind: 'may-be-held', label: NAME, ...answer };
}

function asError(api: FleetLockApi, { status, label, text, retryAfterMs }: Answer): FleetLockError {
  return new FleetLockError(
    kindOfStatus(status),
    label,
    `${PURPOSE[api]}: the lock server must answer with a status from 200 to 299, got ${status}${hint(status)}; it says: ${text}`,
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

function transportError(api: FleetLockApi, cause: HttpError, secrets: readonly string[]): FleetLockError {
  const message = `${PURPOSE[api]}: ${withoutSecrets(cause.message, secrets)}`;
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
