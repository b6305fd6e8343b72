/** The commands that take slots of the lock server for other programs of this node. They need no agent. */
import { parseAppId } from '../app-id.ts';
import { parseDuration } from '../duration.ts';
import { type CommandGroup, JSON_OPTION } from './command-spec.ts';

const APP_OPTION = {
  app: { value: 'ID', parse: parseAppId, required: true, help: 'name of the program, such as backup' },
} as const satisfies CommandGroup[string]['options'];

const WAIT_OPTION = {
  wait: { value: 'DURATION', parse: parseDuration, help: 'ask again for so long, such as 90s or 2h' },
} as const satisfies CommandGroup[string]['options'];

export const PROGRAM_COMMANDS = {
  lock: {
    help: 'take a slot of the lock server for a program',
    about: [
      'The lock server is that of `updates.fleet_lock`, and lends as it does for a reboot. The agent is not asked.',
      'A slot stays taken until `zincati unlock`, also over reboots. Asking again for the same program keeps it.',
      'Exit code 4: the server refuses. Exit code 1: a slot may be held all the same; what gives it back is printed.',
    ],
    options: { ...APP_OPTION, ...WAIT_OPTION, ...JSON_OPTION },
    needs: 'root',
    exits: ['blocked', 'notPermitted', 'gaveUp', 'config'],
  },
  unlock: {
    help: 'give back the slot of a program',
    about: ['That there is nothing to give back is no failure.'],
    options: { ...APP_OPTION, ...JSON_OPTION },
    needs: 'root',
    exits: ['notPermitted', 'config'],
  },
  'run-locked': {
    help: 'run a program while its slot is held',
    about: [
      'CMD runs without a shell, and its exit code is that of this command: 128 and the number for a signal.',
      'Signals are passed on to it. However it ends, the slot is given back, and this is tried for a minute.',
      'Without a slot nothing is run. Write `--` before CMD, so that its options are its own.',
    ],
    arguments: [{ name: 'cmd', help: 'the program and its arguments', rest: true }],
    options: { ...APP_OPTION, ...WAIT_OPTION },
    needs: 'root',
    exits: ['blocked', 'notPermitted', 'gaveUp', 'config'],
  },
} as const satisfies CommandGroup;
