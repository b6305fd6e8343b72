/**
 * A real etcd with several members on loopback. Members can be killed like machines that lose power. The data
 * is in a temporary directory, which is removed at the end of the cluster.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const HEALTH_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 50;
const ANSWER_LIMIT_MS = 20_000;
const MOST_OUTPUT = 4000;

interface Member {
  readonly name: string;
  readonly clientUrl: string;
  readonly peerUrl: string;
  process: ChildProcess | undefined;
  output: string;
}

export class EtcdCluster implements AsyncDisposable {
  readonly #folder: string;
  readonly #members: readonly Member[];

  private constructor(folder: string, members: readonly Member[]) {
    this.#folder = folder;
    this.#members = members;
  }

  /** Resolves when all members answer and agree on a leader. */
  static async start(size = 3): Promise<EtcdCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'etcd-'));
    const ports = await freePorts(2 * size);
    const members = Array.from({ length: size }, (_, index): Member => ({
      name: `m${index + 1}`,
      clientUrl: `http://127.0.0.1:${ports[2 * index] ?? 0}`,
      peerUrl: `http://127.0.0.1:${ports[2 * index + 1] ?? 0}`,
      process: undefined,
      output: '',
    }));
    const cluster = new EtcdCluster(folder, members);
    try {
      for (const member of members) {
        cluster.#spawn(member, 'new');
      }
      await cluster.healthy();
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
    return cluster;
  }

  /** Client addresses of all members, including dead ones. */
  get endpoints(): readonly string[] {
    return this.#members.map(({ clientUrl }) => clientUrl);
  }

  get living(): readonly string[] {
    return this.#members.filter(({ process }) => process !== undefined).map(({ name }) => name);
  }

  /** The name of the leader. While the members elect one, that is waited for. */
  async leader(): Promise<string> {
    const deadline = Date.now() + HEALTH_LIMIT_MS;
    while (Date.now() < deadline) {
      for (const member of this.#members.filter(({ process }) => process !== undefined)) {
        const status = await post(`${member.clientUrl}/v3/maintenance/status`, {}).catch(() => undefined);
        if (status?.leader !== undefined && status.leader === status.header?.member_id) {
          return member.name;
        }
      }
      await pause(LOOK_EVERY_MS);
    }
    throw new Error('no member leads');
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(name: string): Promise<void> {
    const member = this.#member(name);
    const { process } = member;
    if (process === undefined) {
      return;
    }
    member.process = undefined;
    process.kill('SIGKILL');
    if (process.exitCode === null && process.signalCode === null) {
      await once(process, 'exit');
    }
  }

  /** SIGSTOP; resolves when the process has stopped. It keeps its connections, and says nothing. */
  async suspend(name: string): Promise<void> {
    const { process } = this.#member(name);
    process?.kill('SIGSTOP');
    const deadline = Date.now() + HEALTH_LIMIT_MS;
    while (!/^State:\tT/m.test(await readFile(`/proc/${process?.pid ?? 0}/status`, 'utf8'))) {
      if (Date.now() > deadline) {
        throw new Error(`etcd member ${name} does not stop`);
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  /** SIGCONT. */
  resume(name: string): void {
    this.#member(name).process?.kill('SIGCONT');
  }

  /** Starts a killed member again, with its data. */
  async revive(name: string): Promise<void> {
    this.#spawn(this.#member(name), 'existing');
    await this.healthy();
  }

  /** Resolves when every living member answers with a leader. */
  async healthy(): Promise<void> {
    const deadline = Date.now() + HEALTH_LIMIT_MS;
    for (const member of this.#members.filter(({ process }) => process !== undefined)) {
      while (!(await isHealthy(member))) {
        if (member.process?.exitCode !== null || Date.now() > deadline) {
          throw new Error(`etcd member ${member.name} is not healthy:\n${member.output}`);
        }
        await pause(LOOK_EVERY_MS);
      }
    }
  }

  /** Every value that `key` ever had, oldest first. */
  async history(key: string): Promise<string[]> {
    const member = this.#members.find(({ process }) => process !== undefined);
    if (member === undefined) {
      throw new Error('no member is left');
    }
    const ask = (revision: string) =>
      post(`${member.clientUrl}/v3/kv/range`, { key: Buffer.from(key).toString('base64'), revision });
    const values: string[] = [];
    const last = Number((await ask('0')).header?.revision ?? 0);
    let seen = '';
    for (let revision = 1; revision <= last; revision++) {
      const [entry] = (await ask(String(revision))).kvs ?? [];
      if (entry?.value === undefined || entry.mod_revision === seen) {
        continue;
      }
      seen = entry.mod_revision ?? '';
      values.push(Buffer.from(entry.value, 'base64').toString('utf8'));
    }
    return values;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#members.map(({ name }) => this.kill(name)));
    await rm(this.#folder, { recursive: true, force: true });
  }

  #member(name: string): Member {
    const member = this.#members.find((other) => other.name === name);
    if (member === undefined) {
      throw new Error(`there is no member ${name}`);
    }
    return member;
  }

  #spawn(member: Member, state: 'new' | 'existing'): void {
    const { name, clientUrl, peerUrl } = member;
    const child = spawn(
      'etcd',
      [
        ...['--name', name, '--data-dir', join(this.#folder, name)],
        ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
        ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
        ...['--initial-cluster', this.#members.map((other) => `${other.name}=${other.peerUrl}`).join(',')],
        ...['--initial-cluster-state', state, '--initial-cluster-token', this.#folder],
        ...['--logger', 'zap', '--log-level', 'warn'],
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        // etcd's makers test it on amd64; other architectures must be allowed explicitly.
        env: { PATH: process.env['PATH'], ETCD_UNSUPPORTED_ARCH: process.arch },
      },
    );
    member.process = child;
    const keep = (chunk: Buffer): void => {
      member.output = (member.output + chunk.toString()).slice(-MOST_OUTPUT);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) =>
      keep(Buffer.from(`cannot start etcd (Debian: etcd-server): ${error.message}`)),
    );
  }
}

async function isHealthy({ clientUrl }: Member): Promise<boolean> {
  try {
    const reply = await fetch(`${clientUrl}/health`, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    return (await reply.text()).includes('"true"');
  } catch {
    return false;
  }
}

/** The parts of etcd's answers that are used here. */
interface Answer {
  readonly leader?: string;
  readonly header?: { readonly member_id?: string; readonly revision?: string };
  readonly kvs?: readonly { readonly value?: string; readonly mod_revision?: string }[];
}

async function post(url: string, body: unknown): Promise<Answer> {
  const reply = await fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
  });
  if (!reply.ok) {
    throw new Error(`${url} answers ${reply.status}: ${await reply.text()}`);
  }
  return (await reply.json()) as Answer;
}

/** All ports stay occupied until the last one is known, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    if (address === null || typeof address === 'string') {
      throw new Error('no port');
    }
    return address.port;
  });
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
