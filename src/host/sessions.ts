/**
 * People who are logged in, as logind says over D-Bus, and messages to their terminals.
 *
 * Invariants:
 * - What logind says is parsed, never trusted.
 * - A host without a login manager has nobody logged in.
 * - A login manager that cannot be asked, or answers nonsense, is an error. The caller then waits as if somebody were
 *   there.
 * - A terminal that takes no more output never blocks.
 * - Whoever counts and cannot be told is reported, also if the session has no terminal of the kernel's.
 */
import { constants } from 'node:fs';
import { access, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import type { Session, Sessions } from '../agent/ports.ts';
import { type SystemBus, Variant } from '../dbus/types.ts';
import { messageOf } from '../errors.ts';
import { isMissing } from '../files/error-code.ts';
import { Logind, type LogindProperties, malformed } from './logind.ts';

const SESSION_INTERFACE = 'org.freedesktop.login1.Session';
/** Half of logind's own limit. A host with more is under attack, so its list is refused. */
const MOST_SESSIONS = 4096;

/** Anybody's in group zincati. Nobody reads it. */
const OVERRIDE_FILE = 'run/zincati/override-interactive-check';

/** Below the root. The unit hides the consoles from /dev and puts them here. */
export const HIDDEN_TERMINALS = 'run/zincati-terminals';
const TERMINAL_FOLDERS = ['dev', HIDDEN_TERMINALS];

/** Classes of programs' sessions. Any other class counts as a person's. */
const NOBODYS: ReadonlySet<string> = new Set([
  'greeter',
  'lock-screen',
  'background',
  'background-light',
  'manager',
  'manager-early',
  'none',
]);

export interface LogindSessionsOptions {
  /** Users whose sessions do not count. */
  readonly ignoreUsers?: readonly string[];
  readonly callTimeoutMs?: number;
  /** Called for each session that could not be told, with the reason. */
  readonly onUntold?: (session: Session, reason: string) => void;
}

export class LogindSessions implements Sessions {
  readonly #logind: Logind;
  readonly #root: string;
  readonly #ignoreUsers: ReadonlySet<string>;
  readonly #onUntold: (session: Session, reason: string) => void;

  /** `root`: prefix of the override file and of the terminals. */
  constructor(bus: SystemBus, root: string, options: LogindSessionsOptions = {}) {
    this.#logind = new Logind(bus, options.callTimeoutMs);
    this.#root = root;
    this.#ignoreUsers = new Set(options.ignoreUsers);
    this.#onUntold = options.onUntold ?? (() => undefined);
  }

  async list(signal: AbortSignal): Promise<readonly Session[]> {
    if (await exists(path.join(this.#root, OVERRIDE_FILE))) {
      return [];
    }
    const rows = (await this.#logind.list('ListSessions', 'a(susso)', signal)) ?? [];
    if (rows.length > MOST_SESSIONS) {
      throw malformed(`there must be at most ${MOST_SESSIONS} sessions, got ${rows.length}`);
    }
    const sessions: Session[] = [];
    for (const [, , , , object] of rows) {
      if (typeof object !== 'string') {
        throw malformed('a session must have an object path');
      }
      const properties = await this.#logind.properties(object, SESSION_INTERFACE, signal);
      const session = properties === undefined ? undefined : readSession(object, properties);
      if (session !== undefined && !this.#ignoreUsers.has(session.user)) {
        sessions.push(session);
      }
    }
    return sessions;
  }

  async broadcast(sessions: readonly Session[], text: string): Promise<void> {
    const untold = sessions.filter(({ tty }) => !TERMINAL.test(tty));
    for (const session of untold) {
      // For example the session of a web console, whose terminal logind calls "web console".
      this.#onUntold(session, NO_TERMINAL);
    }
    // One message for each terminal, even if several sessions share it.
    const byTerminal = new Map(sessions.map((session) => [session.tty, session]));
    for (const { tty } of untold) {
      byTerminal.delete(tty);
    }
    await Promise.all([...byTerminal.values()].map((session) => this.#tell(session, text)));
  }

  async #tell(session: Session, text: string): Promise<void> {
    try {
      const file = await openTerminal(this.#root, session.tty);
      try {
        if (!(await file.stat()).isCharacterDevice()) {
          throw new Error(NO_TERMINAL);
        }
        await file.write(text);
      } finally {
        await file.close();
      }
    } catch (error) {
      // The user has logged out since, or the terminal is full or not ours. None of it may hold the agent.
      this.#onUntold(session, messageOf(error));
    }
  }
}

/** Undefined: the session has no terminal, is a program's, or is about to end. */
function readSession(object: string, properties: LogindProperties): Session | undefined {
  const text = (key: string): string => {
    const variant = properties.get(key);
    // Object paths and signatures decode to strings as well.
    const value = variant instanceof Variant && variant.signature === 's' ? variant.value : undefined;
    if (typeof value === 'string') {
      return value;
    }
    throw malformed(`${object} must have a property ${key} of type s`);
  };
  const session = { user: text('Name'), tty: text('TTY') };
  const counts = !NOBODYS.has(text('Class')) && text('State') !== 'closing';
  return counts && session.tty !== '' ? session : undefined;
}

const NO_TERMINAL = 'it is no terminal that can be written to';

/** The names that kernel and logind give to terminals: `tty1`, `pts/0`, `ttyS0`. */
const TERMINAL = /^[A-Za-z0-9_]+(\/[A-Za-z0-9_]+)?$/;

/** Without O_NONBLOCK, a terminal that flow control has stopped would hold the write without end. */
export const TERMINAL_FLAGS: number = constants.O_WRONLY | constants.O_NOCTTY | constants.O_NONBLOCK;

async function openTerminal(root: string, tty: string): Promise<FileHandle> {
  let missing: unknown;
  for (const folder of TERMINAL_FOLDERS) {
    try {
      return await open(path.join(root, folder, tty), TERMINAL_FLAGS);
    } catch (error) {
      if (!isMissing(error)) {
        throw error;
      }
      missing ??= error;
    }
  }
  throw missing;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    // Stryker disable next-line ArrowFunction: the caller asks for no more than a truth.
    () => false,
  );
}
