/**
 * The demo: a node walks through an update history, in a sandbox below a temporary folder. `npm run demo -- --help`.
 *
 * Invariant: however it ends (arrived, failed, out of time, Ctrl-C), no process, socket or file is left
 * behind, except with --keep.
 */
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { arch } from 'node:process';
import { join } from 'node:path';
import { startCincinnatiServer } from './cincinnati-server.ts';
import type { Scheme } from '../src/agent/release.ts';
import { runFleet } from './fleet.ts';
import { InjectedFaults } from './injected-faults.ts';
import { Journey } from './journey.ts';
import { Machine } from './machine.ts';
import { newFolder } from './new-folder.ts';
import { parseOptions, USAGE, type DemoOptions } from './options.ts';
import { runProgram, UsageError } from './program.ts';
import { carriedHistory, HistoryError, loadHistory, payloadText, type History } from './releases.ts';
import { Screen } from './screen.ts';
import { simulateExample } from './second-act.ts';
import { aboutKept, NEXT, type KeptNode } from './things-to-try.ts';
import { prepareHost, setFaults, type Fault, type StandInRelease } from './stand-in.ts';
import { plannedWalk } from './walk.ts';
import { writeAgentConfig } from './agent-config.ts';

const PROGRAM = join(import.meta.dirname, '../dist/zincati.cjs');
/** About the size of an update of a Fedora CoreOS node, and a network that takes half a second for it. */
const BYTES_PER_RELEASE = 600e6;
const BYTES_PER_SECOND = 1200e6;
const REBOOT_MS = 100;
const NODE_ID = '2a9d1f0c5b7e4d3a8c6f1e2d3b4a5c69';

async function runDemo(options: DemoOptions): Promise<number> {
  return options.isSimulation ? await simulateExample() : await runSandbox(options);
}

async function runSandbox(options: DemoOptions): Promise<number> {
  const history =
    options.graph === undefined ? await carriedHistory(options.stream) : await loadHistory(options.graph);
  const scheme = options.oci ? 'oci' : 'checksum';
  const start = options.start ?? defaultStart(options, history, scheme);
  if (!history.entries.some((entry) => entry.version === start)) {
    throw new UsageError(`--start must be a release of the history, got "${start}"`);
  }
  const walk = plannedWalk(history, scheme, start, Date.now());
  const root = await newFolder(options.folder);
  const screen = new Screen(process.stdout);
  const ended = new AbortController();
  const interrupt = (): void => ended.abort('interrupted');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupt);
  // The reader of the output may go away: that ends the demo in an orderly way.
  process.stdout.on('error', interrupt);
  const log = createWriteStream(join(root, 'agent.log'));
  const basearch = arch === 'arm64' ? 'aarch64' : 'x86_64';
  const faults = new InjectedFaults(options.failures.deploy + options.failures.daemon);
  const server =
    options.etc === undefined
      ? await startCincinnatiServer({
          history,
          stream: options.stream,
          basearch,
          clock: Date,
          onRequest: (served) => faults.served(served),
        })
      : undefined;
  const injected = (): number => faults.of(NODE_ID, root);
  const journey = new Journey({ walk, screen, deadend: deadendReason(history, start), injected });
  if (options.failures.server > 0) {
    server?.addFault({ kind: 'status', status: 503, remaining: options.failures.server });
  }
  const agent = [process.execPath, PROGRAM];
  const daemon = {
    bytesPerSecond: Math.round(BYTES_PER_SECOND * options.speed),
    rebootMs: Math.round(REBOOT_MS / options.speed),
  };
  const machine = new Machine({
    root,
    agent,
    agentArgs: ['-vvv', '--log-format', 'json'],
    nodeId: NODE_ID,
    daemon,
    events: {
      onBoot: (version) => journey.booted(version),
      onNotify: (key, value) => journey.notified(key, value),
      onLog: (line) => {
        log.write(`${line}\n`);
        journey.logged(line);
      },
      onCrash: ({ code, signal }) =>
        journey.failed(`the agent ended with ${signal ?? `exit code ${String(code)}`}`),
      onFailure: (error) => ended.abort(error),
    },
  });
  const limit = setTimeout(
    () => ended.abort(new Error(`not arrived within ${options.limitSecs} s`)),
    options.limitSecs * 1000,
  );
  const keep = async (nodes: readonly KeptNode[], logFile?: string): Promise<void> => {
    clearTimeout(limit);
    for (const line of aboutKept(nodes, server?.baseUrl, logFile)) {
      screen.line(line);
    }
    await aborted(ended.signal).catch(() => undefined);
  };
  let code: number;
  try {
    if (options.nodes > 1) {
      const lay = (home: string): void => prepare(home, options, history, start);
      const isWithinSlots = await runFleet({
        options,
        root,
        screen,
        server,
        walk,
        agent,
        daemon,
        prepare: lay,
        faults,
        signal: ended.signal,
        keep,
      });
      return isWithinSlots ? 0 : 1;
    }
    prepare(root, options, history, start);
    await writeAgentConfig(root, server === undefined ? {} : { baseUrl: server.baseUrl });
    screen.line(`${walk.length - 1} hops from ${start} to ${walk.at(-1) ?? start}, below ${root}`);
    await machine.start();
    await Promise.race([journey.arrived, aborted(ended.signal)]);
    clearTimeout(limit);
    for (const line of journey.summary()) {
      screen.line(line);
    }
    if (options.keep) {
      const { busSocket, metricsSocket } = machine;
      await keep([{ name: 'node1', root, busSocket, metricsSocket }], join(root, 'agent.log'));
    } else {
      for (const line of NEXT) {
        screen.line(line);
      }
    }
    code = 0;
  } catch (error) {
    if (error === 'interrupted') {
      screen.line('interrupted');
      code = 130;
    } else {
      screen.line(`failed: ${error instanceof Error ? error.message : String(error)}`);
      for (const line of journey.lastLines()) {
        screen.line(`  ${line}`);
      }
      code = 1;
    }
  } finally {
    clearTimeout(limit);
    screen.close();
    await machine.stop();
    await server?.stop();
    await new Promise((resolve) => log.end(resolve));
    await rm(root, { recursive: true, force: true });
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
    process.removeListener('SIGHUP', interrupt);
  }
  return code;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason as Error);
    if (signal.aborted) {
      fail();
    } else {
      signal.addEventListener('abort', fail, { once: true });
    }
  });
}

