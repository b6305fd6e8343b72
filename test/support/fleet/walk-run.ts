/**
 * Runs docs/fleet/walk.md, as people do: in a folder of its own, with real servers and the built programs.
 *
 * Invariant: disposing of it ends every process and removes the folder.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { userInfo } from 'node:os';

import { leashed } from '../../../sandbox/leash.ts';
import { EtcdCluster } from '../etcd.ts';
import { PROGRAM_LIMIT_MS } from '../limits.ts';
import { freePort } from '../loopback.ts';
import { FLEET_PROGRAM, FLEET_PROJECT } from './fleet-program.ts';
import { WalkNames } from './walk-names.ts';
import type { Scene, Step, Terminal } from './walk-scenes.ts';

const EXAMPLE = path.join(FLEET_PROJECT, 'examples/fleet/walk');
const FILES = ['lockd.toml', 'node/config.d/60-fleet.toml'];
const NODES = Array.from({ length: 20 }, (_, index) => `node${index + 1}`);

export class WalkRun implements AsyncDisposable {
  readonly #closing = new AsyncDisposableStack();
  readonly #terminals = new Map<Terminal, TerminalOutput>();
  #names = new WalkNames(0, []);
  #folder = '';
  #etcd: EtcdCluster | undefined;

  static async start(): Promise<WalkRun> {
    const walk = new WalkRun();
    try {
      await walk.#start();
      return walk;
    } catch (error) {
      await walk[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #start(): Promise<void> {
    // Short: sockets are in it.
    this.#folder = await mkdtemp('/tmp/walk-');
    this.#closing.defer(() => rm(this.#folder, { recursive: true, force: true }));
    this.#etcd = this.#closing.use(await EtcdCluster.start(1));
    const ports = [9090, 8081, 9081];
    const addresses: (readonly [string, string])[] = [];
    for (const port of ports) {
      addresses.push([`127.0.0.1:${await freePort()}`, `127.0.0.1:${port}`]);
    }
    this.#names = new WalkNames(Date.now(), [
      [this.#folder, '/tmp/walk'],
      ...addresses,
      [(this.#etcd.endpoints[0] ?? '').replace('http://', ''), '127.0.0.1:2379'],
      ...(process.arch === 'arm64' ? [['aarch64', 'x86_64'] as const] : []),
    ]);
    this.#names.add(`by ${userInfo().username}`, 'by ada');
    await cp(EXAMPLE, this.#folder, { recursive: true });
    for (const file of FILES) {
      const text = await readFile(path.join(EXAMPLE, file), 'utf8');
      await writeFile(path.join(this.#folder, file), this.#names.real(text));
    }
    await mkdir(path.join(this.#folder, 'bin'));
    await writeFile(
      path.join(this.#folder, 'bin/zincati-fleet'),
      `#!/bin/sh\nexec '${process.execPath}' '${FLEET_PROGRAM}' "$@"\n`,
      { mode: 0o755 },
    );
  }

  /** Plays it, and resolves with its section of the page. */
  async section({ title, parts }: Scene): Promise<string> {
    const shown = [`## ${title}`];
    for (const part of parts) {
      shown.push(typeof part === 'string' ? part : await this.#play(part));
    }
    // Commands that print nothing stand in one block.
    return shown
      .filter((text) => text !== '')
      .join('\n\n')
      .replaceAll(/^(\$ .*)\n```\n\n```\n(?=\$ .*\n```)/gm, '$1\n');
  }

  /** The exit code of the sandbox, when it has ended. */
  ended(terminal: Terminal): Promise<number | null> {
    return this.#terminal(terminal).ended;
  }

  async #play(step: Step): Promise<string> {
    switch (step.kind) {
      case 'typed':
      case 'etcd':
        return block(`$ ${step.command}`);
      case 'enter':
        this.#terminal('sandbox').enter();
        return '';
      case 'file': {
        const text = await readFile(path.join(this.#folder, step.file), 'utf8');
        return `\`${step.file}\`:\n\n\`\`\`toml\n${this.#names.example(text).trimEnd()}\n\`\`\``;
      }
      case 'quiet': {
        const output = await this.#run(step.command);
        if (output !== '') {
          throw new Error(`${step.command} must print nothing, got ${output}`);
        }
        return block(`$ ${step.command}`);
      }
      case 'run': {
        const output = await this.#until(step.command, step.until);
        if (/lockd token/.test(step.command)) {
          this.#names.token(output.split('\n'));
        }
        return block(`$ ${step.command}`, this.#names.example(output));
      }
      case 'start': {
        const terminal = this.#open(step.terminal, step.command);
        const lines = await terminal.next(step.until, 1, true);
        return block(`$ ${step.command}`, this.#names.example(lines.join('\n')));
      }
      case 'heard': {
        const lines = await this.#terminal(step.terminal).next(step.line, step.count, false);
        if (/does not come up/.test(lines[0] ?? '')) {
          const hung = lines.map((line) => line.split(' ')[0] ?? '');
          this.#names.hung(hung, NODES.findLast((name) => !hung.includes(name)) ?? '');
        }
        return step.isShown ? block(this.#names.example(lines.join('\n'))) : '';
      }
    }
  }

  /** The test's own limit bounds the wait. */
  async #until(command: string, until: RegExp = /(?:)/): Promise<string> {
    for (;;) {
      const output = await this.#run(command);
      if (until.test(output)) {
        return output;
      }
    }
  }

  /** Rejects when it fails. */
  async #run(command: string): Promise<string> {
    const child = spawn('/bin/sh', ['-c', `{ ${this.#names.real(command)}; } 2>&1`], {
      cwd: this.#folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: PROGRAM_LIMIT_MS,
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) {
      throw new Error(`${command} must end with 0, got ${String(code)}: ${output}`);
    }
    return output.trimEnd();
  }

  get #env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      SUDO_USER: '',
      TZ: 'UTC',
      PATH: `${path.join(this.#folder, 'bin')}:${path.dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    };
  }

  #open(name: Terminal, command: string): TerminalOutput {
    const [isDemo, words = ''] = [command.startsWith('npm run demo -- '), command.split(' -- ').at(1)];
    const real = this.#names.real(isDemo ? `node sandbox/main.mjs ${words}` : command);
    const cwd = isDemo ? FLEET_PROJECT : this.#folder;
    const [program, args] = leashed('/bin/sh', ['-c', `exec ${real} 2>&1`]);
    const child = spawn(program, args, { cwd, env: this.#env });
    const terminal = new TerminalOutput(command, child);
    this.#closing.defer(() => terminal.end());
    this.#terminals.set(name, terminal);
    return terminal;
  }

  #terminal(name: Terminal): TerminalOutput {
    const terminal = this.#terminals.get(name);
    if (terminal === undefined) {
      throw new Error(`nothing runs in the terminal of ${name}`);
    }
    return terminal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closing.disposeAsync();
  }
}

/** A process that goes on. Its lines are awaited. */
class TerminalOutput {
  readonly ended: Promise<number | null>;
  readonly #command: string;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: string[] = [];
  #read = 0;
  #wake: () => void = () => undefined;
  #isOver = false;

  constructor(command: string, child: ChildProcessWithoutNullStreams) {
    this.#command = command;
    this.#child = child;
    child.stdin.on('error', () => undefined);
    const lines = createInterface({ input: child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    this.ended = Promise.all([once(child, 'exit'), once(lines, 'close')]).then(([[code]]) => {
      this.#isOver = true;
      this.#wake();
      return code as number | null;
    });
  }

  enter(): void {
    this.#child.stdin.write('\n');
  }

  /** So many lines that match, after those that were read before; with all that come before them if `withOthers`. */
  async next(pattern: RegExp, count: number, withOthers: boolean): Promise<readonly string[]> {
    const found: string[] = [];
    for (let matches = 0; matches < count;) {
      const line = this.#lines[this.#read];
      if (line === undefined) {
        if (this.#isOver) {
          throw new Error(`${this.#command} must say ${pattern}, got its end:\n${this.#lines.join('\n')}`);
        }
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      this.#read++;
      const isMatch = pattern.test(line);
      matches += isMatch ? 1 : 0;
      if (isMatch || withOthers) {
        found.push(line);
      }
    }
    return found;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.ended;
  }
}

function block(...lines: readonly string[]): string {
  return `\`\`\`\n${lines.join('\n')}\n\`\`\``;
}
