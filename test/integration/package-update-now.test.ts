/**
 * `zincati-update-now` as root, beside users who plant links and hold locks. It runs with a `/run` of its own and a
 * systemctl that plays a part. Needs root.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { PROGRAM_LIMIT_MS } from '../support/limits.ts';

const SCRIPT = join(import.meta.dirname, '../../systemd/zincati-update-now');
const isRoot = process.getuid?.() === 0;
const canRun = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;

/** Answers as the files beside it say, and notes each restart with what root has put down for the agent. */
const SYSTEMCTL = `#!/bin/bash
case $* in
  *ActiveState*) echo active ;;
  *StatusText*) cat "$PART/status" ;;
  is-system-running) cat "$PART/manager" ;;
  'restart zincati.service')
    (cd /run/zincati-update-now && find . -type f ! -name lock | sort | tr '\\n' ' ') >>"$PART/restarts"
    echo >>"$PART/restarts" ;;
  *) exit 1 ;;
esac
`;
const POLLED = 'periodically polling for updates (last checked Thu 2021-08-05 10:48:44 UTC)';
const BEGUN = './config.d/99-update-now.toml ./override-interactive-check';

/** As tmpfiles makes them. `member` is in group zincati, whose folders these are; `target` is a file of root. */
const HOST = `
mount -t tmpfs -o mode=0755 none /run
install -d -m 0775 -o 9001 -g 9001 /run/zincati /run/zincati/config.d
member() { setpriv --reuid=9002 --regid=9002 --groups=9001 "$@"; }
anybody() { setpriv --reuid=9003 --regid=9003 --clear-groups "$@"; }
target=$PART/target
(umask 077; echo secret >"$target")
before=$(stat --format='%a %u %y %s' "$target")
`;