/** A fleet shows within a minute how it takes turns; a single node walks the whole way. */
function defaultStart(options: DemoOptions, history: History, scheme: Scheme): string {
  const oldest = history.entries[0]?.version ?? '';
  if (options.nodes === 1) {
    return oldest;
  }
  const walk = plannedWalk(
    history,
    scheme,
    history.entries.find((entry) => entry.deadend === undefined)?.version ?? oldest,
    Date.now(),
  );
  return walk.at(-4) ?? oldest;
}

function deadendReason(history: History, start: string): string | undefined {
  return history.entries.find((entry) => entry.version === start)?.deadend;
}

function prepare(root: string, options: DemoOptions, history: History, start: string): void {
  const releases = history.entries.map((entry, index): StandInRelease => {
    const common = {
      checksum: entry.digest,
      version: entry.version,
      stream: options.stream,
      timestamp: 1_500_000_000 + index * 86_400,
      bytes: BYTES_PER_RELEASE,
    };
    if (!options.oci) {
      return { ...common, streamIn: ['fedora-coreos.stream'] };
    }
    return {
      ...common,
      streamIn: ['label', 'annotation'],
      digest: payloadText(entry, 'oci').split('@')[1] ?? '',
      metadataBytes: 20_000,
    };
  });
  prepareHost(root, { releases, booted: start, ...(options.oci ? { imageReference: options.image } : {}) });
  const faults: Fault[] = [];
  if (options.failures.deploy > 0) {
    faults.push({ kind: 'deploy-fails', remaining: options.failures.deploy });
  }
  if (options.failures.daemon > 0) {
    faults.push({ kind: 'die-mid-download', remaining: options.failures.daemon });
  }
  setFaults(root, ...faults);
}

/** `args` are the words after the program's name. Resolves with the exit code. */
export function demo(args: readonly string[]): Promise<number> {
  return runProgram(args, {
    name: 'npm run demo --',
    usage: USAGE,
    parse: parseOptions,
    run: runDemo,
    mistakes: [HistoryError],
  });
}
