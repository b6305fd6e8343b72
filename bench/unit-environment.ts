/** The environment that the unit gives the agent, so that the benchmarks measure what runs on a host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const UNIT = join(import.meta.dirname, '../systemd/zincati.service');

export function unitEnvironment(): Record<string, string> {
  return parseEnvironment(readFileSync(UNIT, 'utf8'));
}

/** Reads `Environment=NAME=VALUE`, one to a line and without quotes, as in this project's unit. */
export function parseEnvironment(unit: string): Record<string, string> {
  return Object.fromEntries(
    [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}
