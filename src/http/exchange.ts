/**
 * One request and its answer, as undici's handler: keeps time, counts bytes, collects the body.
 *
 * Invariants:
 * - It settles exactly once.
 * - Whatever ends it early also ends its connection.
 * - No timer or listener outlives it.
 * - A body takes at most twice its bytes, however small its pieces are.
 */
import { HttpError } from '../errors.ts';
import { SECOND_MS } from '../text/units.ts';
import { BodyStore } from './body-store.ts';
import type { DispatchController, DispatchHandler } from './connections.ts';
import { describeFailure } from './failure.ts';
import { bytesRead } from '../memory/free-garbage.ts';

export interface RawReply {
  readonly status: number;
  /** By lower-case name. Several headers of one name are joined by commas. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

export interface ExchangeLimits {
  readonly connectMs: number;
  readonly idleMs: number;
  readonly bodyBytes: number;
}

export class HttpExchange implements DispatchHandler {
  readonly #limits: ExchangeLimits;
  readonly #life: AbortSignal;
  readonly #outcome = Promise.withResolvers<RawReply>();
  #controller: DispatchController | undefined;
  #end: Error | 'answered' | undefined;
  #timer: NodeJS.Timeout | undefined;
  #status = 0;
  #headers = new Map<string, string>();
  #body = new BodyStore();
  readonly #onLifeOver = (): void => this.#fail(asError(this.#life.reason));

  /** When `life` is aborted, the exchange ends with its reason. */
  constructor(limits: ExchangeLimits, life: AbortSignal) {
    this.#limits = limits;
    this.#life = life;
  }

  /** Whether the server has sent any part of its answer. */
  get answered(): boolean {
    return this.#status !== 0;
  }

  /** Whether there was a connection. */
  get started(): boolean {
    return this.#controller !== undefined;
  }

  /** `dispatch` gives this exchange to undici. Rejects with HttpError, or with the reason of `life`. */
  async run(dispatch: () => void): Promise<RawReply> {
    this.#life.throwIfAborted();
    this.#life.addEventListener('abort', this.#onLifeOver, { once: true });
    const { connectMs } = this.#limits;
    this.#arm(connectMs, `a connection must be made within ${connectMs / SECOND_MS} s, got none`);
    try {
      dispatch();
    } catch (error) {
      this.#fail(describeFailure(error));
    }
    return await this.#outcome.promise;
  }

  onRequestStart(controller: DispatchController): void {
    this.#controller = controller;
    if (this.#end instanceof Error) {
      controller.abort(this.#end);
    } else {
      this.#armIdle();
    }
  }

  onResponseStart(
    _controller: DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#timer?.refresh();
    if (status < 200) {
      return;
    }
    this.#status = status;
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined) {
        this.#headers.set(name.toLowerCase(), Array.isArray(value) ? value.join(', ') : value);
      }
    }
  }

  onResponseData(_controller: DispatchController, chunk: Buffer): void {
    if (this.#end !== undefined) {
      return;
    }
    this.#timer?.refresh();
    if (this.#body.length + chunk.length > this.#limits.bodyBytes) {
      this.#fail(tooLarge(this.#limits.bodyBytes));
    } else {
      this.#body.add(chunk);
    }
  }

  onResponseEnd(): void {
    if (this.#end !== undefined) {
      return;
    }
    this.#over('answered');
    this.#outcome.resolve({ status: this.#status, headers: this.#headers, body: this.#body.bytes });
  }

  onResponseError(_controller: DispatchController | null, error: Error): void {
    this.#fail(describeFailure(error));
  }

  #armIdle(): void {
    const { idleMs } = this.#limits;
    this.#arm(idleMs, `the server must send something every ${idleMs / SECOND_MS} s, got nothing`);
  }

  #arm(ms: number, message: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(new HttpError('http_timeout', message)), ms);
  }

  #fail(error: Error): void {
    if (this.#end !== undefined) {
      return;
    }
    this.#over(error);
    this.#outcome.reject(error);
    this.#controller?.abort(error);
  }

  #over(end: Error | 'answered'): void {
    this.#end = end;
    bytesRead(this.#body.length);
    clearTimeout(this.#timer);
    this.#life.removeEventListener('abort', this.#onLifeOver);
    if (end !== 'answered') {
      this.#body = new BodyStore();
    }
  }
}

export function tooLarge(limitBytes: number): HttpError {
  return new HttpError('http_too_large', `the answer must be at most ${limitBytes} bytes, got more`);
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new HttpError('http_broken_reply', 'the request ended early');
}
