/**
 * A simulated host with real releases: a private bus with the stand-in daemon, an update server, and built
 * agents. Disposing of it ends everything. Two hosts share nothing, so that they can run at once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { startCincinnatiServer, type CincinnatiServer } from '../../sandbox/cincinnati-server.ts';
import { startPrivateBus, type ActivatableService, type PrivateBus } from '../../sandbox/private-bus.ts';
import { carriedHistory } from '../../sandbox/releases.ts';
import { prepareHost, standInService, standInRelease } from '../../sandbox/stand-in.ts';
import { AgentProcess } from './agent-process.ts';

export const NODE_UUID = '0123456789abcdef0123456789abcdef';

export interface ReleasedHostOptions {
  /** `unknown` is a release that the update server does not know. */
  readonly booted: 'oldest' | 'newest' | 'unknown';
  /** TOML, as an operator would write it. */
  readonly config: string;
  /** What the update server serves; `x86_64` unless given. */
  readonly basearch?: string;
  /** Additional to rpm-ostree's daemon. */
  readonly services?: (root: string) => readonly ActivatableService[];
}

export class ReleasedHost implements AsyncDisposable {
  readonly root: string;
  readonly server: CincinnatiServer;
  readonly #bus: PrivateBus;
  readonly #agents: AgentProcess[] = [];

  private constructor(root: string, server: CincinnatiServer, bus: PrivateBus) {
    this.root = root;
    this.server = server;
    this.#bus = bus;
  }

  static async start({
    booted,
    config,
    basearch = 'x86_64',
    services,
  }: ReleasedHostOptions): Promise<ReleasedHost> {
    const root = await mkdtemp(join(tmpdir(), 'released-'));
    const history = await carriedHistory('stable');
    const releases = history.entries
      .slice(-6)
      .map(({ digest, version }, index) => standInRelease(index, { checksum: digest, version, bytes: 10e6 }));
    const stranger = { ...releases[0]!, checksum: 'f'.repeat(64), version: '1.0' };
    const chosen = booted === 'unknown' ? stranger : releases.at(booted === 'oldest' ? 0 : -1)!;
    prepareHost(root, { releases: [...releases, stranger], booted: chosen.version });
    const server = await startCincinnatiServer({
      history,
      stream: 'stable',
      basearch,
      clock: Date,
    });
    const more = `identity.node_uuid = "${NODE_UUID}"
identity.platform = "metal"
identity.rollout_wariness = 0.0
${config}
`;
    await writeAgentConfig(root, { baseUrl: server.baseUrl, more });
    const bus = await startPrivateBus({
      directory: root,
      services: [standInService(root, { bytesPerSecond: 1e9 }), ...(services?.(root) ?? [])],
    });
    return new ReleasedHost(root, server, bus);
  }

  get busAddress(): string {
    return this.#bus.address;
  }

  startAgent(env: Readonly<Record<string, string>> = {}): AgentProcess {
    const agent = new AgentProcess({ root: this.root, busAddress: this.busAddress, env });
    this.#agents.push(agent);
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const agent of this.#agents) {
      await agent[Symbol.asyncDispose]();
    }
    await this.#bus.stop();
    await this.server.stop();
    await rm(this.root, { recursive: true, force: true });
  }
}
