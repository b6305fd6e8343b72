/** The built program of the fleet, run once. Needs a build. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

export const FLEET_PROJECT = path.resolve(import.meta.dirname, '../../..');
export const FLEET_PROGRAM = path.join(FLEET_PROJECT, 'dist/fleet/zincati-fleet.mjs');

export interface Ended {
  /** The exit code. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `limitMs`: it is killed then. */
export async function runFleet(args: readonly string[], limitMs: number): Promise<Ended> {
  try {
    const ended = await promisify(execFile)(process.execPath, [FLEET_PROGRAM, ...args], {
      cwd: FLEET_PROJECT,
      maxBuffer: 64 * 1024 * 1024,
      timeout: limitMs,
      env: { ...process.env, NO_PROXY: '127.0.0.1' },
    });
    return { code: 0, ...ended };
  } catch (error) {
    // Of a program that ends with another code, execFile gives the same three.
    return error as Ended;
  }
}
