/**
 * People who are logged in, as logind says over D-Bus, and messages to their terminals.
 *
 * Invariants:
 * - What logind says is parsed, never trusted.
 * - A host without a login manager has nobody logged in.
 * - A login manager that cannot be asked, or answers nonsense, is an error. The caller then waits as if somebody were
 *   there.
 * - A terminal that takes no more output never blocks.
 * - Whoever is logged in over ssh counts, also where logind does not know the terminal; see ssh-terminals.ts.
 * - Whoever counts and cannot be told is reported, also if the session has no terminal of the kernel's.
 */
import { constants } from 'node:fs';
import { access, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

import type { Session, Sessions } from '../agent/ports.ts';
import { type SystemBus, Variant } from '../dbus/types.ts';
import { messageOf } from '../errors.ts';
import { isMissing } from '../files/error-code.ts';
import { hasUtmp, terminalsOf } from './ssh-terminals.ts';
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
    const people: Person[] = [];
    for (const [, uid, , , object] of rows) {
      if (typeof object !== 'string' || typeof uid !== 'number') {
        throw malformed('a session must have an object path and a user');
      }
      const properties = await this.#logind.properties(object, SESSION_INTERFACE, signal);
      const person = properties === undefined ? undefined : readPerson(object, uid, properties);
      if (person !== undefined && !this.#ignoreUsers.has(person.user)) {
        people.push(person);
      }
    }
    return this.#atTerminals(people);
  }

  /** Those who sit at a terminal. Whoever comes over ssh may sit at one of which logind does not know. */
  async #atTerminals(people: readonly Person[]): Promise<readonly Session[]> {
    const taken = new Set(people.map(({ tty }) => tty));
    const isKnown = people.some(isOverSsh) && (await hasUtmp(this.#root));
    const sessions: Session[] = [];
    for (const person of people) {
      const { user } = person;
      if (person.tty !== '') {
        sessions.push({ user, tty: person.tty });
        continue;
      }
      if (!isOverSsh(person) || isKnown) {
        continue;
      }
      const terminals = await terminalsOf(this.#root, person);
      const tty = terminals === undefined ? UNTOLD : terminals.find((name) => !taken.has(name));
      // Without a terminal of its own it copies files, or runs one command.
      if (tty !== undefined) {
        taken.add(tty);
        sessions.push({ user, tty });
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

/** Of a session that counts, where it has a terminal. */
interface Person {
  readonly user: string;
  readonly uid: number;
  /** Wall clock, milliseconds. Undefined: logind does not say. */
  readonly sinceAt: number | undefined;
  /** Empty: logind knows of none. */
  readonly tty: string;
  readonly isSshd: boolean;
}

function isOverSsh({ tty, isSshd }: Person): boolean {
  return isSshd && tty === '';
}

/** Undefined: the session is a program's, or is about to end. */
function readPerson(object: string, uid: number, properties: LogindProperties): Person | undefined {
  const text = (key: string): string => {
    const variant = properties.get(key);
    // Object paths and signatures decode to strings as well.
    const value = variant instanceof Variant && variant.signature === 's' ? variant.value : undefined;
    if (typeof value === 'string') {
      return value;
    }
    throw malformed(`${object} must have a property ${key} of type s`);
  };
  const sinceAt = sinceOf(properties);
  const person = { user: text('Name'), uid, sinceAt, tty: text('TTY'), isSshd: isOfSshd(properties) };
  const counts = !NOBODYS.has(text('Class')) && text('State') !== 'closing';
  return counts ? person : undefined;
}

/** logind has microseconds. */
function sinceOf(properties: LogindProperties): number | undefined {
  const variant = properties.get('Timestamp');
  const value = variant instanceof Variant && variant.signature === 't' ? Number(variant.value) / 1000 : 0;
  return value > 0 ? value : undefined;
}

/** What does not say so is none. */
function isOfSshd(properties: LogindProperties): boolean {
  const [service, type, isRemote] = ['Service', 'Type', 'Remote'].map((key) => {
    const variant = properties.get(key);
    return variant instanceof Variant ? variant.value : undefined;
  });
  return service === 'sshd' && type === 'tty' && isRemote === true;
}

/** In the place of a terminal's name, as logind itself has "web console". */
const UNTOLD = 'an unknown terminal';

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
