/**
 * The built program `zincati-fleet graph`: what the documentation shows, a mirror behind a static web server, and an update
 * server, each with the built agent.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';

import { writeAgentConfig } from '../../sandbox/agent-config.ts';
import { standInRelease } from '../../sandbox/stand-in.ts';
import { AgentProcess } from '../support/agent-process.ts';
import { graphText } from '../support/fleet/written-graph.ts';
import { freePort } from '../support/loopback.ts';
import { startStandInHost } from '../support/stand-in-host.ts';
import { type Ended, FLEET_PROGRAM, FLEET_PROJECT, runFleet } from '../support/fleet/fleet-program.ts';

const PAGE = path.join(FLEET_PROJECT, 'docs/fleet/graph.md');
const LIMIT_MS = 60_000;

const run = (...args: readonly string[]): Promise<Ended> => runFleet(args, LIMIT_MS);

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'fleet-graph-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Whole or not there, as a mirror writes it. */
async function place(folder: string, text: string, name = 'stable/x86_64/v1/graph'): Promise<void> {
  const file = path.join(folder, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/** A child whose lines are awaited. Killed when the test is over. */
class Server {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #exited: Promise<unknown[]>;
  #wake: () => void = () => undefined;

  constructor(command: string, args: readonly string[], cwd = FLEET_PROJECT) {
    this.#child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        this.#wake();
      });
    }
    this.#exited = once(this.#child, 'exit');
    void this.#exited.then(() => this.#wake());
    onTestFinished(async () => {
      this.#child.kill('SIGKILL');
      await this.#exited;
    });
  }

  /** Rejects when it ends without such a line. The test's own limit bounds the wait. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = this.#lines.map((line) => pattern.exec(line)).find((match) => match !== null);
      if (found !== undefined) {
        return found;
      }
      if (this.#child.exitCode !== null) {
        throw new Error(`it must say ${pattern}, got its end:\n${this.#lines.join('\n')}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Code and signal. */
  exit(): Promise<unknown[]> {
    return this.#exited;
  }
}

async function serve(folder: string): Promise<{ server: Server; graphs: string; status: string }> {
  const any = '127.0.0.1:0';
  const options = ['--listen', any, '--status-listen', any, '--log-format', 'text'];
  const server = new Server(process.execPath, [FLEET_PROGRAM, 'graph', 'serve', folder, ...options]);
  const [, graphs = '', status = ''] = await server.says(
    /listening on (\S+) for agents, and on (\S+) for metrics/,
  );
  return { server, graphs, status };
}

const textOf = async (url: string, init: RequestInit = {}): Promise<string> =>
  (await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS), ...init })).text();

/** A host that has booted 1.0 and can be updated to 2.0, with the graph that says so. */
async function newHost() {
  const releases = ['1.0', '2.0'].map((version, index) => standInRelease(index, { version, bytes: 1e6 }));
  const host = await startStandInHost({ releases, booted: '1.0' }, { bytesPerSecond: 1e9 });
  onTestFinished(() => host.close());
  const written = releases.map(({ version, checksum }) => ({ version, changes: { payload: checksum } }));
  const start = async (baseUrl: string): Promise<AgentProcess> => {
    const more =
      'identity.node_uuid = "0123456789abcdef0123456789abcdef"\nidentity.platform = "metal"\nupdates.strategy = "manual"\n';
    await writeAgentConfig(host.root, { baseUrl, more });
    const agent = new AgentProcess(host);
    onTestFinished(() => agent[Symbol.asyncDispose]());
    return agent;
  };
  return { start, text: (edges: readonly unknown[]): string => graphText(written, edges) };
}

