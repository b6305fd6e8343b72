/**
 * One side of a D-Bus connection under a test's control: records calls, answers them as told, delivers
 * signals. It is for behaviour over time, which a virtual clock must drive. Everything else is tested over
 * real sockets.
 */
import type { BusLink, BusSignal, BusValue, MethodCall, Reply } from '../../src/dbus/types.ts';
import { BusError } from '../../src/errors.ts';

export class FakeLink implements BusLink {
  readonly uniqueName = undefined;
  readonly calls: string[] = [];
  closed = false;
  /** The answer to each method; a missing method is never answered. */
  answers = new Map<string, readonly BusValue[] | Error>();
  #gone = new AbortController();
  #handlers = new Set<(signal: BusSignal) => void>();

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get listeners(): number {
    return this.#handlers.size;
  }

  async call({ member }: MethodCall): Promise<Reply> {
    this.calls.push(member);
    const answer = this.answers.get(member);
    if (answer instanceof Error) {
      throw answer;
    }
    if (answer === undefined) {
      await new Promise((_resolve, reject) => {
        this.gone.addEventListener('abort', () =>
          reject(new BusError('bus_closed', 'the connection is gone')),
        );
      });
    }
    return { signature: '', body: answer ?? [], sender: undefined };
  }

  onSignal(_filter: object, handler: (signal: BusSignal) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  emit(member: string, ...body: readonly BusValue[]): void {
    const signal = { sender: undefined, path: '/', interface: 'x', member, signature: '', body };
    for (const handler of this.#handlers) {
      handler(signal);
    }
  }

  /** Simulates that the other side goes away. */
  drop(): void {
    this.#gone.abort(new BusError('bus_closed', 'the connection is gone'));
  }

  async close(): Promise<void> {
    this.closed = true;
    this.drop();
  }

  addMatch(): never {
    throw new Error('a peer connection has no match rules');
  }

  sendSignal(): void {
    throw new Error('not needed here');
  }

  export(): never {
    throw new Error('not needed here');
  }
}
