/** The environment that the unit gives the agent, so that what is measured is what runs on a host. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const UNIT = join(import.meta.dirname, '../systemd/zincati.service');

export function unitEnvironment(): Record<string, string> {
  return parseEnvironment(readFileSync(UNIT, 'utf8'));
}

/** `Environment=NAME=VALUE`, one to a line and without quotes, as this project's unit has them. */
export function parseEnvironment(unit: string): Record<string, string> {
  return Object.fromEntries(
    [...unit.matchAll(/^Environment=(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
}
