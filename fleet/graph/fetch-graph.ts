/**
 * Asks a server for a graph, within the limits of the agent.
 *
 * Invariants:
 * - The agent's own client asks: its limits in bytes and time, proxies, authorities, redirects.
 * - No text shows the user, password or query of an address.
 */
import { CancelledError, printable } from '../../src/errors.ts';
import { errorDocument } from '../../src/http/error-document.ts';
import { HttpClient } from '../../src/http/http-client.ts';
import { shownAddress } from '../../src/text/shown-address.ts';
import { VERSION } from '../../src/version.ts';
import { PROGRAM } from '../command-line.ts';

/** What a later request can be made conditional with. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

export type Fetched = (Validators & { readonly bytes: Buffer }) | { readonly notModified: true };

/** A longer one is not kept. */
const LONGEST_VALIDATOR = 1024;

/** Ends its connections when it is disposed of. */
export class GraphFetcher implements AsyncDisposable {
  readonly #http: HttpClient;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    this.#http = new HttpClient({ userAgent: `${PROGRAM}/${VERSION}`, env });
  }

  /** `known`: of the copy that is at hand; only with it the answer can be `notModified`. Rejects with an error for people. */
  async fetch(url: URL, known: Validators, signal: AbortSignal): Promise<Fetched> {
    const headers = {
      accept: 'application/json',
      ...(known.etag !== undefined && { 'if-none-match': known.etag }),
      ...(known.lastModified !== undefined && { 'if-modified-since': known.lastModified }),
    };
    const reply = await this.#http.request({ method: 'GET', url, headers, signal });
    const isConditional = known.etag !== undefined || known.lastModified !== undefined;
    if (reply.notModified && isConditional) {
      return { notModified: true };
    }
    if (reply.status < 200 || reply.status > 299) {
      const { kind, value } = errorDocument(reply.body);
      const said = [kind, value].filter((part) => typeof part === 'string').join(': ');
      throw new Error(
        printable(
          `cannot GET ${shownAddress(url.origin + url.pathname)}: the answer must be a graph, got status ${reply.status}${said === '' ? '' : ` (${said})`}`,
        ),
      );
    }
    const [etag, lastModified] = ['etag', 'last-modified'].map((name) => validator(reply.headers.get(name)));
    return {
      bytes: reply.body,
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { lastModified }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#http.close();
  }
}

export function wasGivenUp(error: unknown): boolean {
  return error instanceof CancelledError;
}

function validator(header: string | undefined): string | undefined {
  return header !== undefined && header.length <= LONGEST_VALIDATOR && /^[\x20-\x7e]+$/.test(header)
    ? header
    : undefined;
}
