/** Settings as the agent uses them: units, defaults, and that nobody can change them. */
import { expect, it } from 'vitest';

import { readFragment } from '../../../src/config/fragment.ts';
import { mergeFragments } from '../../../src/config/merge.ts';
import { resolveSettings } from '../../../src/config/resolve-settings.ts';
import { parseToml } from '../../../src/config/toml.ts';

const settingsOf = (text: string) =>
  resolveSettings(mergeFragments([readFragment(parseToml(Buffer.from(text), 'f'), 'f')])).settings;

it('settings are in milliseconds where they are durations', () => {
  const { timing, updates, metrics } = settingsOf(`
    metrics.listen = "127.0.0.1:9100"
    [agent.timing]
    steady_interval_secs = 400
    retry_interval_secs = 301
    reboot_overdue_secs = 600
    transaction_stall_secs = 700
    [updates]
    fleet_lock.timeout_secs = 20
    reboot.min_uptime_minutes = 3
    reboot.first_boot_grace_minutes = 4
    sessions.grace_minutes = 5
  `);
  expect(timing).toEqual({
    steadyIntervalMs: 400_000,
    retryIntervalMs: 301_000,
    rebootOverdueMs: 600_000,
    transactionStallMs: 700_000,
    jitter: true,
  });
  expect(updates.fleetLock.timeoutMs).toBe(20_000);
  expect(updates.reboot).toEqual({ minUptimeMs: 180_000, firstBootGraceMs: 240_000 });
  // As long as the grace, where nothing else is said.
  expect(updates.sessions).toMatchObject({ graceMinutes: 5, maxDelayMinutes: 5 });
  expect(metrics.listen).toEqual(settingsOf('metrics.listen = "127.0.0.1:9100"').metrics.listen);
  expect(metrics.listen).not.toEqual(settingsOf('').metrics.listen);
});

it('settings are frozen down to their last part', () => {
  const settings = settingsOf(
    '[[updates.periodic.freeze]]\nfrom = 2026-12-20\nuntil = 2026-12-27\nreason = "x"\n',
  );
  const parts: unknown[] = [settings];
  for (const part of parts) {
    expect(Object.isFrozen(part)).toBe(true);
    const own: readonly unknown[] = Object.values(part ?? {});
    parts.push(...own.filter((one) => typeof one === 'object'));
  }
  expect(parts).toContain(settings.updates.periodic.freezes[0]?.until);
});
