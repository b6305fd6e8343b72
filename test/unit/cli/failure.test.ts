import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { REQUEST_ERRORS } from '../../../src/agent/requests.ts';
import { EXIT, type ExitName } from '../../../src/cli/exit-codes.ts';
import { failureOf, NoAgent, resultFailure } from '../../../src/cli/failure.ts';
import { sudoLine } from '../../../src/cli/sudo-line.ts';
import { BUS_ERROR_KINDS, BusError, CancelledError } from '../../../src/errors.ts';

const SUDO = 'sudo zincati check';
const remote = (errorName: string, remoteText = 'why'): BusError =>
  new BusError('bus_remote_error', `cannot call: ${remoteText}`, { errorName, remoteText });
const NO_RESULT = { request: undefined, changed: false, gates: [], release: undefined, cancelled: [] };

describe('an answer of the bus', () => {
  it.each<[string, ExitName, string]>([
    ['org.coreos.zincati.Error.Blocked', 'blocked', 'why'],
    ['org.coreos.zincati.Error.NoUpdate', 'nothing', 'why'],
    ['org.coreos.zincati.Error.Busy', 'blocked', 'why'],
    ['org.coreos.zincati.Error.SomethingNew', 'failure', 'why'],
    ['org.freedesktop.DBus.Error.AccessDenied', 'notPermitted', 'you are not permitted to do this'],
    [
      'org.freedesktop.DBus.Error.InteractiveAuthorizationRequired',
      'notPermitted',
      'you are not permitted to do this',
    ],
    ['org.freedesktop.DBus.Error.ServiceUnknown', 'noAgent', 'the agent does not run'],
    ['org.freedesktop.DBus.Error.NoReply', 'noAgent', 'the agent ended before it had answered'],
    [
      'org.freedesktop.DBus.Error.UnknownMethod',
      'noAgent',
      'the agent that runs does not know this request: it has another version',
    ],
    ['org.freedesktop.DBus.Error.InvalidArgs', 'failure', 'why'],
  ])('%s', (name, exit, text) => {
    const failure = failureOf(remote(name), SUDO);
    expect([failure.exit, failure.message]).toEqual([exit, text]);
  });

  it('leaves it to the text what there are too many of', () => {
    const jobs = failureOf(remote('org.coreos.zincati.Error.LimitsExceeded'), SUDO);
    expect(jobs).toMatchObject({ exit: 'failure', todo: undefined });
    const calls = failureOf(remote('org.freedesktop.DBus.Error.LimitsExceeded'), SUDO);
    expect(calls).toMatchObject({ exit: 'failure', todo: 'try again in a moment' });
  });

  it('has one exit code, whatever its kind', () => {
    for (const kind of BUS_ERROR_KINDS) {
      expect(Object.keys(EXIT)).toContain(failureOf(new BusError(kind, 'text'), SUDO).exit);
    }
  });

  it('says what may do it, to everybody but root', () => {
    const denied = remote('org.freedesktop.DBus.Error.AccessDenied');
    expect(failureOf(denied, SUDO).todo).toBe(SUDO);
    expect(failureOf(denied, undefined).todo).toBeUndefined();
  });

  it('an agent that is not there is told apart, since systemd knows more', () => {
    expect(failureOf(remote('org.freedesktop.DBus.Error.NameHasNoOwner'), SUDO)).toBeInstanceOf(NoAgent);
  });

  it('a wait that was given up, and a bug', () => {
    expect(failureOf(new CancelledError('over'), SUDO).exit).toBe('gaveUp');
    expect(failureOf(new Error('a\nb\u001b'), SUDO)).toMatchObject({ exit: 'failure', message: 'a b\uFFFD' });
  });
});

it('every error of a request has an exit code, and a row in docs/errors.md', () => {
  const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
  for (const error of REQUEST_ERRORS) {
    const { exit } = resultFailure({ ...NO_RESULT, error, text: 'text' });
    // A command can have a code of its own for it, after that of all others.
    expect(page).toMatch(new RegExp(`^\\| \`${error}\` \\| ${EXIT[exit]}(?:; [^|]+)? \\|`, 'm'));
  }
});

describe('the line for root', () => {
  it('can be pasted into a shell', () => {
    expect(sudoLine(['hold', '--for', '2d 12h', '--reason', "it's $HOME"])).toBe(
      String.raw`sudo zincati hold --for '2d 12h' --reason 'it'\''s $HOME'`,
    );
    expect(sudoLine(['deny', 'sha256:ab', ''])).toBe("sudo zincati deny sha256:ab ''");
  });

  it('has no word that does not look like what it is', () => {
    expect(sudoLine(['hold', '--reason', 'a\u202eb'])).toBe('sudo zincati');
  });
});
