/**
 * A private bus with a stand-in for logind (logind.py) that starts on demand, or without one. `close` ends
 * everything.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startPrivateBus } from '../../sandbox/private-bus.ts';
import { SystemBus } from '../../src/dbus/system-bus.ts';

export interface FakeSession {
  readonly id: string;
  readonly uid: number;
  readonly user: string;
  readonly class: string;
  readonly state: string;
  readonly tty: string;
  /** Who opened it. Left out: `sshd` for pseudo terminals, `login` for others. */
  readonly service?: string;
  /** Left out: those at pseudo terminals. */
  readonly remote?: boolean;
  /** The session is listed, but gone when somebody asks for it. */
  readonly gone?: boolean;
}

export type FakeAnswer =
  | { readonly error: string; readonly text?: string }
  | { readonly signature: string; readonly text: string }
  | { readonly garbage: number }
  | { readonly mangled: number }
  | { readonly hang: true }
  | { readonly die: true };

export interface LogindState {
  readonly sessions?: readonly FakeSession[];
  readonly inhibitors?: readonly (readonly [string, string, string, string, number, number])[];
  readonly answers?: Readonly<Partial<Record<'ListSessions' | 'ListInhibitors' | 'GetAll', FakeAnswer>>>;
}

export interface FakeLogind {
  readonly root: string;
  readonly bus: SystemBus;
  /** Sets what it answers from now on. */
  set(state: LogindState): void;
  close(): Promise<void>;
}

const PROGRAM = join(import.meta.dirname, 'logind.py');

/** `'none'` means a bus without a login manager. */
export async function startFakeLogind(state: LogindState | 'none'): Promise<FakeLogind> {
  const root = mkdtempSync(join(tmpdir(), 'logind-'));
  const file = join(root, 'state.json');
  const set = (next: LogindState) => writeFileSync(file, JSON.stringify(next));
  const services =
    state === 'none'
      ? []
      : [{ name: 'org.freedesktop.login1', exec: `/usr/bin/python3 "${PROGRAM}" "${file}"` }];
  if (state !== 'none') {
    set(state);
  }
  const privateBus = await startPrivateBus({ directory: root, services });
  const bus = new SystemBus({ address: privateBus.address });
  return {
    root,
    bus,
    set,
    close: async () => {
      await bus.close();
      await privateBus.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function fakeSession(changes: Partial<FakeSession> = {}): FakeSession {
  return { id: '_31', uid: 1000, user: 'core', class: 'user', state: 'active', tty: 'pts/7', ...changes };
}
