/** Windows and freezes of a group, at the built lock server. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { LockdOnHost, run } from '../support/lockd-on-host.ts';

const WORKERS = '[[group]]\nname = "workers"\nslots = 2\n';

let lockd: LockdOnHost;
beforeEach(async () => {
  lockd = await LockdOnHost.create();
});
afterEach(() => lockd[Symbol.asyncDispose]());

/** In force for some minutes, of which the last second is a whole one. */
function freeze(minutes: number): { readonly toml: string; readonly untilAt: number } {
  const untilAt = Math.ceil(Date.now() / 1000) * 1000 + minutes * 60_000;
  const written = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    toml: `[[group.freeze]]\nfrom = 2020-01-01\nuntil = ${written(untilAt)}\nreason = "release week"\n`,
    untilAt,
  };
}

describe('a group that is frozen', () => {
  it('lends nothing new until then, keeps holders, takes slots back, and says when it opens', async () => {
    await lockd.configure(WORKERS);
    await lockd.start();
    expect(await lockd.ask('pre-reboot', 'a')).toMatchObject({ status: 200 });
    const frozen = freeze(20);
    await lockd.configure(WORKERS + frozen.toml);
    lockd.signal('SIGHUP');
    await lockd.line('configuration read again');

    const leftSecs = (frozen.untilAt - Date.now()) / 1000;
    const refused = await lockd.ask('pre-reboot', 'b');
    expect(refused).toMatchObject({ status: 423, kind: 'group_closed' });
    expect(Number(refused.retryAfter)).toBeLessThanOrEqual(Math.ceil(leftSecs));
    expect(Number(refused.retryAfter)).toBeGreaterThan(leftSecs - 60);
    expect(await lockd.ask('pre-reboot', 'a')).toMatchObject({ status: 200 });
    const opens = new Date(frozen.untilAt).toISOString().replace('.000', '');
    await lockd.line(`group workers is closed until ${opens}; it is frozen: release week`);
    const { stdout } = await run('locks', 'list', ...lockd.socket);
    expect(stdout).toContain(`  closed, opens ${opens}, in `);
    expect(stdout).toContain('; frozen: release week\n');
    expect(await lockd.metric('zincati_lockd_closed')).toBe('zincati_lockd_closed{group="workers"} 1');

    expect(await lockd.ask('steady-state', 'a')).toMatchObject({ status: 200 });
    expect(await lockd.ask('pre-reboot', 'a')).toMatchObject({ status: 423, kind: 'group_closed' });
    await lockd.configure(WORKERS);
    lockd.signal('SIGHUP');
    await lockd.line('configuration read again', 2);
    expect(await lockd.ask('pre-reboot', 'a')).toMatchObject({ status: 200 });
  });

  it('for long has nodes ask again within an hour', async () => {
    await lockd.configure(WORKERS + freeze(60 * 24 * 30).toml);
    await lockd.start();
    expect(await lockd.ask('pre-reboot', 'a')).toEqual({
      status: 423,
      kind: 'group_closed',
      retryAfter: '3600',
    });
  });
});

describe('lockd check', () => {
  it('tells what is wrong with windows, and what can hardly be meant', async () => {
    await lockd.configure(`${WORKERS}[[group.window]]\ndays = ["Someday"]\n`);
    const { code, stderr } = await run('lockd', 'check', lockd.at('lockd.toml'));
    expect(code).toBe(78);
    expect(stderr).toContain('group[0].window[0].days[0] must be a weekday');
    expect(stderr).toContain('group[0].window[0].start_time must be given');
    await lockd.configure(
      `${WORKERS}[[group.freeze]]\nfrom = 2020-01-01\nuntil = 2020-01-02\nreason = "long ago"\n`,
    );
    const past = await run('lockd', 'check', lockd.at('lockd.toml'));
    expect(past.code).toBe(0);
    expect(past.stderr).toContain('warning: group[0].freeze[0] (long ago) ended on 2020-01-02');
  });
});
