/**
 * Why a command did not do what it was asked: an exit code, one sentence, and what to do. Pure.
 *
 * Invariants:
 * - Every answer of the bus and of the agent has exactly one exit code.
 * - Texts are printable.
 */
import { BusError, CancelledError, messageOf } from '../errors.ts';
import type { ResultFacts } from './agent-facts.ts';
import type { ExitName } from './exit-codes.ts';

export class Failure extends Error {
  readonly exit: ExitName;
  /** What to do, a sentence without its full stop; undefined: nothing is known. */
  readonly todo: string | undefined;
  /** The last part of the agent's error name. */
  readonly code: string | undefined;
  /** Names of gates that block. */
  readonly gates: readonly string[];
  /** Lines that people read after the sentence. */
  readonly rows: readonly string[];

  constructor(
    exit: ExitName,
    message: string,
    more: {
      readonly todo?: string;
      readonly code?: string;
      readonly gates?: readonly string[];
      readonly rows?: readonly string[];
    } = {},
  ) {
    super(message);
    this.exit = exit;
    this.todo = more.todo;
    this.code = more.code;
    this.gates = more.gates ?? [];
    this.rows = more.rows ?? [];
  }
}

/** The agent is not on the bus. What systemd knows of it is looked up by whoever tells people. */
export class NoAgent extends Failure {
  constructor() {
    super('noAgent', 'the agent does not run');
  }
}

const AGENT_ERROR = 'org.coreos.zincati.Error.';

/** Exit codes of the agent's errors, and what to do about them. docs/errors.md has the same list. */
const BY_CODE: Readonly<Record<string, { readonly exit: ExitName; readonly todo?: string }>> = {
  Blocked: { exit: 'blocked', todo: '`zincati why` says more; `--override GATE` passes a gate once' },
  NoUpdate: { exit: 'nothing' },
  Busy: { exit: 'blocked', todo: 'try again when it is done; `zincati status --watch` shows it' },
  NotStaged: { exit: 'nothing', todo: '`zincati update` looks for a release to stage' },
  Disabled: {
    exit: 'blocked',
    todo: 'set updates.enabled in a file below /etc/zincati/config.d, and reload',
  },
  TooLate: { exit: 'blocked', todo: 'the reboot comes; nothing can stop it any more' },
  NotFound: { exit: 'nothing', todo: '`zincati hold` and `zincati denied` list what there is' },
  Invalid: { exit: 'failure' },
  // Its text says what there are too many of, and what to do.
  LimitsExceeded: { exit: 'failure' },
  Cancelled: { exit: 'failure' },
  Failed: { exit: 'failure', todo: '`journalctl -u zincati.service -b` has the details' },
  ShuttingDown: { exit: 'noAgent', todo: 'try again when the agent runs' },
};

const NOT_PERMITTED: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.AccessDenied',
  'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired',
  'org.freedesktop.PolicyKit1.Error.NotAuthorized',
]);
const GONE: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.ServiceUnknown',
  'org.freedesktop.DBus.Error.NameHasNoOwner',
  'org.freedesktop.DBus.Error.Spawn.ServiceNotFound',
]);
const OTHER_VERSION: ReadonlySet<string> = new Set([
  'org.freedesktop.DBus.Error.UnknownMethod',
  'org.freedesktop.DBus.Error.UnknownInterface',
  'org.freedesktop.DBus.Error.UnknownObject',
  'org.freedesktop.DBus.Error.UnknownProperty',
]);

/** `sudo`: the command line that may do it; undefined for root, who has no better one. */
export function failureOf(error: unknown, sudo: string | undefined): Failure {
  if (error instanceof Failure) {
    return error;
  }
  if (error instanceof CancelledError) {
    return new Failure('gaveUp', messageOf(error));
  }
  return error instanceof BusError ? busFailure(error, sudo) : new Failure('failure', messageOf(error));
}

/** Of a job that ended with an error. */
export function resultFailure({ error, text, gates }: ResultFacts): Failure {
  const code = error ?? 'Failed';
  const { exit, todo } = BY_CODE[code] ?? { exit: 'failure' as const };
  return new Failure(exit, text ?? code, { code, gates, ...(todo === undefined ? {} : { todo }) });
}

function busFailure(error: BusError, sudo: string | undefined): Failure {
  const text = messageOf(error);
  switch (error.kind) {
    case 'bus_remote_error':
      return remoteFailure(error, sudo);
    case 'bus_unreachable':
    case 'bus_auth_failed':
      return new Failure('noAgent', `the agent cannot be asked: ${text}`, {
        todo: 'is the message bus up? `systemctl status dbus.socket` tells',
      });
    case 'bus_call_timeout':
      return new Failure('noAgent', 'the agent does not answer', {
        todo: '`systemctl status zincati.service` shows what it does',
      });
    case 'bus_closed':
      return new Failure('noAgent', 'the message bus went away before the agent had answered');
    case 'bus_call_cancelled':
      return new Failure('gaveUp', text);
    case 'bus_malformed_message':
      return new Failure('failure', text);
  }
}

function remoteFailure(error: BusError, sudo: string | undefined): Failure {
  const name = error.errorName ?? '';
  if (name.startsWith(AGENT_ERROR)) {
    const code = name.slice(AGENT_ERROR.length);
    return resultFailure({ ...NO_RESULT, error: code, text: error.remoteText });
  }
  if (GONE.has(name)) {
    return new NoAgent();
  }
  if (NOT_PERMITTED.has(name)) {
    return new Failure('notPermitted', 'you are not permitted to do this', {
      ...(sudo === undefined ? {} : { todo: sudo }),
    });
  }
  if (name === 'org.freedesktop.DBus.Error.LimitsExceeded') {
    return new Failure('failure', error.remoteText ?? 'too many calls at a time', {
      todo: 'try again in a moment',
    });
  }
  if (name === 'org.freedesktop.DBus.Error.NoReply') {
    return new Failure('noAgent', 'the agent ended before it had answered', {
      todo: '`zincati history` says what became of the request',
    });
  }
  if (OTHER_VERSION.has(name)) {
    return new Failure('noAgent', 'the agent that runs does not know this request: it has another version', {
      todo: 'sudo systemctl restart zincati.service',
    });
  }
  return new Failure('failure', error.remoteText ?? messageOf(error));
}

const NO_RESULT: ResultFacts = {
  request: undefined,
  text: undefined,
  changed: false,
  error: undefined,
  gates: [],
  release: undefined,
  cancelled: [],
};