describe('zincati-fleet graph', () => {
  it('prints what the documentation shows', async () => {
    let page = await readFile(PAGE, 'utf8');
    const example = /<!-- output of: zincati-fleet (.*) -->\n+```\n([\s\S]*?)```/g;
    const found = [...page.matchAll(example)];
    expect(found).toHaveLength(4);
    const folder = await newFolder();
    const graph = await readFile(path.join(FLEET_PROJECT, 'examples/fleet/graph/stable.json'), 'utf8');
    await place(folder, graph);
    await place(folder, graph, 'next/x86_64/v1/graph');
    const { graphs } = await serve(folder);
    for (const [whole, command = '', shown = ''] of found) {
      // The mirror is asked of a server on this machine.
      const args = command
        .split(' ')
        .map((word) =>
          word.startsWith('https://') ? graphs : word === 'site' ? path.join(folder, 'copy') : word,
        );
      const { stdout, stderr } = await run(...args);
      expect(stderr).toBe('');
      if (process.env['UPDATE'] === '1') {
        page = page.replace(whole, () => whole.replace(/```\n[\s\S]*```$/, () => `\`\`\`\n${stdout}\`\`\``));
      } else {
        expect(stdout).toBe(shown);
      }
    }
    if (process.env['UPDATE'] === '1') {
      await writeFile(PAGE, page);
    }
  });

  it('has exit codes, JSON, and a word for what is wrong with a call', async () => {
    const [good, bad] = ['stable', 'broken'].map((name) => `examples/fleet/graph/${name}.json`);
    const codes = [
      [['check', good!], 0],
      [['check', bad!], 1],
      [['check', 'examples/fleet/graph/halted.json'], 0],
      [['check', 'examples/fleet/graph/halted.json', '--strict'], 1],
      [['check', 'none.json'], 1],
      [['check', good!, '--stream', 'next'], 2],
      [['path', good!], 2],
      [['path', good!, '--from', '1'], 1],
      [['path', good!, '--from', '43.20260101.3.0', '--config', 'none'], 78],
      [['path', good!, '--from', '43.20260101.3.0', '--at', '2027-01-01'], 0],
      [['path', good!, '--from', '43.20260101.3.0', '--at', '2026-01-01', '--to', '43.20260413.3.2'], 0],
      [['diff', good!, good!, '--exit-code'], 0],
      [['diff', good!, 'examples/fleet/graph/halted.json', '--exit-code'], 1],
      [['mirror', 'ftp://x', 'y'], 2],
      [['mirror', 'http://127.0.0.1:1', 'y', '--stream', '../up'], 2],
      [['serve', FLEET_PROJECT], 78],
      [['serve', FLEET_PROJECT, '--listen', 'x'], 78],
    ] as const;
    const ends = await Promise.all(codes.map(([args]) => run('graph', ...args)));
    expect(
      ends.map(({ code, stderr }, index) => [...codes[index]![0], code, code > 1 ? stderr !== '' : true]),
    ).toEqual(codes.map(([args, code]) => [...args, code, true]));
    for (const args of [
      ['check', bad!],
      ['path', good!, '--from', '43.20260101.3.0'],
      ['diff', good!, bad!],
    ]) {
      const { stdout } = await run('graph', ...args, '--json');
      expect(Object.keys(JSON.parse(stdout) as object)[0]).toMatch(/^graph(?:Check|Path|Diff)$/);
    }
  });
});

