/**
 * The internals of undici 8.12.4 that connections.ts loads one by one. The package's own entry brings fetch, WebSocket,
 * caches and mocks along, which takes twice the memory and three times as long. Pinned to exactly that version.
 */

declare module 'undici/lib/dispatcher/agent.js' {
  import type { Socket } from 'node:net';
  import type { SecureContext } from 'node:tls';

  interface TlsOptions {
    /** Left out: Node's own. */
    readonly secureContext?: SecureContext;
  }

  interface DispatchController {
    abort(reason: Error): void;
  }

  /** Called in this order: request start, response start, data, response end. An error may come at any point. */
  interface DispatchHandler {
    onRequestStart(controller: DispatchController): void;
    /** Also for interim answers (1xx). */
    onResponseStart(
      controller: DispatchController,
      status: number,
      headers: Readonly<Record<string, string | string[] | undefined>>,
    ): void;
    onResponseData(controller: DispatchController, chunk: Buffer): void;
    onResponseEnd(): void;
    onResponseError(controller: DispatchController | null, error: Error): void;
  }

  interface DispatchOptions {
    readonly origin: string;
    readonly path: string;
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body: string | null;
  }

  interface Dispatcher {
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    destroy(): Promise<void>;
  }

  /** Returns the socket that it connects. For a tunnel through a proxy it returns a promise of nothing. */
  type Connector = (
    options: unknown,
    callback: (error: Error | null, socket: Socket | null | undefined) => void,
  ) => unknown;

  interface AgentOptions {
    readonly connect?: Connector;
    readonly allowH2: false;
    readonly headersTimeout: 0;
    readonly bodyTimeout: 0;
    /** Milliseconds. */
    readonly keepAliveTimeout: number;
    /** To one origin. */
    readonly connections: number;
  }

  class Agent implements Dispatcher {
    constructor(options: AgentOptions);
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    destroy(): Promise<void>;
  }
  export type {
    AgentOptions,
    Connector,
    DispatchController,
    DispatchHandler,
    DispatchOptions,
    Dispatcher,
    TlsOptions,
  };
  export default Agent;
}

declare module 'undici/lib/core/connect.js' {
  import type { Connector, TlsOptions } from 'undici/lib/dispatcher/agent.js';

  interface ConnectorOptions extends TlsOptions {
    readonly allowH2: false;
    /** Milliseconds. */
    readonly timeout: number;
  }

  export default function buildConnector(options: ConnectorOptions): Connector;
}

declare module 'undici/lib/dispatcher/pool.js' {
  import type {
    AgentOptions,
    DispatchHandler,
    DispatchOptions,
    Dispatcher,
  } from 'undici/lib/dispatcher/agent.js';

  class Pool implements Dispatcher {
    constructor(origin: string, options: AgentOptions);
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    destroy(): Promise<void>;
  }
  export default Pool;
}

declare module 'undici/lib/api/api-connect.js' {
  import type { Dispatcher } from 'undici/lib/dispatcher/agent.js';

  /** A method for dispatchers: sends CONNECT. */
  export default function connect(this: Dispatcher, options: unknown, callback?: unknown): unknown;
}

declare module 'undici/lib/dispatcher/proxy-agent.js' {
  import type {
    AgentOptions,
    Connector,
    DispatchHandler,
    DispatchOptions,
    Dispatcher,
  } from 'undici/lib/dispatcher/agent.js';

  interface GivenOptions extends AgentOptions {
    readonly connect: Connector;
  }

  interface ProxyAgentOptions extends AgentOptions {
    readonly uri: string;
    /** Milliseconds. */
    readonly connectTimeout: number;
    /** For TLS with the server, through the proxy. */
    readonly requestTls: TlsOptions;
    /** Makes the dispatcher that asks the proxy for a tunnel. */
    readonly clientFactory: (url: URL, options: GivenOptions) => Dispatcher;
    /** Makes the dispatcher that talks to an origin through a tunnel, or to the proxy in its place. */
    readonly factory: (origin: string, options: GivenOptions) => Dispatcher;
  }

  class ProxyAgent implements Dispatcher {
    constructor(options: ProxyAgentOptions);
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    destroy(): Promise<void>;
  }
  export default ProxyAgent;
}
