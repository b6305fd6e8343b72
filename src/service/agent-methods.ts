/**
 * The methods of org.coreos.zincati.Agent1, as docs/dbus.md has them.
 *
 * Invariants:
 * - Arguments are checked before anybody is asked for a password.
 * - Nothing acts before the caller's permission is there.
 * - A method that makes a job answers at once. The others answer when the request has ended.
 */
import type { Override } from '../agent/overrides.ts';
import { HOLDABLE, LONGEST_REASON, type Asker, type Outcome, type Wish } from '../agent/requests.ts';
import type { Caller, Dictionary, ExportedMethod } from '../dbus/types.ts';
import { ConfigError, linesOf } from '../errors.ts';
import type { AgentPort } from './agent-port.ts';
import type { Action } from './actions.ts';
import type { Authority } from './authority.ts';
import { dryRun } from './dry-run.ts';
import { encodeResult } from './encode.ts';
import type { Jobs } from './jobs.ts';
import type { JobKind, JobState } from './names.ts';
import { LONGEST_RELEASE, readMaybeText, readOptions, readText, readWord } from './options.ts';
import { refused } from './refusals.ts';
import { readOverrides, withOptions } from './method-parts.ts';
import { readingMethods } from './reading-methods.ts';

const LONGEST_ID = 40;
const ID_OF_DRY_RUNS = 'dry-run';

const INTERACTIVE = { interactive: 'flag' } as const;

/** Overrides that take an action of their own. */
const SPECIAL: ReadonlyMap<Override, Action> = new Map([
  ['people', 'reboot-over-people'],
  ['inhibitors', 'reboot-over-inhibitors'],
  ['fleet-lock', 'reboot-without-slot'],
]);

export interface MethodParts {
  readonly port: AgentPort;
  readonly authority: Authority;
  readonly jobs: Jobs;
  /** Ends with the agent. */
  readonly life: AbortSignal;
  readonly now: () => number;
}

export function agentMethods(parts: MethodParts): readonly ExportedMethod[] {
  return [...acting(parts), ...readingMethods(parts)];
}

