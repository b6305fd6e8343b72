/**
 * The two internals of undici 8.12.4 that http.ts loads one by one: the package's own entry brings fetch, WebSocket,
 * caches and mocks along, twice the memory and thrice the time. Pinned to exactly that version.
 */

declare module 'undici/lib/dispatcher/agent.js' {
  import type { SecureContext } from 'node:tls';

  interface DispatchController {
    abort(reason: Error): void;
  }

  /** Called in order: request start, response start, data, response end; or an error at any point. */
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

  interface ConnectOptions {
    /** Milliseconds. */
    readonly timeout: number;
    readonly signal: AbortSignal;
    /** For TLS; undefined: Node's own. */
    readonly secureContext?: SecureContext;
  }

  interface AgentOptions {
    readonly connect?: ConnectOptions;
    readonly allowH2: false;
    readonly headersTimeout: 0;
    readonly bodyTimeout: 0;
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
    ConnectOptions,
    DispatchController,
    DispatchHandler,
    DispatchOptions,
    Dispatcher,
  };
  export default Agent;
}

declare module 'undici/lib/dispatcher/proxy-agent.js' {
  import type {
    AgentOptions,
    ConnectOptions,
    DispatchHandler,
    DispatchOptions,
    Dispatcher,
  } from 'undici/lib/dispatcher/agent.js';

  interface ProxyAgentOptions extends AgentOptions {
    readonly uri: string;
    readonly connectTimeout: number;
    /** For the connection to the proxy. */
    readonly proxyTls: ConnectOptions;
    /** For TLS with the server, through the proxy. */
    readonly requestTls: ConnectOptions;
  }

  class ProxyAgent implements Dispatcher {
    constructor(options: ProxyAgentOptions);
    dispatch(options: DispatchOptions, handler: DispatchHandler): boolean;
    destroy(): Promise<void>;
  }
  export default ProxyAgent;
}
