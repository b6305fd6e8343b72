/** The commands that show what the agent does, and change nothing. */
import { OVERRIDES } from '../../agent/overrides.ts';
import { parseDuration } from '../duration.ts';
import { type CommandGroup, JSON_OPTION } from './command-spec.ts';

export const LOOKING_COMMANDS = {
  status: {
    help: 'show what this node runs, what it waits for, and how it is',
    about: [
      'It shows what the agent knows: it takes no slot, asks no server and writes nothing.',
      'Where the agent does not run, it says so first, with what the service manager knows.',
    ],
    options: {
      watch: { help: 'print it again whenever it changes, until Ctrl-C' },
      'exit-code': { help: 'tell the health by the exit code: 0 OK, 10 DEGRADED, 11 STUCK, 5 not running' },
      ...JSON_OPTION,
    },
    exits: ['noAgent', 'degraded', 'stuck'],
  },
  why: {
    help: 'show every gate between this node and its next reboot',
    about: [
      'The first line is the answer: what keeps the node most, and the earliest reboot. Then comes what to do about it.',
      'The agent looks at each gate afresh. `NO` keeps the node, and `?` cannot be told in advance.',
    ],
    options: {
      override: { choices: OVERRIDES, help: 'count this gate as passed', many: true },
      ...JSON_OPTION,
    },
    exits: ['noAgent'],
  },
  wait: {
    help: 'wait until the node has got somewhere',
    about: [
      '`staged`: a release is staged, and waits for its reboot.',
      '`rebooted`: no release is on its way any more. The agent may end meanwhile, and come with the next boot.',
      '`idle`: the agent neither checks nor stages.',
    ],
    options: {
      for: { choices: ['staged', 'rebooted', 'idle'], help: 'what to wait for', required: true },
      timeout: {
        value: 'DURATION',
        parse: parseDuration,
        help: 'give up after this time, such as 90s or 2h',
      },
      ...JSON_OPTION,
    },
    exits: ['noAgent', 'gaveUp'],
  },
} as const satisfies CommandGroup;