let folder = '';
beforeEach(() => {
  // Others must be able to reach the script, as in /usr/bin.
  folder = mkdtempSync(join(tmpdir(), 'update-now-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/systemctl'), SYSTEMCTL, { mode: 0o755 });
  writeFileSync(join(folder, 'status'), POLLED);
  writeFileSync(join(folder, 'manager'), 'running\n');
  writeFileSync(join(folder, 'restarts'), '');
  spawnSync('install', ['-m', '0755', SCRIPT, join(folder, 'bin/zincati-update-now')]);
  spawnSync('chmod', ['755', folder]);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs bash in a mount namespace of its own, after HOST. */
async function onHost(script: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    'unshare',
    ['--mount', '--propagation', 'private', 'bash', '-euc', `${HOST}${script}`],
    { timeout: PROGRAM_LIMIT_MS, env: { PATH: `${folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, PART: folder } },
  );
  return stdout.trim();
}

/** What root had put down at each restart of the agent. */
const restarts = (): string[] =>
  readFileSync(join(folder, 'restarts'), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.trim());

describe.runIf(canRun)('F1: root touches nothing that others can plant', () => {
  it('works with a folder of its own, and leaves it empty', async () => {
    const left = await onHost(`umask 077; zincati-update-now >&2
      stat --format='%n %a %u' /run/zincati-update-now /run/zincati-update-now/config.d
      find /run -type f ! -name lock`);
    expect(left).toBe('/run/zincati-update-now 755 0\n/run/zincati-update-now/config.d 755 0');
    expect(restarts()).toEqual([BEGUN, '']);
  });

  it.each([
    ['config.d/99-update-now.toml', 'a drop-in'],
    ['override-interactive-check', 'an override'],
  ])('leaves the target of a planted link alone: %s', async (planted) => {
    const after = await onHost(`member ln -s "$target" /run/zincati/${planted}
      zincati-update-now >&2
      [ "$(stat --format='%a %u %y %s' "$target")" = "$before" ] && cat "$target"
      [ -L /run/zincati/${planted} ] && echo kept`);
    expect(after).toBe('secret\nkept');
    expect(restarts()).toEqual([BEGUN, '']);
  });

  it('leaves a folder alone that is planted in the place of config.d', async () => {
    const after = await onHost(`mkdir "$PART/etc"; rmdir /run/zincati/config.d
      member ln -s "$PART/etc" /run/zincati/config.d
      zincati-update-now >&2
      find "$PART/etc" -mindepth 1`);
    expect(after).toBe('');
  });

  it.each([
    ['a link', 'ln -s /run/zincati /run/zincati-update-now'],
    ['of somebody else', 'install -d -m 0755 -o 9002 /run/zincati-update-now'],
    ['open to a group', 'install -d -m 0775 -g 9001 /run/zincati-update-now'],
    ['a link inside', 'mkdir /run/zincati-update-now; ln -s /run/zincati/config.d /run/zincati-update-now'],
  ])("goes no further with a folder that is not root's alone: %s", async (_, plant) => {
    const said = await onHost(
      `${plant}; zincati-update-now 2>&1 || echo "status $?"; find /run/zincati -type f`,
    );
    expect(said).toBe(
      'zincati-update-now: cannot go on: /run/zincati-update-now must be a directory of root with mode 0755; remove it and try again\nstatus 1',
    );
    expect(restarts()).toEqual([]);
  });

  it('shows what the agent says without control characters', async () => {
    writeFileSync(join(folder, 'status'), `\x1b]0;evil\x07${POLLED}`);
    expect(await onHost('zincati-update-now')).toBe(`?]0;evil?${POLLED}`);
  });
});

describe.runIf(canRun)('F16: nobody but root can keep root out', () => {
  it('runs while others hold a lock on everything that they can open', async () => {
    await onHost(`zincati-update-now >&2
      for place in "$(command -v zincati-update-now)" /run/zincati-update-now; do
        coproc HOLD { anybody flock --nonblock "$place" sh -c 'echo held; read -r _'; }
        read -r held <&"\${HOLD[0]}"
        zincati-update-now >&2
        echo >&"\${HOLD[1]}"
        wait "$HOLD_PID"
      done
      ! anybody flock --nonblock /run/zincati-update-now/lock true 2>/dev/null`);
    expect(restarts()).toEqual([BEGUN, '', BEGUN, '', BEGUN, '']);
  });

  it('runs once at a time', async () => {
    const said = await onHost(`zincati-update-now >&2
      flock /run/zincati-update-now/lock zincati-update-now 2>&1 || echo "status $?"`);
    expect(said).toBe('zincati-update-now: cannot go on: it is running already\nstatus 1');
  });
});

describe.runIf(canRun)('R6: the agent is not restarted into a shutdown', () => {
  /** Ends the script once it has begun, while the host is in `manager` and the agent says `status`. */
  const endedWith = async (manager: string, status: string): Promise<string[]> => {
    writeFileSync(join(folder, 'status'), 'found update on remote: 1.2');
    await onHost(`zincati-update-now >"$PART/said" & script=$!
      until [ -s "$PART/said" ]; do read -rt 0.05 <> <(:) || true; done
      echo '${status}' >"$PART/status"; echo '${manager}' >"$PART/manager"
      kill -TERM $script; wait $script || [ $? = 143 ]
      find /run/zincati-update-now -type f ! -name lock`);
    return restarts();
  };

  it.each([
    ['the host goes down', 'stopping', 'update staged: 1.2'],
    ['systemd is gone', '', 'update staged: 1.2'],
    ['the reboot was asked for', 'running', 'update finalized: 1.2'],
    ['the reboot is awaited', 'degraded', 'update applied, waiting for reboot: 1.2'],
  ])('when it is ended while %s', async (_, manager, status) => {
    expect(await endedWith(manager, status)).toEqual([BEGUN]);
  });

  it('but when it is ended on a host that stays up', async () => {
    expect(await endedWith('degraded', 'update staged: 1.2')).toEqual([BEGUN, '']);
  });
});