it('graph path and graph diff name the graph that cannot be read', async () => {
  const bad = path.join(await newFolder(), 'bad.json');
  await writeFile(bad, '{"nodes":[');
  const good = path.join(FLEET_PROJECT, 'examples/fleet/graph/stable.json');
  for (const args of [
    ['path', bad, '--from', '1'],
    ['diff', good, bad],
  ]) {
    const { code, stdout, stderr } = await run('graph', ...args);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^${bad}: .+\\n$`));
  }
});

describe('zincati-fleet graph serve', () => {
  it('answers an address that nobody can decode in its own words', async () => {
    const folder = await newFolder();
    await place(folder, await readFile(path.join(FLEET_PROJECT, 'examples/fleet/graph/stable.json'), 'utf8'));
    const { graphs } = await serve(folder);
    const answer = await fetch(`${graphs}/v1/%zz`, { headers: { accept: 'application/json' } });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { kind: 'invalid_request', value: 'the request cannot be read' },
    ]);
  });

  it('updates the real agent, counts it, follows its files, and ends by itself', async () => {
    const folder = await newFolder();
    const host = await newHost();
    await place(folder, host.text([]));
    const { server, graphs, status } = await serve(folder);
    const agent = await host.start(graphs);
    await agent.says(/^info reached steady state/);
    await expect
      .poll(() => textOf(`${status}/metrics`), { timeout: LIMIT_MS })
      .toMatch(
        /^zincati_fleet_graph_booted_requests_total\{stream="stable",basearch="x86_64",scheme="checksum",version="1\.0"\} [1-9]/m,
      );
    // Not taken: the graph before it is served.
    await place(folder, '{"nodes":[');
    await server.says(/it must be JSON: .*; the graph before it is served/);
    expect(await textOf(`${status}/metrics`)).toMatch(/^zincati_fleet_graph_refused\{.*\} 1$/m);
    await place(folder, host.text([[0, 1]]));
    server.signal('SIGHUP');
    await server.says(/serving stable x86_64: 2 releases, 1 edge/);
    await agent.says(/^info update staged: 2\.0/);
    expect(JSON.parse(await textOf(`${status}/healthz`))).toMatchObject({
      ready: true,
      served: 1,
      refused: 0,
    });
    await agent.stop();

    // A client that keeps its connection does not keep the server.
    const idle = connect(Number(new URL(graphs).port), '127.0.0.1');
    idle.on('error', () => undefined);
    await once(idle, 'connect');
    idle.write('GET /v1/graph?stream=stable&basearch=x86_64 HTTP/1.1\r\nhost: x\r\n\r\n');
    await once(idle, 'data');
    idle.resume();
    server.signal('SIGTERM');
    expect(await server.exit()).toEqual([0, null]);
    idle.destroy();
  });

  it('tells the real agent why it has no graph', async () => {
    const folder = await newFolder();
    await place(folder, graphText([{ version: '1' }], []), 'testing/x86_64/v1/graph');
    const { graphs } = await serve(folder);
    const host = await newHost();
    const agent = await host.start(graphs);
    await agent.says(/unknown_scope.*this server must have a graph for the stream/);
  });

  it('refuses what is too large, and stays up', async () => {
    const folder = await newFolder();
    await place(folder, graphText([{ version: '1' }], []));
    const { graphs } = await serve(folder);
    const long = await fetch(`${graphs}/v1/graph?${'x'.repeat(40_000)}`, {
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    expect(long.status).toBe(431);
    const odd = await fetch(`${graphs}/v1/graph%`, { signal: AbortSignal.timeout(LIMIT_MS) });
    expect(odd.status).toBeGreaterThanOrEqual(400);
    expect(JSON.parse(await textOf(`${graphs}/v1/graph?stream=stable&basearch=x86_64`))).toMatchObject({
      edges: [],
    });
  });
});

describe('zincati-fleet graph mirror', () => {
  it('makes a folder from which a static web server updates the real agent', async () => {
    const [source, folder] = [await newFolder(), path.join(await newFolder(), 'site')];
    const host = await newHost();
    await place(source, host.text([[0, 1]]));
    const upstream = await serve(source);
    expect(await run('graph', 'mirror', upstream.graphs, folder)).toMatchObject({ code: 0, stderr: '' });
    expect((await run('graph', 'mirror', upstream.graphs, folder)).stdout).toMatch(
      /^stable x86_64 +unchanged +2 /m,
    );
    await place(source, host.text([[0, 1]]).replace('1.0', '0.9'));
    upstream.server.signal('SIGTERM');
    await upstream.server.exit();
    const failed = await run('graph', 'mirror', upstream.graphs, folder);
    expect([failed.code, failed.stdout]).toEqual([1, expect.stringContaining('the last good copy stays')]);

    const port = await freePort();
    const server = new Server(
      'python3',
      ['-u', '-m', 'http.server', String(port), '--bind', '127.0.0.1'],
      folder,
    );
    await server.says(/^Serving HTTP/);
    const agent = await host.start(`http://127.0.0.1:${port}/\${stream}/\${basearch}`);
    await agent.says(/^info update staged: 2\.0/);
    // The query is left aside, and what has not changed costs a 304.
    await server.says(
      /"GET \/stable\/x86_64\/v1\/graph\?basearch=x86_64&stream=stable&node_uuid=\S+ HTTP\/1\.1" 200/,
    );
    await server.says(/"GET \/stable\/x86_64\/v1\/graph\?\S+ HTTP\/1\.1" 304/);
  });
});

describe('zincati-fleet simulate', () => {
  it('takes the graph of a live server', async () => {
    const folder = await newFolder();
    await place(
      folder,
      await readFile(path.join(FLEET_PROJECT, 'examples/fleet/graph/stable.json'), 'utf8'),
      'next/aarch64/v1/graph',
    );
    const { graphs } = await serve(folder);
    const plan = path.join(folder, 'plan.toml');
    const web = path.join(FLEET_PROJECT, 'examples/fleet/web.d');
    await writeFile(
      plan,
      `from = 2027-01-01\n[releases]\ngraph = "${graphs}"\nstream = "next"\narch = "aarch64"\n[[group]]\nname = "web"\nnodes = 3\nconfig = "${web}"\n`,
    );
    const { code, stdout, stderr } = await run('simulate', plan);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/44\.20260707\.3\.1 +3 of 3/);
    await writeFile(plan, (await readFile(plan, 'utf8')).replace('"aarch64"', '"vax"'));
    expect(await run('simulate', plan)).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(
        /releases\.graph must be an update graph: .*status 500 \(unknown_scope/,
      ) as string,
    });
  });
});
