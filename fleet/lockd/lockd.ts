/** Commands `lockd`, `lockd check` and `lockd token`: the lock server itself, and what sets it up. */
import { counted } from '../counted.ts';
import type { CommandSpec } from '../command-spec.ts';
import { DEFAULT_CONFIG, readLockdConfig } from './config.ts';
import { newToken } from './doors.ts';

const WHERE = `CONFIG: ${DEFAULT_CONFIG} if it is left out.`;

export const LOCKD: CommandSpec = {
  name: 'lockd',
  words: ['[CONFIG]'],
  summary: 'lend slots for reboots to nodes, by the FleetLock protocol, until a signal ends it',
  options: {},
  notes: [WHERE, 'SIGHUP reads it again. SIGTERM lets requests under way end.'],
  run: async ({ words }) => {
    // Loaded for this command alone.
    const { runLockd } = await import('./run-lockd.ts');
    await runLockd(words[0] ?? DEFAULT_CONFIG);
    return 0;
  },
};

export const LOCKD_CHECK: CommandSpec = {
  name: 'lockd check',
  words: ['[CONFIG]'],
  summary: 'check the configuration of lockd and the files that it names, without serving',
  options: {},
  notes: [WHERE],
  run: async ({ words }) => {
    const tell = (warning: string): void => void process.stderr.write(`warning: ${warning}\n`);
    const { groups, warnings } = await readLockdConfig(words[0] ?? DEFAULT_CONFIG, tell);
    warnings.forEach(tell);
    process.stdout.write(`${counted(groups.length, 'group')}, and nothing is wrong\n`);
    return 0;
  },
};

export const LOCKD_TOKEN: CommandSpec = {
  name: 'lockd token',
  words: [],
  summary: 'make a token: its first line is for the nodes, its second for token_hashes',
  options: {},
  run: () => {
    const { token, hash } = newToken();
    process.stdout.write(`${token}\n${hash}\n`);
    return Promise.resolve(0);
  },
};
