// Runs a program that must succeed, in an environment that does not leak into what the program makes.
import { execFile } from 'node:child_process';
import process from 'node:process';

const LIMIT_MS = 600_000;

/**
 * Resolves with standard output as text. `input` becomes standard input. `env` is added to PATH and to a fixed language
 * and time zone. Rejects when the program is missing, fails, or runs for longer than ten minutes.
 */
export function run(program, args, { input = '', cwd, env = {} } = {}) {
  const options = {
    cwd,
    timeout: LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env },
  };
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
      } else if (error.code === 'ENOENT') {
        reject(new Error(`cannot package: ${program} must be installed`));
      } else {
        // A number is the exit code; then standard error says more than Node's message, which repeats the command.
        const reason = typeof error.code === 'number' ? stderr.trim() : error.message;
        reject(new Error(`cannot package: ${program} must succeed: ${reason}`));
      }
    });
    // A program may end before it has read everything; its exit code then says what went wrong.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}
