import { describe, expect, it } from 'vitest';

import { describeAbsence, type UnitFacts } from '../../../src/cli/absent-agent.ts';

const NOTHING: UnitFacts = {
  activeState: undefined,
  subState: undefined,
  result: undefined,
  execMainStatus: undefined,
  statusText: undefined,
  fileState: undefined,
  trouble: undefined,
};

describe('why the agent does not answer', () => {
  it.each<[string, Partial<UnitFacts>, string, string]>([
    [
      'systemd cannot be asked',
      { trouble: 'no bus' },
      'the agent cannot be reached, and neither can systemd: no bus',
      'systemctl status zincati.service',
    ],
    [
      'masked',
      { activeState: 'inactive', fileState: 'masked' },
      'the agent does not run: zincati.service is masked',
      'sudo systemctl unmask zincati.service && sudo systemctl enable --now zincati.service',
    ],
    [
      'a configuration that cannot be used',
      { activeState: 'failed', result: 'exit-code', execMainStatus: 78, fileState: 'enabled' },
      'the agent does not run: zincati.service failed (exit-code, status 78)',
      'correct the configuration as `journalctl -u zincati.service -b -p err` says, then `sudo systemctl restart zincati.service`',
    ],
    [
      'failed otherwise, with last words',
      { activeState: 'failed', result: 'watchdog', statusText: 'polling', fileState: 'enabled' },
      'the agent does not run: zincati.service failed (watchdog); its last words: polling',
      '`journalctl -u zincati.service -b` says why; then `sudo systemctl restart zincati.service`',
    ],
    [
      'between two starts',
      { activeState: 'activating', subState: 'auto-restart', result: 'exit-code', execMainStatus: 1 },
      'the agent does not run yet: zincati.service ended, and is started again soon (exit-code, status 1)',
      '`journalctl -u zincati.service -b` has its log',
    ],
    [
      'starting',
      { activeState: 'activating', subState: 'start', result: 'success' },
      'the agent does not run yet: zincati.service is being started',
      '`journalctl -u zincati.service -b` has its log',
    ],
    [
      'up, without its name',
      { activeState: 'active', result: 'success', statusText: 'initialization complete' },
      'zincati.service runs, and is not on the bus; its last words: initialization complete',
      '`journalctl -u zincati.service -b -p warning` says why',
    ],
    [
      'being stopped',
      { activeState: 'deactivating' },
      'the agent is being stopped',
      'systemctl status zincati.service',
    ],
    [
      'not started',
      { activeState: 'inactive', result: 'success', fileState: 'enabled' },
      'the agent does not run: zincati.service is not started, and is enabled',
      'sudo systemctl start zincati.service',
    ],
    [
      'not loaded and disabled',
      { fileState: 'disabled' },
      'the agent does not run: zincati.service is not started, and is disabled',
      'sudo systemctl enable --now zincati.service',
    ],
    [
      'no such unit',
      {},
      'the agent does not run: this host has no zincati.service',
      'install the package, or ask systemd: `systemctl status zincati.service`',
    ],
  ])('%s', (_, facts, text, todo) => {
    expect(describeAbsence({ ...NOTHING, ...facts })).toEqual({ text, todo });
  });
});
