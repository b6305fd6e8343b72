// Runs a program that must succeed, with an environment that does not leak into what it makes.
import { spawnSync } from 'node:child_process';
import process from 'node:process';

const LIMIT_MS = 600_000;

export function run(program, args, { input, cwd, env = {} } = {}) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    input,
    cwd,
    encoding: 'utf8',
    timeout: LIMIT_MS,
    maxBuffer: 64 * 1024 * 1024,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC', ...env },
  });
  if (error?.code === 'ENOENT') throw new Error(`cannot package: ${program} must be installed`);
  if (status !== 0) {
    throw new Error(`cannot package: ${program} must succeed: ${error?.message ?? stderr.trim()}`);
  }
  return stdout;
}
