/**
 * Runs commands inside a host that booted in a container.
 *
 * Invariants:
 * - Every command has a time limit.
 * - Nothing here keeps the host alive, or ends it.
 */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const COMMAND_LIMIT_MS = 160_000;
/** For what the host does by itself. Less than a command may take, so that the failure says what was missing. */
const WAIT_LIMIT_SECS = 150;
const LOOK_EVERY_MS = 100;
/** Otherwise journalctl would notice only at its next line that nobody reads it any more. */
const FOLLOW = `
timeout ${WAIT_LIMIT_SECS} grep -qm1 -e "$0" < <(exec journalctl --follow --no-tail --output=cat "$@")
status=$?
kill $! 2>/dev/null
exit $status`;

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export abstract class HostShell {
  /** The host's PID 1, as this machine numbers it. */
  protected abstract get init(): number;

  /** Runs a program on the host, as root; never rejects for its exit status. */
  run(command: string, ...args: readonly string[]): Promise<Result> {
    return this.#enter(command, args);
  }

  /** Runs a program as another user, with the groups from the user database. */
  runAs(user: string, command: string, ...args: readonly string[]): Promise<Result> {
    const become = 'exec setpriv --reuid="$0" --regid="$(id -g "$0")" --init-groups "$@"';
    return this.#enter('sh', ['-c', become, user, command, ...args]);
  }

  /** Returns the output of a shell script that must succeed. */
  async sh(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.run('sh', '-c', script);
    if (status !== 0) {
      throw new Error(`the script must succeed, got exit status ${status}: ${script}\n${stderr}`);
    }
    return stdout.trimEnd();
  }

  async property(unit: string, name: string): Promise<string> {
    return this.sh(`systemctl show --property=${name} --value ${unit}`);
  }

  /** Waits until a property has this value. What a unit tells about itself may come later than what it logs. */
  async becomes(unit: string, name: string, expected: string | RegExp): Promise<void> {
    const deadlineMono = performance.now() + WAIT_LIMIT_SECS * 1000;
    for (;;) {
      const value = await this.property(unit, name);
      if (typeof expected === 'string' ? value === expected : expected.test(value)) {
        return;
      }
      if (performance.now() > deadlineMono) {
        throw new Error(`${name} of ${unit} must become ${String(expected)}, got "${value}"`);
      }
      await pause(LOOK_EVERY_MS);
    }
  }

  async write(path: string, text: string): Promise<void> {
    const target = `/proc/${this.init}/root${path}`;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }

  /**
   * Arguments of nsenter for a process of this machine that shares only the host's network, not its files.
   */
  networkOnly(): readonly string[] {
    return ['-t', String(this.init), '-n', '--'];
  }

  /** The current position, for `journal`. */
  async cursor(): Promise<string> {
    return this.sh("journalctl -n 1 --show-cursor | sed -n 's/^-- cursor: //p'");
  }

  /** Waits until the journal has a matching line after the cursor. */
  async journal(cursor: string, pattern: string): Promise<void> {
    if (!(await this.follow(pattern, `--after-cursor=${cursor}`))) {
      throw new Error(`the journal must have a line with "${pattern}", got\n${await this.story()}`);
    }
  }

  /** True if the journal, selected by these arguments of journalctl, has a matching line or gets one soon. */
  protected async follow(pattern: string, ...selection: readonly string[]): Promise<boolean> {
    const { status } = await this.run('bash', '-c', FOLLOW, pattern, ...selection);
    return status === 0;
  }

  /** What a failed test should show. */
  protected async story(): Promise<string> {
    return this.sh(
      'journalctl --boot --no-hostname --lines=60 --unit=zincati.service --unit=rpm-ostreed.service',
    );
  }

  #enter(command: string, args: readonly string[]): Promise<Result> {
    const enter = ['-t', String(this.init), '-m', '-u', '-i', '-n', '-p', '-C', '-r', '-w'];
    const env = ['env', '-i', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'TERM=dumb'];
    return new Promise((resolve, reject) => {
      execFile(
        'nsenter',
        [...enter, ...env, command, ...args],
        { timeout: COMMAND_LIMIT_MS, killSignal: 'SIGKILL' },
        (error, stdout, stderr) => {
          const status = error === null ? 0 : error.code;
          if (typeof status === 'number') {
            resolve({ status, stdout, stderr });
          } else {
            reject(error ?? new Error('no exit status'));
          }
        },
      );
    });
  }
}

/** The host's PID 1, as this machine numbers it. */
export async function findInit(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
  for (const child of children.map(Number).filter((found) => found > 0)) {
    if ((await readFile(`/proc/${child}/comm`, 'utf8')) === 'systemd\n') {
      return child;
    }
    const found = await findInit(child).catch(() => 0);
    if (found > 0) {
      return found;
    }
  }
  throw new Error('cannot find the PID 1 of the host');
}
