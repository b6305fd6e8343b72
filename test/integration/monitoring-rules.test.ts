/** monitoring/ as promtool and systemd read it. */
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { PROGRAM_LIMIT_MS } from '../support/limits.ts';
import { ALERT_TESTS, ALERTS_FILE, MONITORING, readAlerts } from '../support/monitoring-files.ts';

const run = promisify(execFile);
const PROMTOOL = '/usr/bin/promtool';
const promtool = (...args: string[]) =>
  run(PROMTOOL, args, { cwd: MONITORING, timeout: PROGRAM_LIMIT_MS, maxBuffer: 10e6 });

describe('promtool', () => {
  it('finds no fault in the rules', async () => {
    const { stdout } = await promtool('check', 'rules', ALERTS_FILE);
    expect(stdout).toContain(`SUCCESS: ${readAlerts().length} rules found`);
  });

  it.each(ALERT_TESTS)('finds that each alert fires, holds still and ends, in %s', async (file) => {
    const { stdout, stderr } = await promtool('test', 'rules', file);
    expect(stdout + stderr).toMatch(/SUCCESS/);
  });

  it('finds no fault in the configuration', async () => {
    const { stdout } = await promtool('check', 'config', 'prometheus.yaml');
    expect(stdout).toMatch(/SUCCESS: 1 rule files found/);
  });
});

describe('systemd', () => {
  const units = globSync('systemd/*', { cwd: MONITORING }).toSorted();

  it('understands the units to the last word', async () => {
    expect(units).toHaveLength(4);
    // For systemd-analyze an unknown key is not a failure, only a line.
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...units], {
      cwd: MONITORING,
    });
    expect(stdout + stderr).toBe('');
  });

  it('finds the exposure of the proxy no more than 1.0', async () => {
    const file = join(MONITORING, 'systemd/zincati-metrics.service');
    await run('systemd-analyze', ['security', '--offline=true', '--threshold=10', file]);
  });
});