function acting({ port, authority, jobs, life, now }: MethodParts): readonly ExportedMethod[] {
  const allow = (
    caller: Caller,
    actions: readonly Action[],
    options: { readonly interactive?: boolean },
    command: string,
  ): Promise<Asker> =>
    authority.allow(caller, { actions, command, interactive: options.interactive ?? caller.mayAsk });
  const ask = async (by: Asker, wish: Wish): Promise<Outcome & { readonly kind: 'done' }> =>
    orRefused(await port.request(by, wish).ended);
  const told = async (by: Asker, wish: Wish): Promise<readonly [Dictionary]> => {
    const { request, ended } = port.request(by, wish);
    return [encodeResult(request.id, orRefused(await ended))];
  };
  const cancel = async (by: Asker, request: string): Promise<void> => {
    await ask(by, { kind: 'cancel', request });
  };
  const begin = (by: Asker, kind: JobKind, state: JobState, wish: Wish): string =>
    jobs.start(by, { kind, state, begin: () => port.request(by, wish), cancel });

  return [
    {
      ...withOptions('Check', '', 'o'),
      handle: async ([given], caller) => {
        const options = readOptions('Check', given, INTERACTIVE);
        const by = await allow(caller, ['check'], options, 'check');
        return [jobs.shareCheck(by) ?? begin(by, 'check', 'running', { kind: 'check' })];
      },
    },
    {
      ...withOptions('Stage', '', 'o'),
      handle: async ([given], caller) => {
        const known = { ...INTERACTIVE, 'ignore-rollout': 'flag', to: 'text' } as const;
        const options = readOptions('Stage', given, known);
        const to = options.to === undefined ? {} : { to: readText('to', options.to, LONGEST_RELEASE) };
        const by = await allow(caller, ['stage'], options, 'update');
        const ignoreRollout = options['ignore-rollout'] ?? false;
        return [begin(by, 'stage', 'waiting', { kind: 'stage', ignoreRollout, ...to })];
      },
    },
    {
      ...withOptions('Reboot', '', 'o'),
      handle: async ([given], caller) => {
        const known = { ...INTERACTIVE, override: 'texts', 'dry-run': 'flag' } as const;
        const options = readOptions('Reboot', given, known);
        const overrides = readOverrides(options.override);
        if (options['dry-run'] === true) {
          // It changes nothing, so everybody may.
          const by = { uid: await authority.uidOf(caller) };
          const ended = async () => dryRun(await port.explain(overrides, life, by));
          const run = () => ({ request: { id: ID_OF_DRY_RUNS }, ended: ended().catch(failed) });
          return [jobs.start(by, { kind: 'reboot', state: 'running', begin: run, cancel: notCancelled })];
        }
        const special = overrides.flatMap((override) => SPECIAL.get(override) ?? []);
        const command = ['reboot', ...overrides.map((override) => `--override ${override}`)].join(' ');
        const by = await allow(caller, ['reboot', ...special], options, command);
        return [begin(by, 'reboot', 'waiting', { kind: 'reboot', overrides })];
      },
    },
    {
      ...withOptions('Cancel', '', 'a{sv}', 'result'),
      handle: async ([given], caller) => {
        const options = readOptions('Cancel', given, INTERACTIVE);
        return told(await allow(caller, ['stage'], options, 'cancel'), { kind: 'cancel' });
      },
    },
    {
      ...withOptions('Discard', '', 'a{sv}', 'result'),
      handle: async ([given], caller) => {
        const options = readOptions('Discard', given, INTERACTIVE);
        return told(await allow(caller, ['stage'], options, 'discard'), { kind: 'discard' });
      },
    },
    {
      ...withOptions('Hold', 'what', 's', 'id'),
      handle: async ([given, more], caller) => {
        const what = readWord('what', given, HOLDABLE);
        const options = readOptions('Hold', more, { ...INTERACTIVE, until: 'instant', reason: 'text' });
        const reason = readMaybeText('reason', options.reason, LONGEST_REASON);
        const until = readUntil(options.until, now());
        const by = await allow(caller, ['hold'], options, `hold --what ${what}`);
        const { hold } = await ask(by, { kind: 'hold', what, reason, ...until });
        return [hold ?? ''];
      },
    },
    {
      ...withOptions('Release', 'id'),
      handle: async ([given, more], caller) => {
        const hold = readText('id', given, LONGEST_ID);
        const options = readOptions('Release', more, INTERACTIVE);
        await ask(await allow(caller, ['hold'], options, 'release'), { kind: 'release', hold });
        return [];
      },
    },
    {
      ...withOptions('Deny', 'release'),
      handle: async ([given, more], caller) => {
        const release = readText('release', given, LONGEST_RELEASE);
        const options = readOptions('Deny', more, { ...INTERACTIVE, reason: 'text' });
        const reason = readMaybeText('reason', options.reason, LONGEST_REASON);
        await ask(await allow(caller, ['deny'], options, 'deny'), { kind: 'deny', release, reason });
        return [];
      },
    },
    {
      ...withOptions('Allow', 'release'),
      handle: async ([given, more], caller) => {
        const release = readText('release', given, LONGEST_RELEASE);
        const options = readOptions('Allow', more, INTERACTIVE);
        await ask(await allow(caller, ['deny'], options, 'allow'), { kind: 'allow', release });
        return [];
      },
    },
    {
      ...withOptions('Reload'),
      handle: async ([given], caller) => {
        const options = readOptions('Reload', given, INTERACTIVE);
        await allow(caller, ['reload'], options, 'config reload');
        try {
          await port.reload();
        } catch (error) {
          throw error instanceof ConfigError ? refused('Invalid', linesOf(error)) : error;
        }
        return [];
      },
    },
  ];
}

/** 0 is for ever, as leaving it out. */
function readUntil(at: number | undefined, now: number): { readonly untilAt?: number } {
  if (at === undefined || at === 0) {
    return {};
  }
  if (at <= now) {
    throw refused('Invalid', `until must be later than now, got ${new Date(Math.max(at, 0)).toISOString()}`);
  }
  return { untilAt: at };
}

function orRefused(outcome: Outcome): Outcome & { readonly kind: 'done' } {
  if (outcome.kind === 'refused') {
    throw refused(outcome.error, outcome.text);
  }
  return outcome;
}

function failed(error: unknown): Outcome {
  return { kind: 'refused', error: 'Failed', text: `cannot look at the gates: ${linesOf(error)}` };
}

function notCancelled(): Promise<never> {
  throw refused('TooLate', 'a dry run cannot be cancelled; it ends by itself');
}
