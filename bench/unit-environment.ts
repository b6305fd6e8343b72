/** The environment that the unit gives the agent, so that the benchmarks measure what runs on a host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `project`: the folder of another build. */
export function unitEnvironment(project: string = join(import.meta.dirname, '..')): Record<string, string> {
  return parseEnvironment(readFileSync(join(project, 'systemd/zincati.service'), 'utf8'));
}

/** Reads `Environment=NAME=VALUE`, one to a line and without quotes, as in this project's unit. */
export function parseEnvironment(unit: string): Record<string, string> {
  return Object.fromEntries(
    [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}
