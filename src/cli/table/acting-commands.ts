/** The commands that ask the agent to do something. */
import { OVERRIDES } from '../../agent/overrides.ts';
import { HOLDABLE } from '../../agent/requests.ts';
import { parseDuration } from '../duration.ts';
import { type CommandGroup, type CommandSpec, JSON_OPTION } from './command-spec.ts';

const OVERRIDE_OPTION = {
  override: { choices: OVERRIDES, help: 'count this gate as passed, once', many: true },
} as const satisfies CommandSpec['options'];

export const ACTING_COMMANDS = {
  check: {
    help: 'ask the update server now',
    about: ['The pauses of the agent do not count. A server that asked for patience is still left alone.'],
    options: JSON_OPTION,
    needs: 'polkit',
    exits: ['nothing', 'blocked', 'noAgent', 'notPermitted'],
  },
  update: {
    help: 'look for an update, and stage it',
    about: [
      'Without `--reboot` the node reboots into it when its strategy allows.',
      'Ctrl-C leaves the staging to the agent; `zincati cancel` ends it.',
    ],
    options: {
      to: { value: 'VERSION', help: 'this version alone, which the update graph must allow' },
      'ignore-rollout': { help: 'take a release also while it is rolled out to few nodes' },
      reboot: { help: 'reboot into it, if the gates allow it now' },
      override: { ...OVERRIDE_OPTION.override, goesWith: 'reboot' },
      ...JSON_OPTION,
    },
    needs: 'polkit',
    exits: ['nothing', 'blocked', 'noAgent', 'notPermitted'],
  },
  reboot: {
    help: 'reboot into the staged release, if the gates allow it now',
    about: [
      'A plain `reboot` drops a staged release that is locked. This command finalizes it first.',
      'An override counts for this request alone.',
    ],
    options: {
      ...OVERRIDE_OPTION,
      'dry-run': { help: 'only say what would happen' },
      ...JSON_OPTION,
    },
    needs: 'polkit',
    exits: ['nothing', 'blocked', 'noAgent', 'notPermitted'],
  },
  cancel: {
    help: 'end staging that runs, and overrides that wait',
    options: JSON_OPTION,
    needs: 'polkit',
    exits: ['nothing', 'blocked', 'noAgent', 'notPermitted'],
  },
  discard: {
    help: 'drop the staged release, and deny it',
    about: ['`zincati allow RELEASE` lifts the denial.'],
    options: JSON_OPTION,
    needs: 'polkit',
    exits: ['nothing', 'blocked', 'noAgent', 'notPermitted'],
  },
  hold: {
    help: 'keep the node from rebooting or staging; without arguments: list the holds',
    about: [
      'A hold survives reboots. Several people can hold at once, and each hold has an id.',
      'TIME is local: `18:00`, `2026-11-28` or `"2026-11-28 18:00"`; or RFC 3339 with an offset.',
    ],
    options: {
      until: { value: 'TIME', help: 'when it ends by itself' },
      for: {
        value: 'DURATION',
        parse: parseDuration,
        help: 'how long it lasts, such as 45m, 8h or "2d 12h"',
        excludes: 'until',
      },
      what: { choices: HOLDABLE, help: 'what is held; reboot, if it is not given' },
      reason: { value: 'TEXT', help: 'for the others who look at this node' },
      ...JSON_OPTION,
    },
    needs: 'polkit',
    exits: ['blocked', 'noAgent', 'notPermitted'],
  },
  release: {
    help: 'end a hold',
    about: ['Without an id it ends the only hold there is.'],
    arguments: [{ name: 'id', help: 'of the hold, as `zincati hold` lists it', optional: true }],
    options: JSON_OPTION,
    needs: 'polkit',
    exits: ['nothing', 'blocked', 'noAgent', 'notPermitted'],
  },
  deny: {
    help: 'keep a release from being staged or booted',
    arguments: [{ name: 'release', help: 'a version, a checksum, or a digest such as sha256:HEX' }],
    options: { reason: { value: 'TEXT', help: 'for the others who look at this node' }, ...JSON_OPTION },
    needs: 'polkit',
    exits: ['nothing', 'blocked', 'noAgent', 'notPermitted'],
  },
  allow: {
    help: 'lift the denial of a release',
    arguments: [{ name: 'release', help: 'as it was denied, or its version' }],
    options: JSON_OPTION,
    needs: 'polkit',
    exits: ['nothing', 'blocked', 'noAgent', 'notPermitted'],
  },
  denied: {
    help: 'list the releases that are denied, and why',
    options: JSON_OPTION,
    exits: ['noAgent'],
  },
} as const satisfies CommandGroup;
