/**
 * Asks a Cincinnati server which release the node should update to.
 *
 * Invariants:
 * - An answer is used only in the check that got it, or when a later 304 to the identical request confirms it.
 * - Of a graph, only what it says about the booted release is kept.
 */
import type { CheckQuery, CheckResult, Clock, UpdateSource } from '../../agent/ports.ts';
import type { Release } from '../../agent/release.ts';
import { CincinnatiError, HttpError } from '../../errors.ts';
import type { HttpClient, HttpReply } from '../../http/http-client.ts';
import { parseRetryAfter } from '../../http/retry-after.ts';
import { endpointBelow } from '../../http/base-url.ts';
import { errorDocument } from '../../http/error-document.ts';
import { readGraph } from '../graph/graph-reader.ts';
import type { GraphView } from '../graph/graph-view.ts';
import { RemoteKinds } from '../../http/remote-kind.ts';
import { JsonLimitError } from '../../text/bounded-json.ts';
import { printable } from '../../text/printable.ts';
import { secretsIn, withoutSecrets } from '../../text/secrets.ts';
import { KIBIBYTE } from '../../text/units.ts';
import { selectUpdate, surroundingsIn, type Surroundings } from '../graph/select-update.ts';

/** What the node tells servers about itself. */
export interface NodeFacts {
  readonly basearch: string;
  readonly stream: string;
  readonly platform: string;
  readonly group: string;
  readonly nodeUuid: string;
  /** 0.0 to 1.0; undefined when the server is to choose. */
  readonly rolloutWariness: number | undefined;
}

export interface CincinnatiOptions {
  /** As configured; contains templates. */
  readonly baseUrl: string;
  readonly node: NodeFacts;
  readonly http: Pick<HttpClient, 'request'>;
  readonly clock: Pick<Clock, 'now'>;
}

/** As Zincati prints it. Servers may compare it as text. */
const WARINESS_DECIMALS = 6;
const LONGEST_ERROR_TEXT = 300;
/** Characters of an answer that is no JSON. */
const LONGEST_START = 60;
/** A longer validator is not worth its memory. */
const LONGEST_VALIDATOR = KIBIBYTE;

interface Confirmable {
  readonly url: string;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly around: Surroundings;
}

export class CincinnatiClient implements UpdateSource {
  readonly #options: CincinnatiOptions;
  readonly #remoteKinds = new RemoteKinds();
  #last: Confirmable | undefined;

  constructor(options: CincinnatiOptions) {
    this.#options = options;
  }

  async check(query: CheckQuery, signal: AbortSignal): Promise<CheckResult> {
    const url = graphUrl(this.#options, query.booted, query.ignoreRollout);
    if (this.#last?.url !== url.href) {
      this.#last = undefined;
    }
    const last = this.#last;
    const reply = await this.#get(url, last, signal);
    if (reply.notModified && last !== undefined) {
      return { ...selectUpdate(last.around, query), notModified: true };
    }
    if (reply.status < 200 || reply.status > 299) {
      throw this.#refusal(reply, secretsIn(url));
    }
    // From here on, the old answer is void, even if the new one turns out to be malformed.
    this.#last = undefined;
    const around = surroundingsIn(graphOf(reply), query.booted);
    const etag = validator(reply.headers.get('etag'));
    const lastModified = validator(reply.headers.get('last-modified'));
    if (etag !== undefined || lastModified !== undefined) {
      this.#last = { url: url.href, etag, lastModified, around };
    }
    return { ...selectUpdate(around, query), notModified: false };
  }

  async #get(url: URL, last: Confirmable | undefined, signal: AbortSignal): Promise<HttpReply> {
    const headers = {
      accept: 'application/json',
      ...(last?.etag !== undefined && { 'if-none-match': last.etag }),
      ...(last?.lastModified !== undefined && { 'if-modified-since': last.lastModified }),
    };
    try {
      return await this.#options.http.request({ method: 'GET', url, headers, signal });
    } catch (error) {
      if (!(error instanceof HttpError)) {
        throw error;
      }
      throw new CincinnatiError('client_failed_request', error.message, { cause: error });
    }
  }

  #refusal(reply: HttpReply, secrets: readonly string[]): CincinnatiError {
    const document = errorDocument(reply.body);
    const [kind, value] = [document.kind, document.value].map((part) =>
      typeof part === 'string' ? withoutSecrets(part, secrets) : undefined,
    );
    const label = this.#remoteKinds.label(kind) ?? `generic_http_${reply.status}`;
    const said = value !== undefined && value !== '' ? `: ${value.slice(0, LONGEST_ERROR_TEXT)}` : '';
    return new CincinnatiError(
      label,
      printable(`the update server must answer with a graph, got status ${reply.status} (${label})${said}`),
      { retryAfterMs: parseRetryAfter(reply.headers.get('retry-after'), this.#options.clock.now()) },
    );
  }
}

/** The address of the graph for this node. `ignoreRollout`: as the node that takes releases first. Throws CincinnatiError `client_failed_build`. */
export function graphUrl(
  { baseUrl, node }: Pick<CincinnatiOptions, 'baseUrl' | 'node'>,
  booted: Release,
  ignoreRollout = false,
): URL {
  const endpoint = endpointBelow(baseUrl, 'v1/graph', node);
  if ('problem' in endpoint) {
    throw new CincinnatiError(
      'client_failed_build',
      printable(`cannot ask for updates: cincinnati.base_url ${endpoint.problem}`),
    );
  }
  const { url } = endpoint;
  const parameters: Record<string, string> = {
    basearch: node.basearch,
    stream: node.stream,
    node_uuid: node.nodeUuid,
    os_version: booted.version,
    os_checksum: booted.payload.value,
    group: node.group,
    platform: node.platform,
  };
  const wariness = ignoreRollout ? 0 : node.rolloutWariness;
  if (wariness !== undefined) {
    parameters['rollout_wariness'] = wariness.toFixed(WARINESS_DECIMALS);
  }
  if (booted.payload.scheme === 'oci') {
    parameters['oci'] = 'true';
  }
  for (const [name, value] of Object.entries(parameters)) {
    url.searchParams.set(name, value);
  }
  return url;
}

function graphOf({ body, headers }: HttpReply): GraphView {
  try {
    return readGraph(body);
  } catch (error) {
    if (error instanceof JsonLimitError) {
      throw new CincinnatiError(
        'client_failed_json_decoding',
        `cannot read the update graph: ${error.message}`,
        { cause: error },
      );
    }
    if (!(error instanceof SyntaxError)) {
      throw error;
    }
    const text = new TextDecoder().decode(body.subarray(0, 4 * LONGEST_START));
    const type = headers.get('content-type') ?? 'no content type';
    const start = text.length === 0 ? 'nothing' : JSON.stringify(text.slice(0, LONGEST_START));
    throw new CincinnatiError(
      'client_failed_json_decoding',
      printable(
        `cannot read the update graph: the answer must be JSON, got ${start} (${type}, ${body.length} bytes)`,
      ),
      { cause: error },
    );
  }
}

/** The header, or undefined when it must not be sent back. */
function validator(header: string | undefined): string | undefined {
  return header !== undefined && header.length <= LONGEST_VALIDATOR && /^[\x20-\x7e]+$/.test(header)
    ? header
    : undefined;
}
